package dev.tactus.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What ticks cost: fitted, corrected, and how far above it they may be. */
class CostModelTest {
    private static final double MS = 1e6;

    /** A tick, a session, a row, a patch, a pass, a decode row, a block, in ns. */
    private static final double[] TRUE = {900_000, 150_000, 60_000, 200_000, 700_000, 90_000, 400_000};

    private static final int QUIET = 0;
    private static final int SEES = 1;
    private static final int CAPTIONS = 2;
    private static final int SPEAKS = 3;
    private static final int KINDS = 4;

    /** What a calibration measures. */
    private static BatchWork work(final int sessions, final int kind) {
        return switch (kind) {
            case QUIET -> new BatchWork().set(sessions, 6 * sessions, 0, 0, 0, 0);
            case SEES -> new BatchWork().set(sessions, 20 * sessions, 12 * sessions, 0, 0, 0);
            case CAPTIONS -> new BatchWork().set(sessions, 6 * sessions, 0, 3, 3 * sessions, 0);
            default -> {
                final int speakers = (sessions + 1) / 2;
                yield new BatchWork().set(sessions, 8 * sessions, 0, 8, 7 * speakers, 4 * speakers);
            }
        };
    }

    private static List<CostModel.Sample> samples(final Random random, final double noise) {
        final List<CostModel.Sample> samples = new ArrayList<>();
        for (int sessions = 1; sessions <= 64; sessions *= 2) {
            for (int kind = QUIET; kind < KINDS; kind++) {
                final BatchWork work = work(sessions, kind);
                samples.add(new CostModel.Sample(work, work.dot(TRUE) * (1 + noise * random.nextGaussian())));
            }
        }
        return samples;
    }

    @Test
    void shouldRecoverKnownCosts() {
        final CostModel model = CostModel.fit(samples(new Random(1), 0), 0);
        final double[] found = model.coefficientsNs();
        for (int i = 0; i < TRUE.length; i++) {
            assertEquals(TRUE[i], found[i], 1e-3 * TRUE[i], "coefficient " + i);
        }
    }

    @Test
    void shouldPredictKnownCostsUnderNoise() {
        for (long seed = 0; seed < 50; seed++) {
            final CostModel model = CostModel.fit(samples(new Random(seed), 0.05), 0);
            for (int sessions = 1; sessions <= 96; sessions += 5) {
                for (int kind = QUIET; kind < KINDS; kind++) {
                    final BatchWork work = work(sessions, kind);
                    final double expected = work.dot(TRUE);
                    final String where = "seed " + seed + ": " + sessions + " sessions, kind " + kind;
                    assertEquals(expected, model.meanNs(work), 0.1 * (expected + MS), where);
                }
            }
            for (final double coefficient : model.coefficientsNs()) {
                assertTrue(coefficient >= 0, "seed " + seed + ": " + coefficient);
            }
        }
    }

    @Test
    void shouldNeverTakeACostForAGain() {
        final List<CostModel.Sample> samples = List.of(
                new CostModel.Sample(new BatchWork().set(1, 6, 0, 0, 0, 0), 5 * MS),
                new CostModel.Sample(new BatchWork().set(2, 12, 0, 0, 0, 0), 4 * MS),
                new CostModel.Sample(new BatchWork().set(4, 24, 0, 0, 0, 0), 3 * MS));
        final CostModel model = CostModel.fit(samples, 0);
        for (final double coefficient : model.coefficientsNs()) {
            assertTrue(coefficient >= 0);
        }
        assertEquals(4 * MS, model.meanNs(new BatchWork().set(64, 384, 0, 0, 0, 0)), MS);
    }

    @Test
    void shouldRefuseSamplesThatAreNone() {
        assertThrows(IllegalArgumentException.class, () -> CostModel.fit(List.of(), 0));
        for (final double ns : new double[] {0, -1, Double.NaN}) {
            final List<CostModel.Sample> samples = List.of(new CostModel.Sample(new BatchWork(), ns));
            assertThrows(IllegalArgumentException.class, () -> CostModel.fit(samples, 0), () -> "" + ns);
        }
    }

    @Test
    void shouldFollowAMachineThatBecomesSlower() {
        final CostModel model = CostModel.of(0, TRUE);
        final BatchWork work = work(8, CAPTIONS);
        final double before = model.meanNs(work);
        for (int i = 0; i < 1_500; i++) {
            model.onBatch(work, (long) (1.4 * before));
        }
        assertEquals(1.4 * before, model.meanNs(work), 0.02 * before);
    }

    @Test
    void shouldNotLetShortTicksDecideForLongOnes() {
        final CostModel model = CostModel.of(0, TRUE);
        final BatchWork small = new BatchWork().set(1, 2, 0, 0, 0, 0);
        final BatchWork large = work(32, SPEAKS);
        for (int i = 0; i < 2_000; i++) {
            model.onBatch(small, (long) (2 * small.dot(TRUE)));
            model.onBatch(large, (long) large.dot(TRUE));
        }
        assertEquals(1, model.drift(), 0.03);
    }

    @Test
    void shouldRaiseItsTailAtOnceAndForgetItInTime() {
        final CostModel model = CostModel.of(0, TRUE);
        final BatchWork work = work(8, QUIET);
        final long usual = (long) work.dot(TRUE);
        final long late = usual + 20_000_000;
        model.onBatch(work, late);
        assertEquals(late, model.tailNs(work), 0.08 * late, "the first ticks: the worst of them");
        for (int i = 0; i < 2 * TailSketch.WINDOW; i++) {
            model.onBatch(work, i % 200 == 0 ? late : usual);
        }
        assertEquals(late, model.tailNs(work), 0.08 * late, "1 of 200 is more than 1 of 1,000");
        for (int i = 0; i < 3 * TailSketch.WINDOW; i++) {
            model.onBatch(work, i % 2_000 == 0 ? late : usual);
        }
        assertEquals(usual, model.tailNs(work), 0.05 * usual, "1 of 2,000 is less");
    }

    @Test
    void shouldForgetACalibrationThatWasDisturbed() {
        final CostModel model = CostModel.fit(samples(new Random(5), 0), 50_000);
        final BatchWork work = work(4, QUIET);
        final long usual = (long) work.dot(TRUE);
        assertEquals(50_000, model.tail());
        for (int i = 0; i < 192; i++) {
            model.onBatch(work, usual);
        }
        assertEquals(700, model.tail(), "what is assumed of any machine");
        for (int i = 0; i < TailSketch.ENOUGH; i++) {
            model.onBatch(work, usual);
        }
        assertEquals(0, model.tail(), 10, "what this machine showed");
    }

    @Test
    void shouldKnowTheTailOfADistributionWithinABucket() {
        final Random random = new Random(3);
        final TailSketch sketch = new TailSketch();
        for (int i = 0; i < TailSketch.WINDOW; i++) {
            sketch.add(1_000 * -Math.log(1 - random.nextDouble()));
        }
        // of an exponential distribution: ln 1000 = 6.9
        assertEquals(6_908, sketch.tail(), 0.2 * 6_908);
        sketch.add(Double.NaN);
        sketch.add(Double.NEGATIVE_INFINITY);
        sketch.add(Double.POSITIVE_INFINITY);
        assertEquals(6_908, sketch.tail(), 0.2 * 6_908, "what is no number neither counts nor harms");
    }

    @Test
    void shouldAllocateNothingPerTick() {
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final CostModel model = CostModel.of(0, TRUE);
        final Demand demand = Demand.ofConversations();
        final BatchWork work = new BatchWork();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < TailSketch.WINDOW + 5; i++) {
                work.set(i % 9 + 1, i % 50 + 1, i % 4, i % 7, i % 30, i % 3 * 4);
                model.onBatch(work, 3_000_000 + i * 1_000L);
                demand.onBatch(work);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least);
        assertTrue(model.tail() > 0 && demand.speakingShare() > 0);
    }
}
