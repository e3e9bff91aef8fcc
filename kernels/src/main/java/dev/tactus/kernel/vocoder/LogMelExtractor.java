package dev.tactus.kernel.vocoder;

import static dev.tactus.kernel.vocoder.VocoderLayout.FIRST_BIN;
import static dev.tactus.kernel.vocoder.VocoderLayout.HALF;
import static dev.tactus.kernel.vocoder.VocoderLayout.LANES;

import dev.tactus.kernel.Elementary;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * Log-mel frames of a signal at 16 kHz: what a model of speech is trained to say and what a {@link Vocoder} turns back
 * into sound.
 *
 * <p>Frame i covers samples [160 i - 240, 160 i + 400) under a periodic Hann window, with silence outside the signal:
 * its centre is that of hop i. It is ln(max(mel, 1e-5)) for 80 Slaney mels of the magnitudes of a transform of 640
 * points (EXACT class). A signal of n samples has ⌈n / 160⌉ frames, five of which make a block. Frames are reported 8
 * at a time, as soon as all samples of the 8 are there, whatever the chunks that samples arrive in.
 *
 * <p>The memory belongs to the arena that was given. One thread; nothing is allocated after construction but the result
 * of {@link #logMels(float[])}.
 */
public final class LogMelExtractor {
    /** Receives frames. */
    @FunctionalInterface
    public interface FrameSink {
        /**
         * Called once per frame, in order, on the extractor's thread.
         *
         * @param frame number of the frame, from 0
         * @param logMel float32 [80], valid until the call returns
         */
        void onFrame(long frame, MemorySegment logMel);
    }

    private static final int HOP = Vocoder.HOP_SAMPLES;
    private static final int WINDOW = Vocoder.WINDOW_SAMPLES;
    private static final int BATCH = LANES * HOP;
    private static final int LEAD = Vocoder.LEAD_SAMPLES;
    private static final int HELD = WINDOW + BATCH - HOP;
    private static final float LEAST_POWER = 1e-10f;
    private static final float LEAST_MEL = 1e-5f;

    private final long tables;
    private final MemorySegment samples; // [1760], of 8 frames
    private final MemorySegment logMel;
    private final long time;
    private final long work;
    private final long spectrum;
    private final long mels; // [8, 80]
    private int filled;
    private long arrived;
    private long reported;

    /**
     * An extractor at sample 0.
     *
     * @param tables constants, whose memory must outlive it
     * @param arena owns the working memory, about 70 KB under {@link MemoryTag#SCRATCH}
     */
    public LogMelExtractor(final VocoderTables tables, final FreezableArena arena) {
        this.tables = tables.address();
        samples = floats(arena, HELD);
        logMel = floats(arena, Vocoder.MELS);
        time = floats(arena, 2 * HALF * LANES).address();
        work = floats(arena, 2 * HALF * LANES).address();
        spectrum = floats(arena, 2 * HALF * LANES).address();
        mels = floats(arena, LANES * Vocoder.MELS).address();
        restart();
    }

    private static MemorySegment floats(final FreezableArena arena, final int count) {
        return arena.allocate(MemoryTag.SCRATCH, (long) count * Float.BYTES, Vocoder.ALIGNMENT);
    }

    /** Frames of a signal of {@code samples} samples, the last one of which may reach beyond its end. */
    public static long frames(final long samples) {
        return Math.ceilDiv(samples, (long) HOP);
    }

    /**
     * Takes samples at 16 kHz and reports the frames that they complete.
     *
     * @param source samples
     * @param offset index of the first
     * @param count how many
     * @param sink receives frames
     */
    public void accept(final float[] source, final int offset, final int count, final FrameSink sink) {
        Objects.checkFromIndexSize(offset, count, source.length);
        int taken = 0;
        while (taken < count) {
            final int part = Math.min(count - taken, HELD - filled);
            MemorySegment.copy(source, offset + taken, samples, ValueLayout.JAVA_FLOAT, 4L * filled, part);
            taken += part;
            filled += part;
            arrived += part;
            if (filled == HELD) {
                report(LANES, sink);
            }
        }
    }

    /** Reports the frames that are left, with silence after the signal; then starts again at sample 0. */
    public void finish(final FrameSink sink) {
        final long frames = frames(arrived);
        while (reported < frames) {
            samples.asSlice(4L * filled).fill((byte) 0);
            filled = HELD;
            report((int) Math.min(LANES, frames - reported), sink);
        }
        restart();
    }

    /**
     * Frames of a whole signal at 16 kHz; a stream that was under way is forgotten.
     *
     * @return [⌈n / 160⌉, 80], row-major
     */
    public float[] logMels(final float[] signal) {
        restart();
        final float[] out = new float[Math.toIntExact(frames(signal.length) * Vocoder.MELS)];
        final FrameSink sink = (frame, row) ->
                MemorySegment.copy(row, ValueLayout.JAVA_FLOAT, 0, out, (int) frame * Vocoder.MELS, Vocoder.MELS);
        accept(signal, 0, signal.length, sink);
        finish(sink);
        return out;
    }

    private void restart() {
        samples.asSlice(0, 4L * LEAD).fill((byte) 0);
        filled = LEAD;
        arrived = 0;
        reported = 0;
    }

    /** Transforms the 8 frames that are held, reports the first {@code count} and drops 8 hops. */
    private void report(final int count, final FrameSink sink) {
        final long held = samples.address();
        for (int n = 0; n < WINDOW; n++) {
            final float window = OffHeap.getFloat(tables + 4L * (VocoderLayout.ANALYSIS + n));
            final long row = time + 4L * LANES * ((n & 1) * HALF + (n >> 1));
            for (int lane = 0; lane < LANES; lane++) {
                OffHeap.putFloat(row + 4L * lane, OffHeap.getFloat(held + 4L * (HOP * lane + n)) * window);
            }
        }
        LaneTransform.forward(tables, time, work, spectrum);
        for (int lane = 0; lane < count; lane++) {
            frame(lane);
            OffHeap.copy(mels + 4L * lane * Vocoder.MELS, logMel.address(), 4L * Vocoder.MELS);
            sink.onFrame(reported++, logMel);
        }
        OffHeap.copy(held + 4L * BATCH, held, 4L * (HELD - BATCH));
        filled -= BATCH;
    }

    /** Log mels of a lane, a segment between two corners at a time. */
    private void frame(final int lane) {
        float before = 0;
        for (int q = 0; q <= Vocoder.MELS; q++) {
            float up = 0;
            float down = before;
            final int end = OffHeap.getInt(tables + 4L * (FIRST_BIN + q + 1));
            for (int k = OffHeap.getInt(tables + 4L * (FIRST_BIN + q)); k < end; k++) {
                final float re = OffHeap.getFloat(spectrum + 4L * (LANES * k + lane));
                final float im = OffHeap.getFloat(spectrum + 4L * (LANES * (HALF + k) + lane));
                final float power = Math.fma(re, re, im * im);
                final float magnitude = (float) Math.sqrt(power > LEAST_POWER ? power : LEAST_POWER);
                up = Math.fma(OffHeap.getFloat(tables + 4L * (VocoderLayout.RISING + k)), magnitude, up);
                down = Math.fma(OffHeap.getFloat(tables + 4L * (VocoderLayout.FALLING + k)), magnitude, down);
            }
            if (q > 0) {
                final float mel = down > LEAST_MEL ? down : LEAST_MEL;
                OffHeap.putFloat(mels + 4L * (lane * Vocoder.MELS + q - 1), Elementary.log(mel));
            }
            before = up;
        }
    }
}
