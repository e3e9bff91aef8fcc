package dev.tactus.bench.kernels;

import dev.tactus.kernel.c.Isa;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What the kernel bench is to measure.
 *
 * @param bytes of weights that are streamed
 * @param rounds how often every line is measured
 * @param threads most threads; every op is measured with one, too
 * @param isas instruction sets of the C kernels; none where there are no C kernels
 * @param only ops, of which a part of the name matches
 * @param shapes their sizes
 * @param warmUpNs how long a Java kernel runs before it counts
 * @param sampleNs how long a measurement lasts at least, unless one call lasts longer
 */
public record KernelScenario(
        long bytes,
        int rounds,
        int threads,
        List<Isa> isas,
        Pattern only,
        KernelShapes shapes,
        long warmUpNs,
        long sampleNs) {
    /** Below this much the weights may stay in a cache, and nothing can be said about streaming them. */
    public static final long LEAST_STREAMED = 256L << 20;

    private static final long FEWEST_BYTES = 64 << 10;

    /** Refuses what cannot be measured. */
    public KernelScenario {
        if (bytes < FEWEST_BYTES || rounds < 1 || threads < 1) {
            throw new IllegalArgumentException(bytes + " bytes, " + rounds + " rounds, " + threads
                    + " threads: expected at least " + FEWEST_BYTES + ", 1, 1");
        }
    }
}
