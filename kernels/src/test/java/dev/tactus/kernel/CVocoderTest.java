package dev.tactus.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import dev.tactus.kernel.c.CVocoder;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.vocoder.LogMelExtractor;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.kernel.vocoder.VocoderReference;
import dev.tactus.kernel.vocoder.VocoderTables;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The vocoder in C has the reference's bits, stays within its buffers and allocates nothing. */
class CVocoderTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long SEED = 5;

    @ParameterizedTest
    @MethodSource("dev.tactus.kernel.CLibrary#cases")
    void shouldHaveTheBitsOfTheReference(final Isa isa, final GuardedMemory.Edge edge) {
        CLibrary.kernels(isa);
        try (FreezableArena arena = new FreezableArena(new MemoryLedger());
                GuardedMemory memory = new GuardedMemory(SEED, edge)) {
            final VocoderTables tables = new VocoderTables(arena);
            final float[] frames = frames(memory, new LogMelExtractor(tables, arena));
            final Vocoder[] vocoders = {new VocoderReference(tables), new CVocoder(isa, tables)};
            final long[] states = {memory.floats(Vocoder.STATE_FLOATS), memory.floats(Vocoder.STATE_FLOATS)};
            final long logMel = memory.floats(Vocoder.BLOCK_MELS);
            final long[] out = {memory.floats(Vocoder.BLOCK_SAMPLES), memory.floats(Vocoder.BLOCK_SAMPLES)};
            final long scratch = memory.bytes(4L * Vocoder.SCRATCH_FLOATS);
            Vocoder.reset(states[0]);
            Vocoder.reset(states[1]);
            for (int block = 0; block < frames.length / Vocoder.BLOCK_MELS; block++) {
                for (int i = 0; i < Vocoder.BLOCK_MELS; i++) {
                    OffHeap.putFloat(logMel + 4L * i, frames[block * Vocoder.BLOCK_MELS + i]);
                }
                for (int v = 0; v < 2; v++) {
                    vocoders[v].block(states[v], logMel, out[v], scratch);
                }
                memory.assertSameBits("samples of block " + block, out[0], out[1], Vocoder.BLOCK_SAMPLES);
                memory.assertSameBits("state after block " + block, states[0], states[1], Vocoder.STATE_FLOATS);
            }
            memory.assertGuards("vocoder");
        }
    }

    /** Two blocks of a tone, two of silence and noise, two of a random spectrum, one of bad numbers. */
    private static float[] frames(final GuardedMemory memory, final LogMelExtractor extractor) {
        final float[] signal = new float[4 * Vocoder.BLOCK_SAMPLES];
        for (int i = 0; i < signal.length; i++) {
            signal[i] = i < signal.length / 2
                    ? (float) Math.sin(0.1 * i)
                    : 1e-3f * (float) memory.random().nextGaussian();
        }
        final float[] real = extractor.logMels(signal);
        final float[] frames = new float[7 * Vocoder.BLOCK_MELS];
        System.arraycopy(real, 0, frames, 0, real.length);
        Arrays.fill(frames, 2 * Vocoder.BLOCK_MELS, 3 * Vocoder.BLOCK_MELS, Vocoder.LOG_FLOOR);
        for (int i = real.length; i < frames.length; i++) {
            frames[i] = (float) memory.random().nextDouble(-14, 6);
        }
        for (int i = 6 * Vocoder.BLOCK_MELS; i < frames.length; i += 3) {
            frames[i] = new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}[i / 3 % 3];
        }
        return frames;
    }

    @Test
    void shouldAllocateNothing() {
        CLibrary.kernels(Isa.AVX2);
        try (FreezableArena arena = new FreezableArena(new MemoryLedger());
                GuardedMemory memory = new GuardedMemory(SEED)) {
            final Vocoder vocoder = new CVocoder(Isa.AVX2, new VocoderTables(arena));
            final long state = memory.floats(Vocoder.STATE_FLOATS);
            final long logMel = memory.gaussians(Vocoder.BLOCK_MELS);
            final long out = memory.floats(Vocoder.BLOCK_SAMPLES);
            final long scratch = memory.bytes(4L * Vocoder.SCRATCH_FLOATS);
            Vocoder.reset(state);
            long least = Long.MAX_VALUE;
            for (int batch = 0; batch < 8; batch++) {
                final long before = THREADS.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 20; i++) {
                    vocoder.block(state, logMel, out, scratch);
                }
                least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
            }
            assertEquals(0, least, "bytes by 20 blocks");
        }
    }
}
