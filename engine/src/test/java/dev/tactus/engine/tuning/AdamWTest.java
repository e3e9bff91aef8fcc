package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AdamWTest {
    private static final long SEED = 17;

    /** Matrices that end within a block, vectors, and gaps nobody trains. */
    private static final List<AdamSlice> SLICES = List.of(
            new AdamSlice("matrix", 5, 3 * AdamW.BLOCK + 77, true),
            new AdamSlice("norm", 3 * AdamW.BLOCK + 82, 63, false),
            new AdamSlice("last", 4 * AdamW.BLOCK, 1001, true));

    private static final int COUNT = 5 * AdamW.BLOCK;

    private final Arena arena = Arena.ofShared();

    @AfterEach
    void closeArena() {
        arena.close();
    }

    @Test
    void shouldFollowTheFormulaInDouble() {
        final AdamSettings settings = new AdamSettings(0.9, 0.98, 1e-8, 0.05, 2.0);
        final Slab slab = new Slab();
        final AdamW optimiser = new AdamW(settings, slab.addresses(), SLICES);
        final double[] w = slab.doubles(0);
        final double[] m = new double[COUNT];
        final double[] v = new double[COUNT];
        boolean clipped = false;
        for (int step = 1; step <= 20; step++) {
            final double size = step % 2 == 0 ? 1 : 1e-4;
            slab.fillGradients(step, (float) size);
            final double[] g = slab.doubles(1);
            double sum = 0;
            for (final AdamSlice slice : SLICES) {
                for (long i = slice.offset(); i < slice.offset() + slice.count(); i++) {
                    sum += g[(int) i] / 4 * (g[(int) i] / 4);
                }
            }
            final double norm = Math.sqrt(sum);
            final AdamStep done = optimiser.step(1e-2, 4, BlockSplit.INLINE);
            assertEquals(norm, done.gradientNorm(), 1e-12 * norm);
            assertEquals(norm > 2, done.clipped());
            assertEquals(step, done.step());
            clipped |= done.clipped();
            final double factor = Math.min(1, 2 / norm) / 4;
            for (final AdamSlice slice : SLICES) {
                for (int i = (int) slice.offset(); i < slice.offset() + slice.count(); i++) {
                    m[i] = 0.9 * m[i] + 0.1 * g[i] * factor;
                    v[i] = 0.98 * v[i] + 0.02 * g[i] * factor * g[i] * factor;
                    final double root = Math.sqrt(v[i] / (1 - Math.pow(0.98, step))) + 1e-8;
                    w[i] -= 1e-2 * (slice.decays() ? 0.05 : 0) * w[i];
                    w[i] -= 1e-2 * m[i] / (1 - Math.pow(0.9, step)) / root;
                }
            }
        }
        assertTrue(clipped);
        assertEquals(20, optimiser.steps());
        double worst = 0;
        final double[] found = slab.doubles(0);
        for (int i = 0; i < COUNT; i++) {
            worst = Math.max(worst, Math.abs(found[i] - w[i]));
        }
        assertTrue(worst < 3e-6, "worst difference " + worst);
    }

    @Test
    void shouldNotTouchWhatIsNotTrained() {
        final Slab slab = new Slab();
        final float[] before = slab.floats(0);
        slab.fillGradients(1, 1f);
        new AdamW(AdamSettings.standard(), slab.addresses(), SLICES).step(0.1, 1, BlockSplit.INLINE);
        final float[] after = slab.floats(0);
        int changed = 0;
        for (int i = 0; i < COUNT; i++) {
            final long at = i;
            final boolean trained = SLICES.stream().anyMatch(s -> at >= s.offset() && at < s.offset() + s.count());
            assertEquals(trained, before[i] != after[i], "element " + i);
            changed += trained ? 1 : 0;
        }
        assertEquals(SLICES.stream().mapToLong(AdamSlice::count).sum(), changed);
    }

    @Test
    void shouldEndInTheSameBitsWithAnyNumberOfWorkers() {
        final ExecutorService executor = Executors.newFixedThreadPool(4);
        try {
            final float[] alone = trained(BlockSplit.INLINE);
            for (final int workers : new int[] {1, 2, 3, 5}) {
                assertSameBits(alone, trained(BlockSplit.over(executor, workers)), workers + " workers");
            }
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void shouldGoOnBitForBit() {
        final Slab whole = new Slab();
        final AdamW straight = new AdamW(AdamSettings.standard(), whole.addresses(), SLICES);
        run(straight, whole, 0, 10);
        final Slab first = new Slab();
        run(new AdamW(AdamSettings.standard(), first.addresses(), SLICES), first, 0, 5);
        final AdamW second = new AdamW(AdamSettings.standard(), first.addresses(), SLICES);
        second.resumeAt(5);
        run(second, first, 5, 10);
        assertSameBits(whole.floats(0), first.floats(0), "resumed at 5");
        assertSameBits(whole.floats(3), first.floats(3), "second moments");
    }

    @Test
    void shouldRefuseAGradientThatIsNoNumberAndChangeNothing() {
        for (final float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            final Slab slab = new Slab();
            final AdamW optimiser = new AdamW(AdamSettings.standard(), slab.addresses(), SLICES);
            run(optimiser, slab, 0, 2);
            slab.fillGradients(9, 1f);
            slab.arrays[1].setAtIndex(ValueLayout.JAVA_FLOAT, 3L * AdamW.BLOCK + 82 + 40, bad);
            final float[] values = slab.floats(0);
            final float[] moments = slab.floats(2);
            final TrainingException e =
                    assertThrows(TrainingException.class, () -> optimiser.step(1, 1, BlockSplit.INLINE));
            assertEquals(
                    "step 3: gradient of norm, element 40, is " + bad
                            + ": expected finite gradients; nothing was changed",
                    e.getMessage());
            assertSameBits(values, slab.floats(0), "values");
            assertSameBits(moments, slab.floats(2), "moments");
            assertEquals(2, optimiser.steps());
        }
        final Slab ignored = new Slab();
        ignored.fillGradients(1, 1f);
        ignored.arrays[1].setAtIndex(ValueLayout.JAVA_FLOAT, 0, Float.NaN);
        assertFalse(Double.isNaN(new AdamW(AdamSettings.standard(), ignored.addresses(), SLICES)
                .step(1, 1, BlockSplit.INLINE)
                .gradientNorm()));
    }

    @Test
    void shouldClipLargeGradientsAndRefuseThemWithoutALimit() {
        final Slab slab = new Slab();
        slab.fillGradients(1, 1e30f);
        final AdamW open =
                new AdamW(new AdamSettings(0.9, 0.98, 1e-8, 0, Double.POSITIVE_INFINITY), slab.addresses(), SLICES);
        final TrainingException e = assertThrows(TrainingException.class, () -> open.step(1, 1, BlockSplit.INLINE));
        assertTrue(e.getMessage().contains("set a clip norm"), e.getMessage());
        final AdamW limited = new AdamW(AdamSettings.standard(), slab.addresses(), SLICES);
        assertTrue(limited.step(1e-3, 1, BlockSplit.INLINE).clipped());
        for (final float value : slab.floats(0)) {
            assertTrue(Math.abs(value) < 10, "value " + value);
        }
        slab.fillGradients(1, 0f);
        assertEquals(0, limited.step(1e-3, 1e-30, BlockSplit.INLINE).gradientNorm());
    }

    @Test
    void shouldRefuseWhatMakesNoSense() {
        final Slab slab = new Slab();
        final AdamSettings settings = AdamSettings.standard();
        final List<AdamSlice> overlap = List.of(new AdamSlice("a", 0, 10, true), new AdamSlice("b", 9, 10, true));
        final List<AdamSlice> outside = List.of(new AdamSlice("a", COUNT - 1, 2, true));
        assertThrows(IllegalArgumentException.class, () -> new AdamW(settings, slab.addresses(), overlap));
        assertThrows(IllegalArgumentException.class, () -> new AdamW(settings, slab.addresses(), outside));
        assertThrows(IllegalArgumentException.class, () -> new AdamW(settings, slab.addresses(), List.of()));
        final AdamW optimiser = new AdamW(settings, slab.addresses(), SLICES);
        assertThrows(IllegalArgumentException.class, () -> optimiser.step(Double.NaN, 1, BlockSplit.INLINE));
        assertThrows(IllegalArgumentException.class, () -> optimiser.step(1e-3, 0, BlockSplit.INLINE));
        assertThrows(IllegalArgumentException.class, () -> new AdamSettings(1, 0.9, 1e-8, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new AdamSettings(0.9, 0.9, 1e-50, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new AdamSettings(0.9, 0.9, 1e-8, 0, Double.NaN));
    }

    @Test
    void shouldReportWhatAWorkerThrewOnceAllAreDone() {
        final ExecutorService executor = Executors.newFixedThreadPool(2);
        try {
            final BlockSplit split = BlockSplit.over(executor, 3);
            final boolean[] done = new boolean[9];
            final IllegalStateException e = assertThrows(
                    IllegalStateException.class,
                    () -> split.run(9, (from, to) -> {
                        for (int i = from; i < to; i++) {
                            done[i] = true;
                        }
                        if (from == 3) {
                            throw new IllegalStateException("block 3");
                        }
                    }));
            assertEquals("block 3", e.getMessage());
            for (final boolean block : done) {
                assertTrue(block);
            }
        } finally {
            executor.shutdownNow();
        }
    }

    private float[] trained(final BlockSplit split) {
        final Slab slab = new Slab();
        final AdamW optimiser = new AdamW(AdamSettings.standard(), slab.addresses(), SLICES);
        for (int step = 0; step < 5; step++) {
            slab.fillGradients(step, 1f);
            optimiser.step(1e-3, 1, split);
        }
        return slab.floats(0);
    }

    private static void run(final AdamW optimiser, final Slab slab, final int from, final int to) {
        for (int step = from; step < to; step++) {
            slab.fillGradients(step, 0.1f);
            optimiser.step(1e-3, 1, BlockSplit.INLINE);
        }
    }

    private static void assertSameBits(final float[] expected, final float[] found, final String what) {
        for (int i = 0; i < expected.length; i++) {
            final int at = i;
            assertEquals(
                    Float.floatToRawIntBits(expected[i]),
                    Float.floatToRawIntBits(found[i]),
                    () -> what + ", element " + at);
        }
    }

    private final class Slab {
        private final MemorySegment[] arrays = new MemorySegment[4];

        Slab() {
            for (int i = 0; i < 4; i++) {
                arrays[i] = arena.allocate(4L * COUNT, 64);
            }
            fill(arrays[0], SEED, 1f);
        }

        AdamSlab addresses() {
            return new AdamSlab(
                    arrays[0].address(), arrays[1].address(), arrays[2].address(), arrays[3].address(), COUNT);
        }

        void fillGradients(final int step, final float size) {
            fill(arrays[1], SEED + 100 + step, size);
        }

        float[] floats(final int array) {
            return arrays[array].toArray(ValueLayout.JAVA_FLOAT);
        }

        double[] doubles(final int array) {
            final double[] values = new double[COUNT];
            for (int i = 0; i < COUNT; i++) {
                values[i] = arrays[array].getAtIndex(ValueLayout.JAVA_FLOAT, i);
            }
            return values;
        }

        private void fill(final MemorySegment target, final long seed, final float size) {
            final Random random = new Random(seed);
            for (int i = 0; i < COUNT; i++) {
                target.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian() * size);
            }
        }
    }
}
