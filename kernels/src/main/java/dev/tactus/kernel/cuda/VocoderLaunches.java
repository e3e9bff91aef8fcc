package dev.tactus.kernel.cuda;

/**
 * Speech from the blocks that the pass before made ({@code vocoder.cuh}); {@link dev.tactus.kernel.vocoder.Vocoder}
 * sets the contract. No state; the thread that owns the context calls.
 */
public final class VocoderLaunches {
    /** Bytes of dynamic shared memory of a block: {@code sizeof(VocShared)}. */
    public static final int SHARED_BYTES = 23_216 * Float.BYTES;

    private static final int THREADS = 320;

    private VocoderLaunches() {}

    /**
     * The launch that makes the sound of a pass.
     *
     * @param tables device address of a copy of {@link dev.tactus.kernel.vocoder.VocoderTables}
     * @param mean device address of float32 [80]
     * @param deviation device address of float32 [80]
     * @param state bytes from a session's state to the vocoder's
     * @param jobs most jobs of the pass
     * @throws IllegalArgumentException when an address is missing
     * @throws dev.tactus.cuda.CudaException when the GPU's blocks cannot have {@link #SHARED_BYTES}
     */
    public static CudaLaunch of(
            final GenerateLaunches generate,
            final long tables,
            final long mean,
            final long deviation,
            final long state,
            final int jobs) {
        LaunchBuilder.requirePositive("the vocoder", jobs);
        GenerateLaunches.require("tables of the vocoder", tables, Float.BYTES);
        GenerateLaunches.require("means of mels", mean, Float.BYTES);
        GenerateLaunches.require("deviations of mels", deviation, Float.BYTES);
        GenerateLaunches.require("states of sessions", generate.field(GenerateField.STATE), Long.BYTES);
        return generate.build("tactus_vocode", jobs, 1, THREADS, SHARED_BYTES, tables, mean, deviation, state);
    }
}
