#!/bin/sh
# Compiles the C kernels: build.sh OUTPUT_DIR puts libtactus-kernels.so there.
#
# CC chooses the compiler (default gcc), CFLAGS replaces -Werror. A machine that cannot compile them is told so in one
# line and gets no library, which is no error: the Java kernels do the same work.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
output=$1
library=$output/libtactus-kernels.so
cc=${CC:-gcc}

warnings="-Wall -Wextra -Wno-psabi ${CFLAGS--Werror}"
common="-std=gnu11 -O3 $warnings -ffp-contract=off -fno-math-errno -fPIC -fvisibility=hidden"
avx2="-mavx2 -mfma -mf16c"
avx512="$avx2 -mavx512f -mavx512bw -mavx512dq -mavx512vl"
vnni="$avx512 -mavx512vnni"
bf16="$vnni -mavx512bf16"
amx="$bf16 -mamx-tile -mamx-bf16 -mamx-int8"

without() {
    # what an earlier build left would not be that of these sources
    rm -f "$library"
    echo "tactus: no C kernels: $1; the Java kernels are used"
    exit 0
}

is_fresh() {
    [ -f "$library" ] && [ -z "$(find "$here" \( -name '*.[ch]' -o -name build.sh \) -newer "$library")" ]
}

# unit SOURCE TABLE FLAGS...: compiles in the background; as many at a time as there are processors
unit() {
    source=$1 table=$2
    shift 2
    # shellcheck disable=SC2086 # flags are words
    "$cc" $common "$@" ${table:+-DTACTUS_TABLE="$table"} -c "$here/$source" -o "$objects/$source-$table.o" &
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

case $(uname -s) in
Linux) ;;
*) without "they exist for Linux on x86-64 only" ;;
esac
command -v "$cc" >/dev/null 2>&1 || without "there is no C compiler $cc (install gcc 12 or newer, or set CC)"
case $("$cc" -dumpmachine) in
x86_64*linux*) ;;
*) without "$cc compiles for $("$cc" -dumpmachine), and they exist for Linux on x86-64 only" ;;
esac
! is_fresh || exit 0

objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT
# shellcheck disable=SC2086
echo '#include <immintrin.h>' | "$cc" $common $amx -x c -c - -o "$objects/probe" 2>/dev/null ||
    without "$cc does not know the flags $amx, or has no libc headers (gcc 12 or newer has)"
rm "$objects/probe"

jobs='' running=0
processors=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

# the longest ones first; every unit's flags are those of its table's name
# shellcheck disable=SC2086
{
    unit exact.c tactus_exact_avx2 $avx2
    unit exact.c tactus_exact_avx512 $avx512
    unit gemm.c tactus_gemm_avx2 $avx2
    unit gemm.c tactus_gemm_avx512 $avx512
    unit fast_bf16.c tactus_bf16_avx2 $avx2
    unit fast_bf16.c tactus_bf16_avx512 $avx512
    unit fast_bf16.c tactus_bf16_avx512bf16 $bf16
    unit fast_bf16.c tactus_bf16_amx $amx
    unit fast_int8.c tactus_int8_avx2 $avx2
    unit fast_int8.c tactus_int8_avx512 $avx512
    unit fast_int8.c tactus_int8_vnni $vnni
    unit fast_int8.c tactus_int8_amx $amx
    unit quantize.c '' $avx2
    unit probe.c tactus_probe_avx2 $avx2
    unit probe.c tactus_probe_avx512 $avx512
    unit pass.c '' $avx2
    unit dispatch.c ''
}
finish

mkdir -p "$output"
"$cc" -shared -Wl,-z,defs,-z,relro,-z,now -o "$objects/library" "$objects"/*.o
# the target may be on another file system, and a running process may have mapped the old file
cp "$objects/library" "$library.new"
mv "$library.new" "$library"
