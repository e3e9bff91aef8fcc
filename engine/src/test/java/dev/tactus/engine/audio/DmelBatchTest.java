package dev.tactus.engine.audio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Kernels;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.NumericClass;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DmelBatchTest {
    private static final long SEED = 20_261_122L;
    private static final int MELS = 80;

    /** Slots of noise of any loudness, a tenth of them missing; the counts meet the edges of the batches. */
    @ParameterizedTest
    @EnumSource(
            value = KernelChoice.class,
            names = {"AUTO", "VECTOR"})
    void shouldGiveTheBitsOfTheExtractor(final KernelChoice choice) {
        final SplittableRandom random = new SplittableRandom(SEED);
        final KernelSet kernels = Kernels.of(choice, null, NumericClass.EXACT).set();
        try (FreezableArena arena = new FreezableArena(new MemoryLedger())) {
            final DmelTables tables = new DmelTables(arena, MELS, 16);
            final DmelBatch batch = new DmelBatch(kernels, tables, arena);
            final DmelExtractor extractor = new DmelExtractor(kernels, tables, arena);
            final MemorySegment pair = arena.allocate(MemoryTag.TEST, 1600L * Float.BYTES, 64);
            final MemorySegment bins = arena.allocate(MemoryTag.TEST, (long) MELS * Integer.BYTES, 64);
            for (final int count : new int[] {1, 31, 32, 33, 64, 100}) {
                final float[][] slots = new float[count][];
                for (int i = 0; i < count; i++) {
                    slots[i] = random.nextInt(10) == 0 ? null : noise(random);
                }
                final int[][] found = batch.bins(slots);
                for (int i = 0; i < count; i++) {
                    if (slots[i] == null) {
                        assertNull(found[i]);
                        continue;
                    }
                    final boolean first = i == 0 || slots[i - 1] == null;
                    MemorySegment.copy(first ? slots[i] : slots[i - 1], 0, pair, ValueLayout.JAVA_FLOAT, 0, 800);
                    MemorySegment.copy(slots[i], 0, pair, ValueLayout.JAVA_FLOAT, 3200, 800);
                    extractor.slot(first ? 0 : pair.address(), pair.address() + 3200, bins.address());
                    assertArrayEquals(
                            bins.toArray(ValueLayout.JAVA_INT),
                            found[i],
                            "slot " + i + " of " + count + ", seed " + SEED);
                }
            }
        }
    }

    private static float[] noise(final SplittableRandom random) {
        final float[] slot = new float[800];
        final double gain = Math.pow(10, -3 * random.nextDouble());
        for (int i = 0; i < slot.length; i++) {
            slot[i] = (float) (gain * random.nextGaussian());
        }
        return slot;
    }

    @Test
    void shouldTakeNothing() {
        final KernelSet kernels =
                Kernels.of(KernelChoice.AUTO, null, NumericClass.EXACT).set();
        try (FreezableArena arena = new FreezableArena(new MemoryLedger())) {
            final DmelBatch batch = new DmelBatch(kernels, new DmelTables(arena, MELS, 16), arena);
            assertEquals(0, batch.bins(new float[0][]).length);
            assertArrayEquals(new int[3][], batch.bins(new float[3][]));
        }
    }
}
