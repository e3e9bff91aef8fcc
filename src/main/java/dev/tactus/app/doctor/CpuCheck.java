package dev.tactus.app.doctor;

import dev.tactus.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import jdk.incubator.vector.VectorShape;

/** The processor: how many cores the engine may use, and what they can do per instruction. */
public final class CpuCheck {
    /** The features that a kernel of ours, now or planned, is written for. */
    private static final Set<String> FEATURES = Set.of(
            "avx2",
            "fma",
            "avx512f",
            "avx512bw",
            "avx512_vnni",
            "avx512_bf16",
            "avx_vnni",
            "amx_tile",
            "amx_bf16",
            "amx_int8",
            "asimd",
            "asimddp",
            "bf16",
            "i8mm",
            "sve",
            "sve2");

    private static final int NARROW_BITS = 128;

    private CpuCheck() {}

    /** The model with its cores, and the vectors. */
    public static List<Finding> findings() {
        final List<String> cpuinfo = cpuinfo();
        return List.of(cores(cpuinfo), vectors(cpuinfo));
    }

    private static Finding cores(final List<String> cpuinfo) {
        final int usable = Runtime.getRuntime().availableProcessors();
        final int allowed = Posix.isSupported() ? Posix.affinityCount() : usable;
        final String text = value(cpuinfo, "model name").orElse(System.getProperty("os.arch")) + ", " + usable
                + (usable == 1 ? " CPU" : " CPUs");
        if (usable < allowed) {
            return Finding.note(
                    "CPU", text + " of " + allowed, "a quota holds the others back; raise it for more sessions");
        }
        return usable > 1
                ? Finding.ok("CPU", text)
                : Finding.note("CPU", text, "the tick thread and the kernels share it; give it a second one");
    }

    private static Finding vectors(final List<String> cpuinfo) {
        final String flags =
                value(cpuinfo, "flags").or(() -> value(cpuinfo, "Features")).orElse("");
        final Set<String> found = new TreeSet<>(Arrays.asList(flags.split(" ")));
        found.retainAll(FEATURES);
        final String features = found.isEmpty() ? "" : " (" + String.join(" ", found) + ")";
        try {
            final int bits = VectorShape.preferredShape().vectorBitSize();
            return bits > NARROW_BITS || !flags.contains("avx2")
                    ? Finding.ok("vectors", bits + " bits preferred" + features)
                    : Finding.note("vectors", bits + " bits preferred" + features, "the JVM was told to use less");
        } catch (final LinkageError ex) {
            return Finding.fix("vectors", "the Vector API is not available" + features, "see the JVM options above");
        }
    }

    private static Optional<String> value(final List<String> cpuinfo, final String key) {
        return cpuinfo.stream()
                .filter(line -> line.startsWith(key))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst();
    }

    /** Empty where there is no such file (macOS). */
    private static List<String> cpuinfo() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo"));
        } catch (final IOException ex) {
            return List.of();
        }
    }
}
