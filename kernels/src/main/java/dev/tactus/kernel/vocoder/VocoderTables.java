package dev.tactus.kernel.vocoder;

import dev.tactus.kernel.Philox;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The constants of the vocoder and of its analysis: windows, twiddle factors, mel filters and noise.
 *
 * <p>Everything is computed once by StrictMath in double, rounded to float32 and handed to every implementation as
 * data. One piece of memory of 40 KB under {@link MemoryTag#TABLE}, owned by the arena that was given; immutable, any
 * thread.
 */
public final class VocoderTables {
    private static final double BIN_HZ = (double) Vocoder.SAMPLE_RATE_HZ / Vocoder.WINDOW_SAMPLES;
    private static final double TOP_HZ = Vocoder.SAMPLE_RATE_HZ / 2.0;

    /** Below this sum of squared windows a sample is not made louder: what few frames say of it is not worth much. */
    private static final double LEAST_NORM = 0.05;

    /** The size of the noise that gives a new frame its first phases, beside what its magnitudes want. */
    private static final double EXCITATION_SIZE = 0.03;

    private static final long NOISE_SEED = 0x7461637475730001L;

    /** Bytes of the tables, for who copies them. */
    public static final long BYTES = (long) VocoderLayout.TABLE_FLOATS * Float.BYTES;

    private final MemorySegment memory;

    /**
     * Computes the tables.
     *
     * @param arena owns the memory
     */
    public VocoderTables(final FreezableArena arena) {
        memory = arena.allocate(MemoryTag.TABLE, BYTES, Vocoder.ALIGNMENT);
        putWindows();
        putTurns(VocoderLayout.TURN1, 80);
        putTurns(VocoderLayout.TURN2, 20);
        putTurns(VocoderLayout.TURN3, 5);
        for (int k = 0; k < VocoderLayout.HALF / 2; k++) {
            put(VocoderLayout.SPLIT + 2 * k, StrictMath.cos(2 * Math.PI * k / VocoderLayout.WINDOW));
            put(VocoderLayout.SPLIT + 2 * k + 1, StrictMath.sin(2 * Math.PI * k / VocoderLayout.WINDOW));
        }
        putMels(new SlaneyMel(Vocoder.MELS, TOP_HZ));
        putNoise();
    }

    /** Address of the tables, in the order of {@code struct voc_tables}. */
    public long address() {
        return memory.address();
    }

    private void put(final int index, final double value) {
        memory.setAtIndex(ValueLayout.JAVA_FLOAT, index, (float) value);
    }

    private static double hann(final int n) {
        return 0.5 - 0.5 * StrictMath.cos(2 * Math.PI * n / VocoderLayout.WINDOW);
    }

    /** The forward transform comes out twice too large, the inverse one 640 times: the windows make that good. */
    private void putWindows() {
        for (int n = 0; n < VocoderLayout.WINDOW; n++) {
            put(VocoderLayout.ANALYSIS + n, 0.5 * hann(n));
            put(VocoderLayout.SYNTHESIS + n, hann(n) / VocoderLayout.WINDOW);
        }
        for (int i = 0; i < VocoderLayout.HOP; i++) {
            for (int e = 0; e < VocoderLayout.STRIP; e++) {
                final int missing = Math.max(0, Math.min(e - (VocoderLayout.LANES - 1), VocoderLayout.KEPT));
                put(VocoderLayout.NORM + i * VocoderLayout.STRIP + e, 1 / Math.max(LEAST_NORM, squares(i, missing)));
            }
        }
    }

    /** The sum of squared windows over sample i of a hop, without its newest frames. */
    private static double squares(final int i, final int missing) {
        double sum = 0;
        for (int k = missing; k < VocoderLayout.WINDOW / VocoderLayout.HOP; k++) {
            final double window = hann(i + k * VocoderLayout.HOP);
            sum += window * window;
        }
        return sum;
    }

    /** The twiddle factors of a pass of radix 4 with {@code m} of them: powers 1 to 3. */
    private void putTurns(final int offset, final int m) {
        for (int p = 0; p < m; p++) {
            for (int power = 1; power <= 3; power++) {
                final double angle = 2 * Math.PI * p * power / (4 * m);
                put(offset + 6 * p + 2 * power - 2, StrictMath.cos(angle));
                put(offset + 6 * p + 2 * power - 1, -StrictMath.sin(angle));
            }
        }
    }

    /**
     * Segment q lies between two corners of the filters: its bins are heard by filter q, which rises, and by filter q -
     * 1, which falls.
     */
    private void putMels(final SlaneyMel bank) {
        final double[] total = new double[Vocoder.MELS];
        int q = 0;
        memory.setAtIndex(ValueLayout.JAVA_INT, VocoderLayout.FIRST_BIN, 1);
        for (int k = 1; k < VocoderLayout.HALF; k++) {
            while (k * BIN_HZ >= bank.edgeHz(q + 1)) {
                q++;
                memory.setAtIndex(ValueLayout.JAVA_INT, VocoderLayout.FIRST_BIN + q, k);
            }
            final double rising = q < Vocoder.MELS ? bank.weight(q, k * BIN_HZ) : 0;
            final double falling = q > 0 ? bank.weight(q - 1, k * BIN_HZ) : 0;
            put(VocoderLayout.RISING + k, rising);
            put(VocoderLayout.FALLING + k, falling);
            put(VocoderLayout.RISING_SHARE + k, rising / (rising + falling));
            put(VocoderLayout.FALLING_SHARE + k, falling / (rising + falling));
            if (q < Vocoder.MELS) {
                total[q] += rising;
            }
            if (q > 0) {
                total[q - 1] += falling;
            }
        }
        memory.setAtIndex(ValueLayout.JAVA_INT, VocoderLayout.FIRST_BIN + q + 1, VocoderLayout.HALF);
        for (int m = 0; m < Vocoder.MELS; m++) {
            put(VocoderLayout.EXCITATION + m, EXCITATION_SIZE / total[m]);
        }
    }

    /** Numbers of size 1 and any phase. */
    private void putNoise() {
        for (int i = 0; i < VocoderLayout.NOISE_ROWS + VocoderLayout.BINS; i++) {
            final double turn = Philox.uniform(Philox.word(NOISE_SEED, 0, 0, i, 0, 0));
            put(VocoderLayout.NOISE + 2 * i, StrictMath.cos(2 * Math.PI * turn));
            put(VocoderLayout.NOISE + 2 * i + 1, StrictMath.sin(2 * Math.PI * turn));
        }
    }
}
