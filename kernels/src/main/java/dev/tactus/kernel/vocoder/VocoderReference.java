package dev.tactus.kernel.vocoder;

import static dev.tactus.kernel.vocoder.VocoderLayout.FIRST_BIN;
import static dev.tactus.kernel.vocoder.VocoderLayout.HALF;
import static dev.tactus.kernel.vocoder.VocoderLayout.HOP;
import static dev.tactus.kernel.vocoder.VocoderLayout.KEPT;
import static dev.tactus.kernel.vocoder.VocoderLayout.LANES;
import static dev.tactus.kernel.vocoder.VocoderLayout.MELS;
import static dev.tactus.kernel.vocoder.VocoderLayout.NOISE_ROWS;
import static dev.tactus.kernel.vocoder.VocoderLayout.STRIP;

import dev.tactus.kernel.Elementary;
import dev.tactus.memory.OffHeap;

/**
 * The vocoder in plain Java: what {@code vocoder.h} equals bit for bit.
 *
 * <p>The 8 frames at work are lanes: 0 to 2 those still open from the last block, 3 to 7 those of this one, which are
 * admitted one after another; each gets its first phases from the frames that overlap it and a little noise. Then all
 * are iterated, and the first 5 are settled.
 */
public final class VocoderReference implements Vocoder {
    /** Iterations after each new frame. */
    static final int GROWING = 3;
    /** Iterations with all frames. */
    static final int FINAL = 25;

    private static final float ALPHA = 0.9f;
    private static final float LOG_LOW = -11.6f;
    private static final float LOG_HIGH = 4f;
    private static final float MEL_FLOOR = 1.0001e-5f;
    private static final float TINY_POWER = 1e-20f;
    private static final float TINY_MEL = 1e-14f;
    private static final int WINDOW_HOPS = 4;
    private static final int PART = HALF / WINDOW_HOPS;

    private final long tables;

    /** A vocoder over these tables, whose memory must outlive it. */
    public VocoderReference(final VocoderTables tables) {
        this(tables.address());
    }

    /** The same over the tables at {@link VocoderTables#address()}. */
    public VocoderReference(final long tables) {
        this.tables = tables;
    }

    @Override
    public String name() {
        return "java/reference";
    }

    @Override
    public void block(final long state, final long logMel, final long out, final long scratch) {
        begin(state, logMel, scratch);
        final int frame = OffHeap.getInt(state + 4L * VocoderLayout.FRAME);
        for (int lane = KEPT; lane < LANES; lane++) {
            iterate(scratch, lane);
            admit(scratch, lane, (frame + lane - KEPT) % NOISE_ROWS);
            for (int i = 1; i < GROWING; i++) {
                iterate(scratch, lane + 1);
            }
        }
        OffHeap.copy(at(scratch, VocoderLayout.RE), at(scratch, VocoderLayout.LAST_RE), 2L * 4 * HALF * LANES);
        for (int i = 0; i < FINAL; i++) {
            iterate(scratch, LANES);
            hurry(scratch, VocoderLayout.RE, VocoderLayout.LAST_RE);
            hurry(scratch, VocoderLayout.IM, VocoderLayout.LAST_IM);
        }
        end(state, out, scratch);
    }

    private static long at(final long base, final int index) {
        return base + (long) index * Float.BYTES;
    }

    private static float get(final long base, final int index) {
        return OffHeap.getFloat(at(base, index));
    }

    private static void put(final long base, final int index, final float value) {
        OffHeap.putFloat(at(base, index), value);
    }

    private float table(final int index) {
        return get(tables, index);
    }

    private int firstBin(final int segment) {
        return OffHeap.getInt(at(tables, FIRST_BIN + segment));
    }

    /** The mel that a log mel wants; a NaN is silence, as is what is not above the floor. */
    private static float mel(final float logMel) {
        final float floored = logMel > LOG_LOW ? logMel : LOG_LOW;
        final float limited = floored < LOG_HIGH ? floored : LOG_HIGH;
        final float mel = Elementary.exp(limited) - MEL_FLOOR;
        return mel > 0 ? mel : 0;
    }

    private static void begin(final long state, final long logMel, final long scratch) {
        open(state, VocoderLayout.KEPT_OVERLAP, scratch, VocoderLayout.OVERLAP, HOP);
        open(state, VocoderLayout.KEPT_RE, scratch, VocoderLayout.RE, HALF);
        open(state, VocoderLayout.KEPT_IM, scratch, VocoderLayout.IM, HALF);
        open(state, VocoderLayout.KEPT_MEL, scratch, VocoderLayout.TARGET, MELS);
        for (int m = 0; m < MELS; m++) {
            for (int lane = 0; lane < LANES; lane++) {
                final float mel = lane < KEPT ? 0 : mel(get(logMel, (lane - KEPT) * MELS + m));
                put(scratch, VocoderLayout.WANTED + m * LANES + lane, mel);
            }
        }
    }

    /** Rows of 3 floats to rows of 8, the others 0. */
    private static void open(final long state, final int from, final long scratch, final int to, final int rows) {
        for (int row = 0; row < rows; row++) {
            for (int lane = 0; lane < LANES; lane++) {
                put(scratch, to + row * LANES + lane, lane < KEPT ? get(state, from + row * KEPT + lane) : 0);
            }
        }
    }

    /** Lanes 5 to 7 to rows of 3 floats. */
    private static void keep(final long scratch, final int from, final long state, final int to, final int rows) {
        for (int row = 0; row < rows; row++) {
            for (int lane = 0; lane < KEPT; lane++) {
                put(state, to + row * KEPT + lane, get(scratch, from + row * LANES + BLOCK_FRAMES + lane));
            }
        }
    }

    /** Spectra that have the mels wanted to the spectra of the signal that comes nearest to them. */
    private void iterate(final long scratch, final int admitted) {
        project(scratch);
        LaneTransform.inverse(
                tables,
                at(scratch, VocoderLayout.RE),
                at(scratch, VocoderLayout.OTHER_RE),
                at(scratch, VocoderLayout.TIME_RE));
        for (int i = 0; i < HOP; i++) {
            final int part = (i & 1) == 0 ? VocoderLayout.TIME_RE : VocoderLayout.TIME_IM;
            overlap(scratch, at(scratch, part + (i >> 1) * LANES), i, admitted);
        }
        LaneTransform.forward(
                tables,
                at(scratch, VocoderLayout.TIME_RE),
                at(scratch, VocoderLayout.OTHER_RE),
                at(scratch, VocoderLayout.RE));
    }

    /** Gives the spectra the mels wanted, or nearly so where two mels hear a bin. */
    private void project(final long scratch) {
        for (int lane = 0; lane < LANES; lane++) {
            ratios(scratch, lane);
            put(scratch, VocoderLayout.RATIO + lane, 0);
            put(scratch, VocoderLayout.RATIO + (MELS + 1) * LANES + lane, 0);
            for (int q = 0; q <= MELS; q++) {
                final float below = get(scratch, VocoderLayout.RATIO + q * LANES + lane);
                final float above = get(scratch, VocoderLayout.RATIO + (q + 1) * LANES + lane);
                for (int k = firstBin(q); k < firstBin(q + 1); k++) {
                    final float gain = Math.fma(
                            above,
                            table(VocoderLayout.RISING_SHARE + k),
                            below * table(VocoderLayout.FALLING_SHARE + k));
                    final int re = VocoderLayout.RE + k * LANES + lane;
                    final int im = VocoderLayout.IM + k * LANES + lane;
                    put(scratch, re, get(scratch, re) * gain);
                    put(scratch, im, get(scratch, im) * gain);
                }
            }
        }
    }

    /** Of one lane: mels wanted over mels there are, a segment between two corners at a time. */
    private void ratios(final long scratch, final int lane) {
        float before = 0;
        for (int q = 0; q <= MELS; q++) {
            float up = 0;
            float down = before;
            for (int k = firstBin(q); k < firstBin(q + 1); k++) {
                final float re = get(scratch, VocoderLayout.RE + k * LANES + lane);
                final float im = get(scratch, VocoderLayout.IM + k * LANES + lane);
                final float power = Math.fma(re, re, im * im);
                final float magnitude = (float) Math.sqrt(power > TINY_POWER ? power : TINY_POWER);
                up = Math.fma(table(VocoderLayout.RISING + k), magnitude, up);
                down = Math.fma(table(VocoderLayout.FALLING + k), magnitude, down);
            }
            if (q > 0) {
                final float target = get(scratch, VocoderLayout.TARGET + (q - 1) * LANES + lane);
                put(scratch, VocoderLayout.RATIO + q * LANES + lane, target / (down > TINY_MEL ? down : TINY_MEL));
            }
            before = up;
        }
    }

    /** Lane {@code lane} of the frames' sample i + 160 k under the synthesis window; 0 outside lanes 0 to limit - 1. */
    private float frame(final long x, final int i, final int k, final int lane, final int limit) {
        return lane >= 0 && lane < limit
                ? get(x, PART * LANES * k + lane) * table(VocoderLayout.SYNTHESIS + i + HOP * k)
                : 0;
    }

    /** What frames add up to in sample i of hop {@code hop}. */
    private float sum(final long scratch, final long x, final int i, final int hop, final int limit) {
        final float f1 = frame(x, i, 1, hop - 1, limit);
        final float f2 = frame(x, i, 2, hop - 2, limit);
        final float f3 = frame(x, i, 3, hop - 3, limit);
        if (hop >= LANES) {
            return (f1 + f2) + f3;
        }
        final float settled = get(scratch, VocoderLayout.OVERLAP + i * LANES + hop);
        return (((settled + frame(x, i, 0, hop, limit)) + f1) + f2) + f3;
    }

    /** Sample i of every hop out of that of the frames, then back to that of frames of the signal. */
    private void overlap(final long scratch, final long x, final int i, final int admitted) {
        final int norm = VocoderLayout.NORM + i * STRIP + LANES - admitted;
        final int signal = VocoderLayout.MEL; // free since the block began
        for (int hop = 0; hop < LANES + KEPT; hop++) {
            put(scratch, signal + hop, sum(scratch, x, i, hop, LANES) * table(norm + hop));
        }
        for (int k = 0; k < WINDOW_HOPS; k++) {
            final float window = table(VocoderLayout.ANALYSIS + i + HOP * k);
            for (int lane = 0; lane < LANES; lane++) {
                put(x, PART * LANES * k + lane, get(scratch, signal + lane + k) * window);
            }
        }
    }

    /** Admits a lane: what overlaps it has given it phases, a little noise gives some to what is new. */
    private void admit(final long scratch, final int lane, final int noiseRow) {
        float above = 0;
        for (int q = 0; q <= MELS; q++) {
            final float below = above;
            above = q < MELS
                    ? get(scratch, VocoderLayout.WANTED + q * LANES + lane) * table(VocoderLayout.EXCITATION + q)
                    : 0;
            for (int k = firstBin(q); k < firstBin(q + 1); k++) {
                final float size = Math.fma(
                        above, table(VocoderLayout.RISING_SHARE + k), below * table(VocoderLayout.FALLING_SHARE + k));
                final int noise = VocoderLayout.NOISE + 2 * (noiseRow + k);
                final int re = VocoderLayout.RE + k * LANES + lane;
                final int im = VocoderLayout.IM + k * LANES + lane;
                put(scratch, re, Math.fma(size, table(noise), get(scratch, re)));
                put(scratch, im, Math.fma(size, table(noise + 1), get(scratch, im)));
            }
            if (q < MELS) {
                final int wanted = q * LANES + lane;
                put(scratch, VocoderLayout.TARGET + wanted, get(scratch, VocoderLayout.WANTED + wanted));
            }
        }
    }

    /** x + α (x - last), and x becomes last. */
    private static void hurry(final long scratch, final int x, final int last) {
        for (int i = LANES; i < HALF * LANES; i++) {
            final float now = get(scratch, x + i);
            put(scratch, x + i, Math.fma(ALPHA, now - get(scratch, last + i), now));
            put(scratch, last + i, now);
        }
    }

    private static float clip(final float x) {
        final float floored = x > -1 ? x : -1;
        return floored < 1 ? floored : 1;
    }

    /** Keeps the open frames, and settles the first 5: their hops are complete, and what reaches further is kept. */
    private void end(final long state, final long out, final long scratch) {
        keep(scratch, VocoderLayout.RE, state, VocoderLayout.KEPT_RE, HALF);
        keep(scratch, VocoderLayout.IM, state, VocoderLayout.KEPT_IM, HALF);
        keep(scratch, VocoderLayout.TARGET, state, VocoderLayout.KEPT_MEL, MELS);
        final long frame = at(state, VocoderLayout.FRAME);
        OffHeap.putInt(frame, (OffHeap.getInt(frame) + BLOCK_FRAMES) % NOISE_ROWS);
        project(scratch);
        LaneTransform.inverse(
                tables,
                at(scratch, VocoderLayout.RE),
                at(scratch, VocoderLayout.OTHER_RE),
                at(scratch, VocoderLayout.TIME_RE));
        for (int i = 0; i < HOP; i++) {
            final int part = (i & 1) == 0 ? VocoderLayout.TIME_RE : VocoderLayout.TIME_IM;
            final long x = at(scratch, part + (i >> 1) * LANES);
            final float norm = table(VocoderLayout.NORM + i * STRIP);
            for (int hop = 0; hop < LANES; hop++) {
                final float sum = sum(scratch, x, i, hop, BLOCK_FRAMES);
                if (hop < BLOCK_FRAMES) {
                    put(out, HOP * hop + i, clip(sum * norm));
                } else {
                    put(state, VocoderLayout.KEPT_OVERLAP + i * KEPT + hop - BLOCK_FRAMES, sum);
                }
            }
        }
    }
}
