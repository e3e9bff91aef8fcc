package dev.tactus.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What {@link Ladder} promises of slots that share a device whose beats vary by a fifth: below capacity nothing, above
 * it no two misses in a row, and afterwards everything again.
 */
class LadderCapacityTest {
    private static final int SESSIONS = 16;
    private static final double NOISE = 0.2;
    private static final int SEEDS = 4;
    private static final int BEATS = 600;

    /** Beats after the end of an overload until the last session does all that it should: 24 s. */
    private static final long RECOVERED = 120;

    private static SlotQueueModel.Costs costs(final String name) {
        return name.equals("quiet") ? SlotQueueModel.Costs.QUIET : SlotQueueModel.Costs.SPEAKING;
    }

    private static SlotQueueModel model(final int phases, final String costs, final long seed) {
        return new SlotQueueModel(phases, SESSIONS / phases, costs(costs), NOISE, seed, MissedTickPolicy.DEFAULT);
    }

    private static double capacity(final int phases, final String costs) {
        return SlotQueueModel.capacity(phases, SESSIONS / phases, costs(costs), NOISE, 1);
    }

    @ParameterizedTest
    @CsvSource({"4, speaking", "8, speaking", "16, speaking", "1, quiet", "4, quiet", "8, quiet", "16, quiet"})
    void shouldDoNothingBelowCapacity(final int phases, final String costs) {
        final double capacity = capacity(phases, costs);
        for (long seed = 0; seed < SEEDS; seed++) {
            final SlotQueueModel model = model(phases, costs, seed);
            model.run(BEATS, 0.9 * capacity);
            assertEquals(0, model.stepped + model.skipped + model.late, "of " + model.ticks + ", seed " + seed);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, speaking",
        "2, speaking",
        "4, speaking",
        "8, speaking",
        "16, speaking",
        "4, quiet",
        "8, quiet",
        "16, quiet"
    })
    void shouldNeverMissTwoInARowUpToHalfAsMuchAgain(final int phases, final String costs) {
        final double capacity = capacity(phases, costs);
        for (final double load : new double[] {1.1, 1.3, 1.5}) {
            for (long seed = 0; seed < SEEDS; seed++) {
                final String where = " at " + load + " × capacity, seed " + seed;
                final SlotQueueModel model = model(phases, costs, seed);
                model.run(100, 0.5 * capacity);
                // sessions open one after the other
                model.ramp(50, 0.5 * capacity, load * capacity);
                final long before = model.changes();
                model.run(BEATS, load * capacity);
                assertTrue(model.mostInARow <= 1, model.mostInARow + " missed in a row" + where);
                assertTrue(model.stepped > 0, "nothing was given up" + where);
                final long flaps = model.changes() - before;
                assertTrue(flaps <= 12L * phases * BEATS / 100, flaps + " changes of step" + where);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, speaking",
        "2, speaking",
        "4, speaking",
        "8, speaking",
        "16, speaking",
        "2, quiet",
        "4, quiet",
        "8, quiet",
        "16, quiet"
    })
    void shouldBeBackSoonAfterAnOverload(final int phases, final String costs) {
        final double capacity = capacity(phases, costs);
        for (final double load : new double[] {1.1, 1.3, 1.5}) {
            for (long seed = 0; seed < SEEDS; seed++) {
                final String where = " after " + load + " × capacity, seed " + seed;
                final SlotQueueModel model = model(phases, costs, seed);
                model.run(100, 0.5 * capacity);
                model.ramp(50, 0.5 * capacity, load * capacity);
                model.run(BEATS / 2, load * capacity);
                final long end = model.beat();
                final long before = model.changes();
                model.forget();
                model.run(BEATS / 2, 0.7 * capacity);
                final long took = model.lastStepBeat + 1 - end;
                assertTrue(took <= RECOVERED, took + " beats" + where);
                final long flaps = model.changes() - before;
                // down every step once, and once more for a slot that was still behind
                assertTrue(flaps <= 6L * phases, flaps + " changes of step" + where);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "4"})
    void shouldMissMostTicksOfAnOverloadWithoutALadder(final int phases) {
        final double capacity = capacity(phases, "speaking");
        final SlotQueueModel model = new SlotQueueModel(
                phases, SESSIONS / phases, SlotQueueModel.Costs.SPEAKING, NOISE, 1, MissedTickPolicy.OFF);
        model.run(BEATS, 1.5 * capacity);
        assertEquals(0, model.stepped);
        assertTrue(2 * (model.late + model.skipped) > model.ticks, "the overload is none: " + model.late);
        assertTrue(model.mostInARow > 10, "the overload is none: " + model.mostInARow);
    }
}
