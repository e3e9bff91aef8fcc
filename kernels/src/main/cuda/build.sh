#!/bin/sh
# Compiles the CUDA kernels: build.sh OUTPUT_DIR puts tactus-kernels.fatbin and its manifest tactus-kernels.json there.
#
# The manifest says of every kernel what its parameters are, and per architecture its registers and shared memory; a
# kernel that spills registers fails the build. The hash in it is that of the sources. What lies in the resources of
# this module is used as it is where its hash is that of the sources, so that a build needs nvcc only after a change:
# NVCC chooses the compiler (default nvcc). A machine without one is told so in one line and gets no kernels, which is
# no error: engines run on the CPU.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
output=$1
stored=$here/../resources/dev/tactus/kernel/cuda
nvcc=${NVCC:-nvcc}
architectures='80 90a 100'
flags='-std=c++17 -fmad=false -ftz=false -prec-div=true -prec-sqrt=true'

hash_of_sources() {
    (cd "$here" && cat build.sh ../c/elementary_table.h $(LC_ALL=C ls | grep -E '\.(cu|cuh|h)$')) |
        sha256sum | cut -d ' ' -f 1
}

# is_build_of HASH FOLDER: whether these sources were compiled to there
is_build_of() {
    [ -f "$2/tactus-kernels.fatbin" ] && grep -q "\"sources\": \"$1\"" "$2/tactus-kernels.json" 2>/dev/null
}

# parameters: from PTX, a line per kernel: its name and the bytes of each parameter
parameters() {
    awk '
        /\.entry / { name = $0; sub(/.*\.entry /, "", name); sub(/\(.*/, "", name); sizes = ""; inside = 1 }
        inside && /\.param / {
            bytes = 0
            if ($0 ~ /\.b8 /) { bytes = $0; sub(/.*\[/, "", bytes); sub(/\].*/, "", bytes) }
            else if ($0 ~ /\.[bufs]64/) bytes = 8
            else if ($0 ~ /\.[bufs]32/) bytes = 4
            else if ($0 ~ /\.[bus]16/) bytes = 2
            else if ($0 ~ /\.[bus]8/) bytes = 1
            sizes = sizes (sizes == "" ? "" : ", ") bytes
        }
        inside && /\)/ && !/\.entry/ { print name " " sizes; inside = 0 }' "$1"
}

# resources: from what ptxas says, a line per kernel and architecture: name, architecture, registers, spilled and shared
# bytes
resources() {
    awk -F "'" '
        /Compiling entry function/ { name = $2; architecture = $4; spilled = 0 }
        /bytes spill stores/ {
            split($0, words, /[ ,]+/)
            for (i in words) if (words[i] == "spill") spilled += words[i - 2]
        }
        /Used [0-9]+ registers/ {
            registers = $0; sub(/.*Used /, "", registers); sub(/ .*/, "", registers)
            shared = 0
            if ($0 ~ /bytes smem/) { shared = $0; sub(/ bytes smem.*/, "", shared); sub(/.* /, "", shared) }
            print name, architecture, registers, spilled, shared
        }' "$1" | sort -u
}

# manifest: parameters and resources to JSON, a line per kernel
manifest() {
    version=$("$nvcc" --version | sed -n 's/.*, V//p')
    printf '{\n  "sources": "%s",\n  "nvcc": "%s",\n  "flags": "%s",\n  "kernels": {' "$hash" "$version" "$flags"
    awk '
        FNR == NR { sizes = $0; sub(/^[^ ]* ?/, "", sizes); parameters[$1] = sizes; next }
        !($1 in built) { order[++kernels] = $1 }
        {
            numbers = sprintf("{\"registers\": %d, \"spilled\": %d, \"shared\": %d}", $3, $4, $5)
            built[$1] = built[$1] ", \"" $2 "\": " numbers
        }
        END {
            for (i = 1; i <= kernels; i++) {
                name = order[i]
                printf "%s\n    \"%s\": {\"parameters\": [%s]%s}", separator, name, parameters[name], built[name]
                separator = ","
            }
            print "\n  }\n}"
        }' "$1" "$2"
}

hash=$(hash_of_sources)
! is_build_of "$hash" "$output" || exit 0
mkdir -p "$output"
if is_build_of "$hash" "$stored"; then
    cp "$stored/tactus-kernels.fatbin" "$stored/tactus-kernels.json" "$output"
    exit 0
fi
if ! command -v "$nvcc" >/dev/null 2>&1; then
    # what an earlier build left would not be that of these sources
    rm -f "$output/tactus-kernels.fatbin" "$output/tactus-kernels.json"
    echo "tactus: no CUDA kernels: those in the resources are of other sources, and there is no CUDA compiler $nvcc" \
        "(install CUDA 13 or newer, or set NVCC); engines run on the CPU"
    exit 0
fi

objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT
targets='-gencode arch=compute_80,code=compute_80'
for architecture in $architectures; do
    targets="$targets -gencode arch=compute_$architecture,code=sm_$architecture"
done
# shellcheck disable=SC2086 # flags are words
"$nvcc" $flags $targets --threads 0 --fatbin --no-compress --keep --keep-dir "$objects" -Xptxas -v \
    -o "$objects/tactus-kernels.fatbin" "$here/kernels.cu" 2>"$objects/log" || {
    cat "$objects/log" >&2
    exit 1
}
grep -E 'warning' "$objects/log" >&2 || true
parameters "$(ls "$objects"/*compute_80.ptx)" >"$objects/parameters"
resources "$objects/log" >"$objects/resources"
if awk '$4 > 0 { print "tactus: " $1 " spills " $4 " bytes of registers on " $2; bad = 1 } END { exit !bad }' \
    "$objects/resources" >&2; then
    exit 1
fi
manifest "$objects/parameters" "$objects/resources" >"$objects/tactus-kernels.json"
cp "$objects/tactus-kernels.fatbin" "$objects/tactus-kernels.json" "$output"
