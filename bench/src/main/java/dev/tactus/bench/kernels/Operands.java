package dev.tactus.bench.kernels;

import dev.tactus.kernel.c.Region;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/** The memory of all cases, freed together. Not thread-safe. */
final class Operands implements AutoCloseable {
    private static final int ALIGNMENT = 64;
    private static final int PAGE = 1 << 12;
    private static final int PATTERN = 1 << 16;

    /** Behind the streamed weights: rows that a tile may read beyond the last one. */
    private static final long SPARE = 1 << 18;

    private final FreezableArena arena = new FreezableArena(new MemoryLedger());
    private final SplittableRandom random = new SplittableRandom(1);
    private final long streamBytes;
    private final int threads;
    private MemorySegment stream;

    Operands(final KernelScenario scenario) {
        streamBytes = scenario.bytes();
        threads = scenario.threads();
    }

    /** Bytes of {@link #stream}. */
    long streamBytes() {
        return streamBytes;
    }

    /** The weights that are streamed: the same for all cases, bits that are float32, bfloat16 and int8 alike. */
    Region stream() {
        if (stream == null) {
            stream = arena.allocate(MemoryTag.WEIGHTS, streamBytes + SPARE, PAGE);
            fill(stream);
        }
        return new Region(stream.address(), streamBytes);
    }

    /** Bits of weights of which nothing matters but that they are numbers. */
    Region weights(final long bytes) {
        final MemorySegment segment = arena.allocate(MemoryTag.WEIGHTS, bytes, ALIGNMENT);
        fill(segment);
        return new Region(segment.address(), bytes);
    }

    private void fill(final MemorySegment segment) {
        final long pattern = Math.min(PATTERN, segment.byteSize());
        for (long i = 0; i < pattern - 1; i += Short.BYTES) {
            OffHeap.putShort(segment.address() + i, (short) (random.nextInt() & 0x807f | 0x3c00));
        }
        for (long done = pattern; done < segment.byteSize(); done *= 2) {
            MemorySegment.copy(segment, 0, segment, done, Math.min(done, segment.byteSize() - done));
        }
    }

    /** Zeros. */
    Region zeros(final long bytes) {
        return new Region(arena.allocate(MemoryTag.ACTIVATION, bytes, ALIGNMENT).address(), bytes);
    }

    /** Float32 between -1/2 and 1/2. */
    Region noise(final long floats) {
        final Region region = zeros(floats * Float.BYTES);
        for (long i = 0; i < floats; i++) {
            OffHeap.putFloat(region.address() + i * Float.BYTES, (float) (random.nextDouble() - 0.5));
        }
        return region;
    }

    /** Working space for every worker. */
    Region[] scratch(final long bytes) {
        final Region[] scratch = new Region[threads];
        for (int i = 0; i < threads; i++) {
            scratch[i] = zeros(bytes);
        }
        return scratch;
    }

    @Override
    public void close() {
        arena.close();
    }
}
