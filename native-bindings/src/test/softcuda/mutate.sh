#!/bin/sh
# Deletes each barrier of kernels once and says whether anybody notices.
#
#   mutate.sh WORK LAUNCHES FILE.cu [SOURCE...]
#
# LAUNCHES is a folder of launches that a run with SOFTCUDA_RECORD=LAUNCHES has written. FILE.cu is what is compiled;
# barriers (__syncthreads, __syncwarp) are looked for in it and in the SOURCEs, by default in all that lies beside it.
# Each mutant runs again the launches that come to the barrier: first under the thread sanitizer, which names the lines
# that race, then in eight orders of threads, whose results must not differ. WORK keeps what is built.
#
# One line per barrier: found, SURVIVED (nobody noticed: the barrier is not needed, or the launches do not need it), or
# NOT REACHED (no launch comes to it); then a closing line. Exit status 0: all were found, 1: not all, 2: cannot tell.
# SOFTCUDA_BUILD names a folder where softcuda is built or shall be, default WORK.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
built=${SOFTCUDA_BUILD:-$work}
launches=$(cd "$2" && pwd)
file=$3
folder=$(cd "$(dirname "$file")" && pwd)
name=$(basename "$file")
shift 3
[ $# -gt 0 ] || set -- "$folder"/*.cu "$folder"/*.cuh "$folder"/*.h
export TSAN_OPTIONS="halt_on_error=1 exitcode=66 history_size=7 ${TSAN_OPTIONS:-}"
export OPTIMIZE=-O1 # most of the time goes into compiling
# the thread sanitizer wants addresses that are not too random
fixed='setarch -R'
$fixed true 2>/dev/null || fixed=''

unable() {
    echo "tactus: no mutation test: $1"
    exit 2
}

# build soft|tsan OUT FILE.cu: a library of it; what went wrong is in OUT.log
build() {
    kind=''
    [ "$1" = soft ] || kind=--thread-sanitizer
    "$here/build.sh" $kind --kernels mutant "$2" "$3" >"$2.log" 2>&1 ||
        unable "$3 does not compile: $(cat "$2.log")"
}

# races LIBRARY_FOLDER LAUNCH...: the lines that race, if any
races() {
    library=$1/libmutant-tsan.so
    shift
    [ -x "$built/softcuda-replay-tsan" ] || return 1
    $fixed "$built/softcuda-replay-tsan" "$library" 0 "$@" >"$work/tsan.log" 2>&1 || [ $? -ne 66 ] || {
        # of each of the two accesses the topmost line that is not softcuda's own
        awk -v own="$here/device/" '
            /^  (Read|Write|Atomic read|Atomic write|Previous .*) of size/ { open = 1 }
            open && /^    #/ && index($0, own) == 0 {
                for (i = 1; i <= NF; i++) if ($i ~ /:[0-9]+$/) { sub(/.*\//, "", $i); print $i; open = 0; break }
            }' "$work/tsan.log" | head -n 2 | paste -sd ' ' -
        return 0
    }
    return 1
}

# results LIBRARY_FOLDER SEED LAUNCH...
results() {
    library=$1/libmutant-soft.so seed=$2
    shift 2
    "$built/softcuda-replay" "$library" "$seed" "$@" 2>&1 || true
}

"$here/build.sh" "$built"
"$here/build.sh" --thread-sanitizer "$built"
[ -x "$built/softcuda-replay" ] || unable 'softcuda was not built'
ls "$launches"/*.launch >/dev/null 2>&1 || unable "no launches in $launches (run with SOFTCUDA_RECORD=$launches)"
build soft "$work/original" "$folder/$name"
[ ! -x "$built/softcuda-replay-tsan" ] || build tsan "$work/original" "$folder/$name"

"$built/softcuda-replay" --sites "$work/original/libmutant-soft.so" "$launches"/*.launch >"$work/sites" ||
    unable 'a launch fails with the kernels as they are'
if found=$(races "$work/original" "$launches"/*.launch); then
    unable "the kernels race as they are: $found"
fi

# a copy of the folder in which one file can be another one; what lies beside the folder is found there too
rm -rf "$work/tree"
trap 'rm -rf "$work/tree"' EXIT
mkdir -p "$work/tree/$(basename "$folder")"
for beside in "$folder"/../*; do
    [ -e "$work/tree/$(basename "$beside")" ] || ln -s "$(cd "$(dirname "$beside")" && pwd)/$(basename "$beside")" \
        "$work/tree/"
done
tree=$work/tree/$(basename "$folder")
ln -s "$folder"/* "$tree/"

# The launches that come to a barrier; of those of a kernel the two largest, which have most to work on.
launches_of() {
    awk -v site="$1" '$2 == site { print $1 }' "$work/sites" | xargs -r ls -S | awk '
        { kernel = $0; sub(/-[0-9]+\.launch$/, "", kernel); if (seen[kernel]++ < 2) print }'
}

barriers=0 found_ones=0
for source in "$@"; do
    [ -f "$source" ] || continue
    base=$(basename "$source")
    for line in $(grep -nE '^[^/*]*\b__sync(threads|warp)\(' "$source" | cut -d : -f 1); do
        barriers=$((barriers + 1))
        reached=$(launches_of "$base:$line")
        if [ -z "$reached" ]; then
            echo "NOT REACHED $base:$line"
            continue
        fi
        rm -f "$tree/$base"
        sed -E "${line}s/__sync(threads|warp)\([^)]*\)/static_cast<void>(0)/" "$source" >"$tree/$base"
        how=''
        [ ! -x "$built/softcuda-replay-tsan" ] || build tsan "$work/mutant" "$tree/$name"
        # shellcheck disable=SC2086 # names of files without spaces
        if lines=$(races "$work/mutant" $reached); then
            how="by the thread sanitizer: $lines race"
        else
            build soft "$work/mutant" "$tree/$name"
            expected=$(results "$work/original" 0 $reached)
            for seed in 0 1 2 3 4 5 6 7 8; do
                if [ "$(results "$work/mutant" "$seed" $reached)" != "$expected" ]; then
                    how="by the results of order $seed"
                    break
                fi
            done
        fi
        rm -f "$tree/$base"
        ln -s "$folder/$base" "$tree/$base"
        if [ -n "$how" ]; then
            found_ones=$((found_ones + 1))
            echo "found $base:$line $how"
        else
            echo "SURVIVED $base:$line"
        fi
    done
done
echo "tactus: $found_ones of $barriers deleted barriers found"
[ "$found_ones" -eq "$barriers" ]
