package dev.tactus.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tactus.bench.latency.OverloadBench;
import dev.tactus.bench.latency.OverloadBench.Policy;
import dev.tactus.bench.latency.OverloadTarget;
import dev.tactus.bench.latency.SoakBench;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is said of the targets under overload. */
class OverloadTargetTest {
    private static OverloadBench.Point point(
            final Policy policy, final double factor, final long missed, final long inARow) {
        final SoakBench.Look look =
                new SoakBench.Look(20, 8, 10_000, missed, inARow, 0, 0, 1, 2, 3, 4, 5, 0, 0, 1, 0, 0);
        return new OverloadBench.Point(policy, factor, 24, new SoakBench.Result("cpu", 8, "", List.of(look), "", ""));
    }

    @Test
    void shouldTellWhetherAdmittedSessionsHold() {
        final String held = "with admission, of 3 times what fits, ticks missed < 0.1 %: ";
        assertEquals(
                List.of(held + "reached, 0.090 % of 10,000, 8 sessions let in"),
                OverloadTarget.verdicts(List.of(point(Policy.ADMISSION, 3, 9, 9), point(Policy.LADDER, 3, 900, 90))));
        assertEquals(
                List.of(held + "missed, 0.100 % of 10,000, 8 sessions let in"),
                OverloadTarget.verdicts(List.of(point(Policy.ADMISSION, 3, 10, 0))));
        assertEquals(List.of(), OverloadTarget.verdicts(List.of(point(Policy.ADMISSION, 2, 0, 0))), "not 3 times");
    }

    @Test
    void shouldShowThePointWhereTwoTicksInARowWereMissed() {
        final String never = "on the ladder, up to 1.5 times what fits, no session misses two ticks in a row: ";
        final OverloadBench.Point first = point(Policy.LADDER, 1, 5, 0);
        final OverloadBench.Point last = point(Policy.LADDER, 1.5, 500, 0);
        final OverloadBench.Point beyond = point(Policy.LADDER, 2, 900, 90);
        assertEquals(
                List.of(never + "reached, 0 of 10,000 ticks at 1.50"),
                OverloadTarget.verdicts(List.of(first, last, beyond)));
        assertEquals(
                List.of(never + "missed, 3 of 10,000 ticks at 1.25"),
                OverloadTarget.verdicts(List.of(first, point(Policy.LADDER, 1.25, 100, 3), last, beyond)));
    }
}
