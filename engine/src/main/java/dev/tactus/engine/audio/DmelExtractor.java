package dev.tactus.engine.audio;

import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * dMel bins of a signal, slot by slot, by the kernels that the engine itself runs: for offline tools and tests, and the
 * model of what a backend does with two neighbouring audio slots.
 *
 * <p>Slot n covers samples [800n, 800n + 800); its window begins 800 samples earlier, with silence before sample 0.
 * Whole slots come out as soon as they are complete, whatever the chunks that samples arrive in; {@link #finish} pads
 * the last one with silence. The memory belongs to the arena that was given. One thread; nothing is allocated after
 * construction but the result of {@link #bins(float[])}.
 */
public final class DmelExtractor {
    /** Receives the bins of one slot. */
    @FunctionalInterface
    public interface SlotSink {
        /**
         * Called once per slot, in order, on the extractor's thread.
         *
         * @param slot number of the slot, from 0
         * @param bins int32 [mels], valid until the call returns
         */
        void onSlot(long slot, MemorySegment bins);
    }

    private static final int SLOT = DmelTables.SLOT_SAMPLES;
    private static final int ANY_HEAD_DIM = 128;

    private final KernelSet kernels;
    private final DmelTables tables;
    private final MemorySegment samples; // [2, 800]: the slot before, the slot being filled
    private final MemorySegment bins;
    private final long even;
    private final long odd;
    private final long re;
    private final long im;
    private final long magnitude;
    private final long mel;
    private final long scratch;
    private int filled;
    private long slots;

    /**
     * An extractor at sample 0.
     *
     * @param kernels arithmetic
     * @param tables constants
     * @param arena owns the working memory, about 30 KB under {@link MemoryTag#SCRATCH}
     */
    public DmelExtractor(final KernelSet kernels, final DmelTables tables, final FreezableArena arena) {
        this.kernels = kernels;
        this.tables = tables;
        samples = floats(arena, 2 * SLOT);
        even = floats(arena, DmelTables.EVEN).address();
        odd = floats(arena, DmelTables.ODD).address();
        re = floats(arena, DmelTables.BANDS).address();
        im = floats(arena, DmelTables.BANDS).address();
        magnitude = floats(arena, DmelTables.BANDS).address();
        mel = floats(arena, tables.mels()).address();
        bins = arena.allocate(MemoryTag.SCRATCH, (long) tables.mels() * Integer.BYTES, 64);
        final long scratchBytes = kernels.scratchBytes(DmelTables.WINDOW_SAMPLES, ANY_HEAD_DIM);
        scratch = arena.allocate(MemoryTag.SCRATCH, scratchBytes, 64).address();
    }

    /**
     * Bins of one slot in place, without touching the stream of {@link #accept}.
     *
     * @param left address of the 800 samples before the slot; 0 stands for silence
     * @param right address of the slot's 800 samples
     * @param out address of int32 [mels]
     */
    public void slot(final long left, final long right, final long out) {
        final int bands = DmelTables.BANDS;
        kernels.melFold(left, right, tables.hann(), even, odd);
        linear(tables.cos(), bands, DmelTables.EVEN, even, re);
        linear(tables.sin(), bands, DmelTables.ODD, odd, im);
        kernels.melMagnitude(re, im, magnitude, bands);
        linear(tables.filters(), tables.mels(), bands, magnitude, mel);
        kernels.melBin(mel, tables.thresholds(), tables.thresholdCount(), out, tables.mels());
    }

    /**
     * Takes samples at 16 kHz and reports every slot that they complete.
     *
     * @param source samples
     * @param offset index of the first
     * @param count how many
     * @param sink receives the bins of complete slots
     */
    public void accept(final float[] source, final int offset, final int count, final SlotSink sink) {
        Objects.checkFromIndexSize(offset, count, source.length);
        int taken = 0;
        while (taken < count) {
            final int part = Math.min(count - taken, SLOT - filled);
            final long to = (long) (SLOT + filled) * Float.BYTES;
            MemorySegment.copy(source, offset + taken, samples, ValueLayout.JAVA_FLOAT, to, part);
            taken += part;
            filled += part;
            if (filled == SLOT) {
                report(sink);
            }
        }
    }

    /** Reports the last slot, padded with silence, if any sample of it has come; then starts again at sample 0. */
    public void finish(final SlotSink sink) {
        if (filled > 0) {
            samples.asSlice((long) (SLOT + filled) * Float.BYTES).fill((byte) 0);
            report(sink);
        }
        filled = 0;
        slots = 0;
    }

    /**
     * Bins of everything that {@code source} still holds.
     *
     * @param source 16 kHz; not closed
     * @param sink receives the bins of every slot, the last one padded with silence
     * @throws IllegalArgumentException if the rate is another one
     * @throws IOException if reading fails
     */
    public void extract(final AudioSource source, final SlotSink sink) throws IOException {
        if (source.sampleRateHz() != AudioSource.MODEL_RATE_HZ) {
            throw new IllegalArgumentException("source has " + source.sampleRateHz() + " Hz; allowed: "
                    + AudioSource.MODEL_RATE_HZ + " Hz (see AudioSource.atModelRate)");
        }
        final float[] chunk = new float[SLOT];
        for (int n = source.read(chunk, 0, SLOT); n >= 0; n = source.read(chunk, 0, SLOT)) {
            accept(chunk, 0, n, sink);
        }
        finish(sink);
    }

    /**
     * Bins of a whole signal at 16 kHz; a stream that was under way is forgotten.
     *
     * @return [⌈n / 800⌉, mels], row-major
     */
    public int[] bins(final float[] signal) {
        filled = 0;
        slots = 0;
        final int mels = tables.mels();
        final int[] out = new int[Math.multiplyExact(Math.ceilDiv(signal.length, SLOT), mels)];
        final SlotSink sink = (slot, row) ->
                MemorySegment.copy(row, ValueLayout.JAVA_INT, 0, out, Math.toIntExact(slot * mels), mels);
        accept(signal, 0, signal.length, sink);
        finish(sink);
        return out;
    }

    private void report(final SlotSink sink) {
        final long right = samples.address() + (long) SLOT * Float.BYTES;
        slot(slots == 0 ? 0 : samples.address(), right, bins.address());
        MemorySegment.copy(samples, (long) SLOT * Float.BYTES, samples, 0, (long) SLOT * Float.BYTES);
        filled = 0;
        sink.onSlot(slots++, bins);
    }

    private void linear(final long matrix, final int n, final int k, final long x, final long y) {
        kernels.linear(WeightType.F32, matrix, 0, n, k, x, k, y, n, 1, scratch);
    }

    private static MemorySegment floats(final FreezableArena arena, final int count) {
        return arena.allocate(MemoryTag.SCRATCH, (long) count * Float.BYTES, 64);
    }
}
