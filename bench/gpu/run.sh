#!/bin/sh
# Everything that a machine with an NVIDIA GPU can be asked, in one command of less than 9 minutes (--quick: 3):
#
#   python3 -m tarfile -e tactus-gpu.txz . && sh tactus-gpu/bench/gpu/run.sh [--quick] [--softcuda] OUT_DIR
#
# from the pack that pack.sh makes. Needed: the driver, nvcc, g++ and python3; compute-sanitizer and PyTorch for their
# parts. Every step has a time limit and a log, and one that fails does not end the others:
#
#   checks     driver, GPU, compilers
#   suites     the tests of the GPU's modules on the driver: conformance, and the exact class's bits against the CPU's
#   sanitizer  memcheck, racecheck and synccheck over short tests of kernels
#   bench      kernels beside a copy, launches of graphs, ticks of random models, targets (tactus bench gpu)
#   torch      the same ticks in PyTorch with CUDA graphs
#
# OUT_DIR gets gpu-DATE.json (to be committed under bench/results), summary.txt and logs.tgz. Ends with 0 when every
# step passed or had a reason to be left out.
#
# --softcuda builds the software driver of the tests and runs all of it there, to see that the pack is whole: nothing
# has a time then, and the results are called dry-DATE.json.
set -u

home=$(cd "$(dirname "$0")/../.." && pwd)
java=$home/jre/bin/java
started=$(date +%s)

fail() {
    echo "run.sh: $*" >&2
    exit 2
}

quick=
soft=
while [ $# -gt 1 ]; do
    case $1 in
        --quick) quick=--quick ;;
        --softcuda) soft=yes ;;
        *) fail "unknown option $1 (--quick, --softcuda)" ;;
    esac
    shift
done
if [ $# -ne 1 ]; then
    fail "expected the folder for results: run.sh [--quick] [--softcuda] OUT_DIR"
fi
case $1 in
    -*) fail "expected the folder for results behind $1" ;;
esac
mkdir -p "$1" || fail "cannot write to $1"
out=$(cd "$1" && pwd)
[ -x "$java" ] || fail "there is no $java: this is run from what pack.sh packed"

seconds=525
[ -z "$quick" ] || seconds=170
deadline=$((started + ${TACTUS_SECONDS:-$seconds}))

work=$(mktemp -d) || exit 2
logs=$work/logs
mkdir -p "$logs" "$work/reports"
children=
clean_up() {
    for child in $children; do
        kill "$child" 2> /dev/null
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

left() {
    echo $((deadline - $(date +%s)))
}

# note STEP VERDICT SECONDS TEXT
note() {
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >> "$work/steps.tsv"
    printf '%-22s %-8s %4s s  %s\n' "$1" "$2" "$3" "$4" | tee -a "$out/summary.txt"
}

skip() {
    note "$1" skipped 0 "$2"
}

# step NAME LIMIT FOLDER COMMAND...: runs it, at most LIMIT seconds and not beyond the end of all
step() {
    name=$1 limit=$2 folder=$3
    shift 3
    remaining=$(left)
    [ "$limit" -le "$remaining" ] || limit=$remaining
    if [ "$limit" -lt 3 ]; then
        skip "$name" "time was up"
        return
    fi
    from=$(date +%s)
    (cd "$folder" && exec timeout -k 5 "$limit" "$@") > "$logs/$name.log" 2>&1
    code=$?
    took=$(($(date +%s) - from))
    case $code in
        0) note "$name" passed $took "$(tests_of "$name")" ;;
        124 | 137) note "$name" failed $took "ran longer than $limit s" ;;
        *)
            last=$(tail -n 1 "$logs/$name.log" | cut -c 1-160)
            note "$name" failed $took "exit code $code: $(tests_of "$name") $last"
            ;;
    esac
}

# beside STEP...: the same in the background
beside() {
    step "$@" &
    children="$children $!"
}

together() {
    for child in $children; do
        wait "$child"
    done
    children=
}

# What the console launcher says of a suite, in a line.
tests_of() {
    sed -n 's/^\[ *\([0-9]*\) tests \(found\|skipped\|successful\|failed\|aborted\) *\]$/\1 \2/p' "$logs/$1.log" \
        2> /dev/null | sed 's/ found/ tests/' | paste -s -d , - | sed 's/,/, /g'
}

# --- what is here ---

PATH=$PATH:/usr/local/cuda/bin
export PATH
: > "$out/summary.txt"
flags="--enable-native-access=ALL-UNNAMED --add-exports=java.base/jdk.internal.misc=ALL-UNNAMED"
flags="$flags --add-modules=jdk.incubator.vector"
device="-Dtactus.test.device=gpu"
soft_dir=$work/softcuda

if [ -n "$soft" ]; then
    build=$home/native-bindings/src/test/softcuda/build.sh
    step softcuda 240 "$home" sh -c "sh '$build' '$soft_dir' &&
        sh '$build' --kernels tactus-kernels '$soft_dir' '$home/kernels/src/main/cuda/kernels.cu'"
    [ -f "$soft_dir/libtactus-kernels-soft.so" ] || fail "softcuda cannot be built: $(cat "$logs/softcuda.log")"
    device="-Dtactus.softcuda=$soft_dir"
    driver=$soft_dir/libcuda.so.1
    gpu="softcuda: no times"
    version=none
else
    if ! nvidia-smi > "$logs/nvidia-smi.log" 2>&1; then
        fail "nvidia-smi fails, so there is no GPU to measure: $(head -n 1 "$logs/nvidia-smi.log")"
    fi
    gpu=$(nvidia-smi --query-gpu=name --format=csv,noheader | head -n 1)
    version=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader | head -n 1)
    nvidia-smi -q > "$logs/nvidia-smi.log" 2>&1
    driver=$(ldconfig -p 2> /dev/null | sed -n 's/.*libcuda\.so\.1 .*x86-64.* => //p' | head -n 1)
    [ -n "$driver" ] || driver=$(find /usr/local/nvidia /usr/lib /usr/lib64 -name libcuda.so.1 2> /dev/null | head -n 1)
fi
{
    for tool in nvcc g++ compute-sanitizer python3; do
        echo "$tool: $(command -v $tool || echo none)"
        $tool --version 2> /dev/null | tail -n 1
    done
    "$java" -version
} > "$logs/checks.log" 2>&1
major=${version%%.*}
if [ -n "$soft" ] || [ "$major" -ge 580 ] 2> /dev/null; then
    note checks passed 0 "$gpu, driver $version"
else
    note checks failed 0 "$gpu, driver $version: the kernels need 580 or newer"
fi

# libraries that PyTorch brings serve the tests of their facades
site=$(python3 -c 'import nvidia, os; print(list(nvidia.__path__)[0])' 2> /dev/null)
if [ -n "$site" ] && [ -z "$soft" ]; then
    cudnn=$(find "$site" -name libcudnn.so.9 2> /dev/null | head -n 1)
    cublas=$(find "$site" -name libcublasLt.so.13 2> /dev/null | head -n 1)
    if [ -n "$cudnn" ]; then
        export TACTUS_CUDNN="${cudnn%/*}" CUDNN_HOME="${cudnn%/lib/*}"
    fi
    if [ -n "$cublas" ]; then
        export TACTUS_CUBLASLT="${cublas%/*}" CUBLAS_HOME="${cublas%/lib/*}"
    fi
    export LD_LIBRARY_PATH="${cudnn%/*}:${cublas%/*}:${LD_LIBRARY_PATH:-}"
fi

# --- whether it is right: side by side, since nothing is timed ---

# junit NAME LIMIT MODULE PREFIX ARGUMENT...: tests of a module; PREFIX stands before java, and may be empty
junit() {
    name=$1 limit=$2 module=$3 prefix=$4
    shift 4
    classes=$home/lib/junit-console.jar:$home/lib/tactus-bench.jar:$home/$module/target/test-classes
    # engine's tests use memory's
    [ "$module" = memory ] || classes=$classes:$home/memory/target/test-classes
    # shellcheck disable=SC2086 # flags and prefix are words
    beside "$name" "$limit" "$home/$module" $prefix "$java" $flags -ea "$device" "-Dbasedir=$home/$module" \
        -cp "$classes" \
        org.junit.platform.console.ConsoleLauncher execute --disable-banner --disable-ansi-colors --details=tree \
        --fail-if-no-tests --reports-dir "$work/reports/$name" "$@"
}

suite_limit=260
[ -z "$quick" ] || suite_limit=75
engine=dev.tactus.engine
lost=$engine.device.cuda.CudaBackendTest#shouldFailAndCloseWhenAKernelFails
models=$work/models
if [ -z "$soft" ]; then
    for size in 100M 1B; do
        # shellcheck disable=SC2086
        beside "model-$size" "$suite_limit" "$work" "$java" $flags -cp "$home/lib/tactus-bench.jar" \
            dev.tactus.app.Main model random --params "$size" --out "$models/$size"
    done
fi
junit suite-bindings "$suite_limit" native-bindings '' --scan-classpath target/test-classes \
    --include-package dev.tactus.cuda --include-package dev.tactus.cudnn --include-package dev.tactus.cublaslt \
    --exclude-tag loses-context
[ -z "$soft" ] || together
junit suite-memory "$suite_limit" memory '' --select-class dev.tactus.memory.PinnedSlabTest
junit suite-kernels "$suite_limit" kernels '' --scan-classpath target/test-classes \
    --include-package dev.tactus.kernel.cuda
[ -z "$soft" ] || together
if [ -z "$quick" ]; then
    junit suite-engine "$suite_limit" engine '' --select-class $engine.CudaEngineTest \
        --select-class $engine.CudaGoldenTest --select-class $engine.device.cuda.CudaBackendTest \
        --exclude-methodname '.*#shouldFailAndCloseWhenAKernelFails.*'
    [ -z "$soft" ] || together
    junit suite-lost-engine 60 engine '' --select-method "$lost"
else
    junit suite-engine "$suite_limit" engine '' --select-class $engine.device.cuda.CudaBackendTest \
        --exclude-methodname '.*#shouldFailAndCloseWhenAKernelFails.*'
fi
# what loses a context has a process of its own
junit suite-lost 60 native-bindings '' --select-class dev.tactus.cuda.CudaLossTest
together

# --- sanitizer ---

kernel=dev.tactus.kernel.cuda
tools='memcheck racecheck synccheck'
[ -z "$quick" ] || tools=memcheck
if [ -n "$soft" ]; then
    skip sanitizer "softcuda has checks of its own, and always makes them"
elif ! command -v compute-sanitizer > /dev/null; then
    skip sanitizer "there is no compute-sanitizer"
else
    for tool in $tools; do
        junit "sanitizer-$tool" 90 kernels \
            "compute-sanitizer --tool $tool --target-processes all --error-exitcode 77" \
            --select-method "$kernel.CudaAttentionTest#shouldAttendForSessionsOfOneRowEach" \
            --select-method "$kernel.CudaVocoderTest#shouldGoOnWithTheNoiseWhereItsRowsEnd" \
            --select-method "$kernel.CudaFlowTest#shouldTellOfBlocksThatAreNotNumbers" \
            --select-class "$kernel.CudaSampleTest" \
            --select-class "$kernel.MediaLaunchesTest"
    done
    together
fi

# --- how fast it is: alone ---

trace=$work/libtactus-trace.so
library=
if cc=$(command -v gcc || command -v cc || command -v g++) &&
    "$cc" -x c -shared -fPIC -O1 -o "$trace" "$home/bench/gpu/trace.c" -x none -Wl,--no-as-needed "$driver" \
        "-Wl,-rpath,${driver%/*}" -ldl > "$logs/trace.log" 2>&1; then
    library=-Dtactus.cuda.library=$trace
else
    [ -z "$soft" ] || library=-Dtactus.cuda.library=$driver
    skip trace "the library that marks graphs cannot be built, so idle shares are missing"
fi
have=
for size in 100M 1B; do
    [ ! -f "$models/$size/config.json" ] || have="$have --model $size=$models/$size"
done
scale=$quick
[ -z "$soft" ] || scale=--tiny
if [ -n "$soft" ]; then
    SOFTCUDA_KERNELS=$soft_dir/libtactus-kernels-soft.so
    export SOFTCUDA_KERNELS
fi
bench_limit=300
[ -z "$quick" ] || bench_limit=90
# shellcheck disable=SC2086
step bench "$bench_limit" "$work" "$java" $flags -XX:+UseParallelGC $library -cp "$home/lib/tactus-bench.jar" \
    dev.tactus.bench.Main gpu $scale $have --commit "$(cat "$home/commit")" --out "$work/bench.json"
cat "$logs/bench.log"

# --- the side by side ---

# torch NAME MODEL ARGUMENT...
torch() {
    name=torch-$1 size=$2
    shift 2
    # shellcheck disable=SC2016 # for the inner shell
    step "$name" 80 "$work" sh -c 'python3 "$@" > "$0"' "$work/$name.json" "$home/bench/gpu/torch_tick.py" \
        --config "$models/$size/config.json" --name "random, $size" "$@"
}
if [ -n "$soft" ]; then
    # shellcheck disable=SC2086
    step model-1M 60 "$work" "$java" $flags -cp "$home/lib/tactus-bench.jar" dev.tactus.app.Main model random \
        --params 1M --out "$models/1M"
    if python3 -c 'import torch' 2> /dev/null; then
        torch 1M 1M --device cpu --sessions 1,2 --context 20 --passes 2
    else
        skip torch-1M "there is no PyTorch"
    fi
elif ! python3 -c 'import torch' 2> /dev/null; then
    skip torch "there is no PyTorch"
elif [ -n "$quick" ]; then
    torch 1B 1B --sessions 8 --ticks 30
else
    torch 1B 1B --sessions 8,1
    torch 100M 100M --sessions 8,1
    torch 1B-64 1B --sessions 64 --context 512 --ticks 20
    torch 100M-64 100M --sessions 64 --context 512 --ticks 20
fi

# --- results ---

label=gpu
[ -z "$soft" ] || label=dry
result=$out/$label-$(date -u +%Y-%m-%d).json
python3 "$home/bench/gpu/merge.py" --work "$work" --gpu "$gpu" --driver "$version" --commit "$(cat "$home/commit")" \
    --seconds $(($(date +%s) - started)) --softcuda "${soft:-no}" --quick "${quick:+yes}" \
    > "$result" 2> "$work/merged" || note results failed 0 "they could not be put together; logs.tgz has them"
cat "$work/merged"
{
    cat "$work/merged"
    grep '^target' "$logs/bench.log"
} >> "$out/summary.txt"
cp "$work/steps.tsv" "$logs/"
mkdir -p "$logs/reports" && cp -r "$work/reports/." "$logs/reports/" 2> /dev/null
cp "$work"/*.json "$logs/" 2> /dev/null
tar -C "$work" -czf "$out/logs.tgz" logs
echo "results: $result, all logs: $out/logs.tgz, $(($(date +%s) - started)) s"
! grep -q "$(printf '\tfailed\t')" "$work/steps.tsv"
