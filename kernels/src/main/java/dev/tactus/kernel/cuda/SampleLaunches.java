package dev.tactus.kernel.cuda;

import java.util.ArrayList;
import java.util.List;

/**
 * The draw of a token from every output row of a pass ({@code sample.cuh}), for which {@code KernelSet.sample} and
 * {@code LogProbability.of} set the contract. No state; the thread that owns the context calls.
 */
public final class SampleLaunches {
    private static final int THREADS = 256;
    private static final int SLICE = 8192;
    private static final int SLICE_KEYS = 257;

    private SampleLaunches() {}

    /** Bytes of the candidates of {@code outputRows} rows over {@code vocabulary} ids. */
    public static long keyBytes(final int vocabulary, final int outputRows) {
        return slices(vocabulary) * SLICE_KEYS * Long.BYTES * outputRows;
    }

    private static long slices(final int vocabulary) {
        return LaunchBuilder.blocks(vocabulary, SLICE);
    }

    /**
     * The launches of a draw, in order; they fill {@link GenerateField#SAMPLED} and, where an entry wants it,
     * {@link GenerateField#SAMPLED_LOG}. A teacher-forced pass draws nothing.
     *
     * @param logits device address of float32 [outputRows, vocabulary]
     * @param keys device address of {@link #keyBytes} bytes, a multiple of 8
     * @param outputRows most output rows of the pass
     * @throws IllegalArgumentException when an address is missing, or there are no ids, rows or masks
     */
    public static List<CudaLaunch> of(
            final GenerateLaunches generate, final long logits, final long keys, final int outputRows) {
        final long vocabulary = generate.field(GenerateField.VOCABULARY);
        LaunchBuilder.requirePositive("a draw", (int) vocabulary, outputRows);
        GenerateLaunches.require("logits", logits, Float.BYTES);
        GenerateLaunches.require("candidates", keys, Long.BYTES);
        GenerateLaunches.require("masks", generate.field(GenerateField.MASKS), Long.BYTES);
        final int slices = (int) slices((int) vocabulary);
        final List<CudaLaunch> launches = new ArrayList<>();
        launches.add(generate.build("tactus_sample_collect", slices, outputRows, THREADS, 0, logits, keys));
        launches.add(generate.build("tactus_sample_draw", outputRows, 1, THREADS, 0, keys, slices));
        launches.add(generate.build("tactus_log_probability", outputRows, 1, THREADS, 0, logits));
        return launches;
    }
}
