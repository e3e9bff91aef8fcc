#!/bin/sh
# Runs the tests of the C kernels under the address and undefined-behaviour sanitizers: run.sh [STAMP]
#
# One line per test and a closing line; what a failing test says stands before its line. CC chooses the compiler
# (default gcc). A machine that cannot run them is told so in one line, which is no failure. With STAMP, a file, nothing
# is run when all tests have passed since the sources were last changed; it is touched when they do.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
main=$here/../../main/c
stamp=${1:-}
cc=${CC:-gcc}

# -g1: lines for the sanitizers' reports; with full debug information and a thorough register allocation, or with
# checks of memory in line and of variables that leave their scope, the tests take twice as long
quick="-O1 -g1 -fira-region=one -fira-algorithm=priority -fno-sanitize-address-use-after-scope
    --param asan-instrumentation-with-call-threshold=200"
flags="-std=gnu11 $quick -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra -Wno-psabi
    ${CFLAGS--Werror} -ffp-contract=off -fno-math-errno -mavx2 -mfma -mf16c -I$main -I$here"
# leaks are looked for by tracing the process, which containers forbid
export ASAN_OPTIONS=detect_leaks=0

skip() {
    echo "tactus: C tests skipped: $1"
    exit 0
}

is_fresh() {
    [ -f "$stamp" ] && [ -z "$(find "$main" "$here" \( -name '*.[ch]' -o -name '*.sh' \) -newer "$stamp")" ]
}

# compile OUTPUT ARGUMENTS...
compile() {
    target=$1
    shift
    # shellcheck disable=SC2086 # flags are words
    "$cc" $flags -o "$target" "$@"
}

# job NAME COMMAND...: in the background, as many at a time as there are processors; leaves NAME.log, and NAME.ok
job() {
    name=$1
    shift
    read -r _ <&3
    {
        start=$(date +%s)
        if "$@" >"$work/$name.log" 2>&1; then
            touch "$work/$name.ok"
        fi
        echo $(($(date +%s) - start)) >"$work/$name.seconds"
        echo >&3
    } &
    jobs="$jobs $name"
}

exact_and_pass() {
    compile "$work/exact.o" -DTACTUS_TABLE=tactus_exact_avx2 -c "$main/exact.c" &&
        compile "$work/exact" -DTACTUS_TABLE_UNDER_TEST=tactus_exact_avx2 "$here/exact_test.c" "$work/exact.o" -lm &&
        "$work/exact" &&
        compile "$work/bf16.o" -DTACTUS_TABLE=tactus_bf16_avx2 -c "$main/fast_bf16.c" &&
        compile "$work/int8.o" -DTACTUS_TABLE=tactus_int8_avx2 -c "$main/fast_int8.c" &&
        compile "$work/pass" "$here/pass_test.c" "$main/pass.c" "$main/quantize.c" "$work/exact.o" "$work/bf16.o" \
            "$work/int8.o" -lm -lpthread &&
        "$work/pass"
}

exact_wide() {
    compile "$work/exact_wide" -DTACTUS_WIDE -DTACTUS_TABLE=tactus_exact_avx2 \
        -DTACTUS_TABLE_UNDER_TEST=tactus_exact_avx2 "$here/exact_test.c" "$main/exact.c" -lm && "$work/exact_wide"
}

# gemm NAME FLAGS...
gemm() {
    binary=$work/$1
    shift
    compile "$binary" "$@" -DTACTUS_TABLE=tactus_gemm_avx2 "$here/gemm_test.c" "$main/gemm.c" -lm && "$binary"
}

# vocoder NAME FLAGS...
vocoder() {
    binary=$work/$1
    shift
    compile "$binary" "$@" "$here/vocoder_test.c" -lm && "$binary"
}

# fast KIND SOURCE TABLE FLAGS...: instruction sets that a machine may lack are loops of soft_isa.h
fast() {
    kind=$1 source=$2 table=$3
    shift 3
    compile "$work/$table" "$@" -DTACTUS_TEST_KIND="$kind" -DTACTUS_TABLE="$table" \
        -DTACTUS_TABLE_UNDER_TEST="$table" "$here/fast_test.c" "$main/quantize.c" "$main/$source" -lm &&
        "$work/$table"
}

[ "$(uname -s)" = Linux ] || skip "the kernels exist for Linux on x86-64 only"
command -v "$cc" >/dev/null 2>&1 || skip "there is no C compiler $cc (install gcc 12 or newer, or set CC)"
case $("$cc" -dumpmachine) in
x86_64*linux*) ;;
*) skip "$cc compiles for $("$cc" -dumpmachine), and the kernels exist for Linux on x86-64 only" ;;
esac
if [ -n "$stamp" ] && is_fresh; then
    echo "tactus: C tests: unchanged since they passed"
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$work/began" # the stamp's time: a source that changes from now on is untested
cat >"$work/probe.c" <<'PROBE'
#include <immintrin.h>
#include <stdlib.h>
int main(void) {
    free(malloc(1));
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 0 : 3;
}
PROBE
compile "$work/probe" "$work/probe.c" >/dev/null 2>&1 ||
    skip "$cc cannot link -fsanitize=address,undefined (install its sanitizer runtimes: libasan, libubsan)"
status=0
"$work/probe" >/dev/null 2>&1 || status=$?
case $status in
0) ;;
3) skip "this CPU has no AVX2 and FMA" ;;
*) skip "a program with sanitizers does not start here (a limit on virtual memory?)" ;;
esac

# a token per processor: who starts a job takes one, who ends it puts it back
mkfifo "$work/tokens"
exec 3<>"$work/tokens"
for _ in $(seq "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)"); do
    echo >&3
done

jobs=''
began=$(date +%s)
soft="-include $here/soft_isa.h"
int8="fast TACTUS_FAST_INT8 fast_int8.c"
bf16="fast TACTUS_FAST_BF16 fast_bf16.c"
# the longest ones first
# shellcheck disable=SC2086
{
    job exact-avx2,pass exact_and_pass
    job exact-wide exact_wide
    job gemm-wide gemm gemm-wide -DTACTUS_WIDE
    job gemm-avx2 gemm gemm-avx2
    job bf16-amx $bf16 tactus_bf16_amx $soft -DTACTUS_SOFT_AMX
    job int8-amx $int8 tactus_int8_amx $soft -DTACTUS_SOFT_AMX
    job int8-avx512 $int8 tactus_int8_avx512 $soft -DTACTUS_SOFT_AVX512
    job bf16-avx512 $bf16 tactus_bf16_avx512 $soft -DTACTUS_SOFT_AVX512
    job int8-vnni $int8 tactus_int8_vnni $soft -DTACTUS_SOFT_VNNI
    job bf16-avx512bf16 $bf16 tactus_bf16_avx512bf16 $soft -DTACTUS_SOFT_BF16
    job vocoder-avx2 vocoder vocoder-avx2
    job vocoder-wide vocoder vocoder-wide -DTACTUS_WIDE
    job int8-avx2 $int8 tactus_int8_avx2
    job bf16-avx2 $bf16 tactus_bf16_avx2
}
wait

failed=0 passed=0
for name in $jobs; do
    if [ -f "$work/$name.ok" ]; then
        passed=$((passed + 1))
        echo "C test $name: passed ($(cat "$work/$name.seconds") s)"
    else
        failed=$((failed + 1))
        cat "$work/$name.log"
        echo "C test $name: FAILED"
    fi
done
echo "tactus: C tests: $passed passed, $failed failed, under address and undefined-behaviour sanitizers," \
    "$(($(date +%s) - began)) s"
[ "$failed" -eq 0 ] || exit 1
if [ -n "$stamp" ]; then
    mkdir -p "$(dirname "$stamp")"
    touch -r "$work/began" "$stamp"
fi
