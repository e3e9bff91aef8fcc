package dev.tactus.kernel.vocoder;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.util.SplittableRandom;

/** Tables and buffers of a test, and sounds to try them on. */
final class VocoderMemory implements AutoCloseable {
    private final FreezableArena arena = new FreezableArena(new MemoryLedger());
    final VocoderTables tables = new VocoderTables(arena);
    final LogMelExtractor extractor = new LogMelExtractor(tables, arena);
    private final long logMel = floats(Vocoder.BLOCK_MELS);
    private final long out = floats(Vocoder.BLOCK_SAMPLES);
    private final long scratch = floats(Vocoder.SCRATCH_FLOATS);

    long floats(final int count) {
        return arena.allocate(MemoryTag.TEST, 4L * count, Vocoder.ALIGNMENT).address();
    }

    long scratch() {
        return scratch;
    }

    /** A state at silence. */
    long state() {
        final long state = floats(Vocoder.STATE_FLOATS);
        Vocoder.reset(state);
        return state;
    }

    /** The sound of block {@code block} of frames [frames, 80], silence after their end. */
    float[] block(final Vocoder vocoder, final long state, final float[] logMels, final int block) {
        for (int i = 0; i < Vocoder.BLOCK_MELS; i++) {
            final int at = block * Vocoder.BLOCK_MELS + i;
            OffHeap.putFloat(logMel + 4L * i, at < logMels.length ? logMels[at] : Vocoder.LOG_FLOOR);
        }
        vocoder.block(state, logMel, out, scratch);
        final float[] samples = new float[Vocoder.BLOCK_SAMPLES];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = OffHeap.getFloat(out + 4L * i);
        }
        return samples;
    }

    /** The sound of all frames, with what the vocoder holds back, its delay included. */
    float[] say(final Vocoder vocoder, final float[] logMels) {
        final long state = state();
        final int blocks = Math.ceilDiv(logMels.length, Vocoder.BLOCK_MELS) + Vocoder.FLUSH_BLOCKS;
        final float[] samples = new float[blocks * Vocoder.BLOCK_SAMPLES];
        for (int b = 0; b < blocks; b++) {
            System.arraycopy(
                    block(vocoder, state, logMels, b), 0, samples, b * Vocoder.BLOCK_SAMPLES, Vocoder.BLOCK_SAMPLES);
        }
        return samples;
    }

    /** The sound without its delay, as long as the signal. */
    static float[] aligned(final float[] samples, final int length) {
        final float[] aligned = new float[length];
        System.arraycopy(samples, Vocoder.DELAY_SAMPLES, aligned, 0, length);
        return aligned;
    }

    /** Syllables of a voice whose pitch glides between 110 and 190 Hz, with some breath. */
    static float[] voice(final int samples, final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final float[] out = new float[samples];
        double phase = 0;
        for (int i = 0; i < samples; i++) {
            final double t = i / (double) Vocoder.SAMPLE_RATE_HZ;
            final double pitch = 150 + 40 * Math.sin(2 * Math.PI * 0.7 * t);
            phase += 2 * Math.PI * pitch / Vocoder.SAMPLE_RATE_HZ;
            final double formant = 700 + 400 * Math.sin(2 * Math.PI * 1.3 * t);
            double sum = 0.1 * random.nextGaussian();
            for (int h = 1; h * pitch < 4_000; h++) {
                final double away = (h * pitch - formant) / 300;
                sum += (1 / (1 + away * away) + 0.2 / h) * Math.sin(h * phase);
            }
            final double syllable = Math.max(0, Math.sin(2 * Math.PI * 2 * t));
            out[i] = (float) (0.1 * syllable * sum);
        }
        return out;
    }

    /** A sine from 200 to 6000 Hz. */
    static float[] chirp(final int samples) {
        final float[] out = new float[samples];
        double phase = 0;
        for (int i = 0; i < samples; i++) {
            phase += 2 * Math.PI * (200 + 5_800.0 * i / samples) / Vocoder.SAMPLE_RATE_HZ;
            out[i] = (float) (0.5 * Math.sin(phase));
        }
        return out;
    }

    /** Log mels that no signal has. */
    static float[] randomFrames(final int frames, final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final float[] out = new float[frames * Vocoder.MELS];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) random.nextDouble(-13, 1);
        }
        return out;
    }

    @Override
    public void close() {
        arena.close();
    }
}
