package dev.tactus.engine.audio;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntToDoubleFunction;

/**
 * The constants of dMel (arXiv 2407.15835): the bins of 50 ms of sound, 16 kHz, window and transform of 1600 samples.
 *
 * <p>Everything is computed once by StrictMath in double and rounded to float32, and handed to every backend as data,
 * so all of them start from the same bits. The memory is row-major float32 under {@link MemoryTag#TABLE}, 64-byte
 * aligned, owned by the arena that was given. Addresses are raw; immutable, any thread.
 *
 * <p>The transform of a real window of even length folds into a cosine transform of its even part (801 values, samples
 * 0..800) and a sine transform of its odd part (799 values, samples 1..799), a quarter of the multiplications of the
 * full matrix. The sine's sign is dropped: only squares are used.
 */
public final class DmelTables {
    /** Samples of a slot (50 ms), which is the hop. */
    public static final int SLOT_SAMPLES = 800;
    /** Samples of the window and of the transform. */
    public static final int WINDOW_SAMPLES = 1600;
    /** Frequencies of the transform, 0 to 8000 Hz in steps of 10. */
    public static final int BANDS = 801;
    /** Values of the window's even part. */
    public static final int EVEN = 801;
    /** Values of the window's odd part. */
    public static final int ODD = 799;
    /** Most bins of a mel; published models have 16. */
    public static final int MAX_BINS = 256;
    /** Most mels; published models have 80. */
    public static final int MAX_MELS = 256;

    private static final double LOWEST_CENTRE = -7;
    private static final double HIGHEST_CENTRE = 2;
    private static final double BAND_HZ = 10;
    private static final double TOP_HZ = 8_000;

    /** Slaney's scale: linear below 1 kHz (15 mels), then 27 mels per factor of 6.4. */
    private static final double LINEAR_HZ_PER_MEL = 200.0 / 3;

    private static final double LOG_START_HZ = 1_000;
    private static final double LOG_START_MEL = 15;
    private static final double LOG_STEP = StrictMath.log(6.4) / 27;

    private final int mels;
    private final int bins;
    private final MemorySegment hann;
    private final MemorySegment cos;
    private final MemorySegment sin;
    private final MemorySegment filters;
    private final MemorySegment thresholds;

    /**
     * Computes the tables.
     *
     * @param arena owns the memory, about 5.4 MB
     * @param mels mel bands, 1 to {@value #MAX_MELS} ({@code audio_config.n_mel_bins})
     * @param bins centres per mel, 2 to {@value #MAX_BINS} ({@code audio_config.mel_vocab_size})
     */
    public DmelTables(final FreezableArena arena, final int mels, final int bins) {
        if (mels < 1 || mels > MAX_MELS) {
            throw new IllegalArgumentException("mels is " + mels + "; allowed: 1 to " + MAX_MELS);
        }
        if (bins < 2 || bins > MAX_BINS) {
            throw new IllegalArgumentException("bins is " + bins + "; allowed: 2 to " + MAX_BINS);
        }
        this.mels = mels;
        this.bins = bins;
        final double[] turn = new double[WINDOW_SAMPLES];
        final double[] quarterLater = new double[WINDOW_SAMPLES];
        for (int j = 0; j < WINDOW_SAMPLES; j++) {
            final double angle = 2 * Math.PI * j / WINDOW_SAMPLES;
            turn[j] = StrictMath.cos(angle);
            quarterLater[j] = StrictMath.sin(angle);
        }
        hann = table(arena, WINDOW_SAMPLES, n -> 0.5 - 0.5 * turn[n]);
        cos = table(arena, BANDS * EVEN, i -> turn[(i / EVEN) * (i % EVEN) % WINDOW_SAMPLES]);
        sin = table(arena, BANDS * ODD, i -> quarterLater[(i / ODD) * (i % ODD + 1) % WINDOW_SAMPLES]);
        final double[] edges = edgesHz(mels);
        filters = table(arena, mels * BANDS, i -> filter(edges, i / BANDS, i % BANDS * BAND_HZ));
        thresholds = table(arena, bins - 1, i -> StrictMath.pow(10, midpoint(i)));
    }

    /** Mel bands, m. */
    public int mels() {
        return mels;
    }

    /** Bins per mel, one more than thresholds. */
    public int bins() {
        return bins;
    }

    /** Address of the periodic Hann window [1600]. */
    public long hann() {
        return hann.address();
    }

    /** Address of [801, 801]: row k holds cos(2πkn/1600) for n = 0..800. */
    public long cos() {
        return cos.address();
    }

    /** Address of [801, 799]: row k holds sin(2πkn/1600) for n = 1..799. */
    public long sin() {
        return sin.address();
    }

    /** Address of the mel filters [m, 801]: triangles over Slaney's mel scale, 0–8 kHz, each of area 1 (Hz). */
    public long filters() {
        return filters.address();
    }

    /** Address of the rising thresholds [bins - 1]: 10 to the midpoint of two neighbouring centres. */
    public long thresholds() {
        return thresholds.address();
    }

    /** How many thresholds there are. */
    public int thresholdCount() {
        return bins - 1;
    }

    /** log10 of the mel value half-way between centres {@code i} and {@code i + 1} of [-7, 2]. */
    double midpoint(final int i) {
        return LOWEST_CENTRE + (i + 0.5) * (HIGHEST_CENTRE - LOWEST_CENTRE) / (bins - 1);
    }

    /** Corner frequencies of the triangles, m + 2 of them, equally spaced in mels. */
    private static double[] edgesHz(final int mels) {
        final double top = LOG_START_MEL + StrictMath.log(TOP_HZ / LOG_START_HZ) / LOG_STEP;
        final double[] out = new double[mels + 2];
        for (int i = 0; i < out.length; i++) {
            final double mel = top * i / (mels + 1);
            out[i] = mel < LOG_START_MEL
                    ? LINEAR_HZ_PER_MEL * mel
                    : LOG_START_HZ * StrictMath.exp(LOG_STEP * (mel - LOG_START_MEL));
        }
        return out;
    }

    private static double filter(final double[] edges, final int m, final double hz) {
        final double rising = (hz - edges[m]) / (edges[m + 1] - edges[m]);
        final double falling = (edges[m + 2] - hz) / (edges[m + 2] - edges[m + 1]);
        final double height = Math.max(0, Math.min(rising, falling));
        return height * (2 / (edges[m + 2] - edges[m]));
    }

    private static MemorySegment table(final FreezableArena arena, final int length, final IntToDoubleFunction value) {
        final MemorySegment out = arena.allocate(MemoryTag.TABLE, (long) length * Float.BYTES, 64);
        for (int i = 0; i < length; i++) {
            out.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) value.applyAsDouble(i));
        }
        return out;
    }
}
