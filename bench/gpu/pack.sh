#!/bin/sh
# Packs everything that run.sh needs on a machine with a GPU and neither a JDK nor Maven into one file:
#
#   bench/gpu/pack.sh [OUT]        default: bench/gpu/out/tactus-gpu.txz
#
# a Java runtime, the benches with all libraries, the tests of the GPU's modules with what they compile, and the script
# itself. OUT is compressed by xz, or by gzip where it ends in gz. Run on a machine that builds Tactus; fails above
# 64 MiB. JAVA_HOME names the JDK, MVN_FLAGS the flags of Maven (default: -o, offline).
#
# On the other machine, whether it has xz or not:
#
#   python3 -m tarfile -e tactus-gpu.txz DIR && sh DIR/tactus-gpu/bench/gpu/run.sh OUT_DIR
set -eu

limit=$((64 * 1024 * 1024))
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${1:-$here/out/tactus-gpu.txz}

fail() {
    echo "pack.sh: $*" >&2
    exit 1
}

case $out in
    /*) ;;
    *) out=$PWD/$out ;;
esac
mkdir -p "$(dirname "$out")"

jdk=
for candidate in "${JAVA_HOME:-}" "${JAVA25_HOME:-}" /usr/lib/jvm/*25* /opt/jdk*; do
    if [ -n "$candidate" ] && [ -x "$candidate/bin/jlink" ] &&
        grep -q '^JAVA_VERSION="\(2[5-9]\|[3-9][0-9]\)' "$candidate/release"; then
        jdk=$candidate
        break
    fi
done
[ -n "$jdk" ] || fail "no JDK 25 or newer with jlink found: set JAVA_HOME"

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
pack=$stage/tactus-gpu
mkdir -p "$pack"

echo "pack.sh: building" >&2
# shellcheck disable=SC2086 # flags are words
(cd "$root" && mvn ${MVN_FLAGS:--o} -q -B -ntp -DskipTests -Dspotless.check.skip=true package) ||
    fail "the build failed"

junit=$(find "${MAVEN_REPOSITORY:-$HOME/.m2/repository}/org/junit/platform/junit-platform-console-standalone" \
    -name '*.jar' 2> /dev/null | sort | tail -n 1)
[ -n "$junit" ] || fail "JUnit's console launcher is not in the local repository; fetch it once:" \
    "mvn dependency:get -Dartifact=org.junit.platform:junit-platform-console-standalone:6.1.3"

echo "pack.sh: linking the runtime" >&2
"$jdk/bin/jlink" --output "$pack/jre" --strip-debug --no-header-files --no-man-pages --compress zip-0 --add-modules \
    java.base,java.logging,java.management,java.xml,jdk.management,jdk.incubator.vector,jdk.jfr,jdk.unsupported

! command -v strip > /dev/null || strip --strip-unneeded "$pack/jre/lib/server/libjvm.so"

echo "pack.sh: collecting" >&2
# repack JAR NAME FOLDER...: without these folders, and not compressed, since the pack is
repack() {
    mkdir -p "$stage/$2" "$pack/lib"
    (cd "$stage/$2" && "$jdk/bin/jar" xf "$1")
    name=$2 from=$1
    shift 2
    for folder in "$@"; do
        rm -rf "${stage:?}/$name/$folder"
    done
    "$jdk/bin/jar" --create --no-compress --file "$pack/lib/$name.jar" \
        --manifest "$stage/$name/META-INF/MANIFEST.MF" -C "$stage/$name" . || fail "$from cannot be repacked"
}
repack "$junit" junit-console
# tokenizers with native libraries for many systems, which random models do not need, and what JMH computes with
repack "$root/bench/target/tactus-bench.jar" tactus-bench native ai/djl com/sun/jna cv nlp timeseries \
    org/apache/commons/math3
for module in native-bindings memory kernels engine; do
    mkdir -p "$pack/$module/target"
    cp -r "$root/$module/target/test-classes" "$pack/$module/target/"
done
# those of training
find "$pack/engine" -name gradients.safetensors -exec rm -f {} +
mkdir -p "$pack/native-bindings/src/test" "$pack/native-bindings/src/main/java/dev/tactus" \
    "$pack/kernels/src/main/c" "$pack/bench/gpu"
for sources in softcuda cuda c; do
    cp -r "$root/native-bindings/src/test/$sources" "$pack/native-bindings/src/test/"
done
cp -r "$root/native-bindings/src/main/jextract" "$pack/native-bindings/src/main/"
for library in cuda cudnn cublaslt; do
    mkdir -p "$pack/native-bindings/src/main/java/dev/tactus/$library"
    cp "$root/native-bindings/src/main/java/dev/tactus/$library/"*.java \
        "$pack/native-bindings/src/main/java/dev/tactus/$library/"
done
cp -r "$root/kernels/src/main/cuda" "$root/kernels/src/main/resources" "$pack/kernels/src/main/"
cp "$root"/kernels/src/main/c/*.h "$pack/kernels/src/main/c/"
cp "$here/run.sh" "$here/merge.py" "$here/torch_tick.py" "$here/trace.c" "$pack/bench/gpu/"

commit=unknown
if commit=$(git -C "$root" rev-parse HEAD 2> /dev/null); then
    [ -z "$(git -C "$root" status --porcelain 2> /dev/null)" ] || commit="$commit, with changes"
else
    commit=${TACTUS_COMMIT:-unknown}
fi
echo "$commit" > "$pack/commit"

echo "pack.sh: compressing" >&2
case $out in
    *gz) tar -C "$stage" -czf "$out" tactus-gpu ;;
    # in this order the kernels are near their copy in the jar, which then takes no room
    *) tar -C "$stage" --sort=name -cf - tactus-gpu | xz -9e > "$out" ;;
esac
bytes=$(wc -c < "$out")
echo "pack.sh: $out, $((bytes / 1024 / 1024)).$((bytes * 10 / 1024 / 1024 % 10)) MiB"
[ "$bytes" -le "$limit" ] || fail "the pack is larger than $((limit / 1024 / 1024)) MiB"
