#!/bin/sh
# Builds softcuda, the software CUDA driver of the tests, and libraries of kernels for it.
#
#   build.sh OUT                               OUT/libcuda.so.1 and OUT/softcuda-replay
#   build.sh --kernels NAME OUT FILE.cu...     OUT/libNAME-soft.so: the kernels for a host compiler
#   build.sh --thread-sanitizer OUT            OUT/softcuda-replay-tsan
#   build.sh --thread-sanitizer --kernels NAME OUT FILE.cu...   OUT/libNAME-tsan.so, for softcuda-replay-tsan
#
# What is newer than everything it is made of is left as it is. CXX chooses the compiler (default g++), CXXFLAGS
# replaces -Werror, OPTIMIZE the -O2 of kernels. A machine that cannot build is told so in one line, gets no files, and
# that is no error: the tests that need them are skipped. CUDA headers are not needed; where nvcc or CUDA_HOME has them,
# our declarations are compared with them.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cxx=${CXX:-g++}
tsan='' name=''
while :; do
    case ${1:-} in
    --thread-sanitizer) tsan=yes && shift ;;
    --kernels) name=$2 && shift 2 ;;
    *) break ;;
    esac
done
output=$1
shift

if [ -n "$name" ]; then
    targets=$output/lib$name-soft.so
    [ -z "$tsan" ] || targets=$output/lib$name-tsan.so
elif [ -n "$tsan" ]; then
    targets=$output/softcuda-replay-tsan
else
    targets="$output/libcuda.so.1 $output/softcuda-replay"
fi
depends=$output/.$(basename "${targets%% *}").depends

without() {
    # what an earlier build left would not be that of these sources
    # shellcheck disable=SC2086 # several words
    rm -f $targets "$depends"
    echo "tactus: no softcuda: $1; tests of the GPU path are skipped"
    exit 0
}

# The targets are there, were made for the same arguments, and nothing that they are made of is newer.
is_fresh() {
    [ -f "$depends" ] && [ "$(head -n 1 "$depends")" = "$arguments" ] || return 1
    for target in $targets; do
        [ -f "$target" ] || return 1
        for part in $(tail -n +2 "$depends"); do
            [ -e "$part" ] && ! [ "$part" -nt "$target" ] || return 1
        done
    done
}

# compile OBJECT SOURCE FLAGS...: in the background, as many at a time as there are processors
compile() {
    object=$objects/$1.o source=$2
    shift 2
    # shellcheck disable=SC2086 # flags are words
    "$cxx" $common "$@" -MMD -MF "$object.d" -c "$source" -o "$object" &
    jobs="$jobs $!"
    running=$((running + 1))
    [ "$running" -lt "$processors" ] || finish
}

finish() {
    for job in $jobs; do
        wait "$job"
    done
    jobs='' running=0
}

# publish FILE...: the target may be on another file system, and a running process may have mapped the old file
publish() {
    mkdir -p "$output"
    for file in "$@"; do
        cp "$objects/$file" "$output/$file.new.$$"
        mv "$output/$file.new.$$" "$output/$file"
    done
    {
        echo "$arguments"
        echo "$here/build.sh"
        [ -n "$name" ] || printf '%s\n' "$here/driver" "$here/runtime"
        cat "$objects"/*.d | sed -e 's/^[^:]*://' -e 's/\\$//' | tr -s ' ' '\n' | sort -u |
            grep -v -e "^$objects" -e '^$'
    } >"$depends.$$"
    mv "$depends.$$" "$depends"
}

# whole FOLDER FLAGS...: all sources of a folder as one unit, since most of their cost is the headers that they share
whole() {
    folder=$1
    shift
    for source in "$here/$folder"/*.cpp; do
        case $source in
        */cuda_check.cpp) ;;
        *) echo "#include \"$source\"" ;;
        esac
    done >"$objects/$folder.cpp"
    compile "$folder" "$objects/$folder.cpp" "$@"
}

arguments="$cxx ${CXXFLAGS--Werror} ${OPTIMIZE:-} $*"
[ "$(uname -s)" = Linux ] || without "it exists for Linux only"
command -v "$cxx" >/dev/null 2>&1 || without "there is no C++ compiler $cxx (install g++ 12 or newer, or set CXX)"
! is_fresh || exit 0

objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT
jobs='' running=0
processors=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
warnings="-Wall -Wextra ${CXXFLAGS--Werror}"
common='-std=c++20 -O2 -g1 -fvisibility=hidden -fno-gnu-unique -pthread'
echo '#include <bit>
int main() { return std::bit_cast<int>(0u); }' >"$objects/probe.cpp"
# shellcheck disable=SC2086
"$cxx" $common -c "$objects/probe.cpp" -o "$objects/probe" 2>/dev/null ||
    without "$cxx does not know C++20, or has no headers (g++ 12 or newer has)"
if [ -n "$tsan" ]; then
    # shellcheck disable=SC2086
    "$cxx" $common -fsanitize=thread "$objects/probe.cpp" -o "$objects/probe" 2>/dev/null ||
        without "$cxx has no thread sanitizer (libtsan)"
fi
rm -f "$objects/probe" "$objects/probe.cpp"

if [ -n "$name" ]; then
    # the bits are the same with and without these instructions; a call of libm for each fma is slow
    isa=''
    if [ "$(uname -m)" = x86_64 ] && grep -qw fma /proc/cpuinfo && grep -qw avx2 /proc/cpuinfo; then
        isa='-mavx2 -mfma -mf16c -mbmi -mbmi2'
    fi
    flags="${OPTIMIZE:--O2} -ffp-contract=off -fno-strict-aliasing -fno-math-errno $isa -fPIC -I$here
        -Wall -Wno-unknown-pragmas -Wno-unused-function -Wno-unused-variable"
    [ -z "$tsan" ] || flags="$flags -fsanitize=thread"
    number=0
    for file in "$@"; do
        number=$((number + 1))
        # shellcheck disable=SC2086
        compile "$number" "$file" $flags -x c++
    done
    finish
    # shellcheck disable=SC2086
    "$cxx" -shared -pthread ${tsan:+-fsanitize=thread} -o "$objects/$(basename "$targets")" "$objects"/*.o
    publish "$(basename "$targets")"
    exit 0
fi

if [ -n "$tsan" ]; then
    # the runtime itself is not instrumented: it tells the sanitizer what order there is between threads
    # shellcheck disable=SC2086
    {
        whole runtime $warnings -DSOFTCUDA_TSAN
        whole replay $warnings -DSOFTCUDA_TSAN
    }
    finish
    "$cxx" -pthread -fsanitize=thread -o "$objects/softcuda-replay-tsan" "$objects"/*.o -ldl
    publish softcuda-replay-tsan
    exit 0
fi

cuda=${CUDA_HOME:-}
if [ -z "$cuda" ] && command -v nvcc >/dev/null 2>&1; then
    cuda=$(dirname "$(dirname "$(readlink -f "$(command -v nvcc)")")")
fi
if [ -f "$cuda/include/cuda.h" ]; then
    # shellcheck disable=SC2086
    "$cxx" $common -fsyntax-only -I"$cuda/include" "$here/driver/cuda_check.cpp" &
    jobs="$jobs $!"
fi
# shellcheck disable=SC2086
{
    whole driver $warnings -fPIC -O1
    whole runtime $warnings -fPIC
    whole replay $warnings
}
finish
"$cxx" -shared -pthread -Wl,-soname,libcuda.so.1 -Wl,-z,defs -o "$objects/libcuda.so.1" "$objects/runtime.o" \
    "$objects/driver.o" -ldl
"$cxx" -pthread -o "$objects/softcuda-replay" "$objects/runtime.o" "$objects/replay.o" -ldl
publish libcuda.so.1 softcuda-replay
