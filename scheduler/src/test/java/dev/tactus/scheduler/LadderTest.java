package dev.tactus.scheduler;

import static dev.tactus.scheduler.LadderStep.CAP_TEXT;
import static dev.tactus.scheduler.LadderStep.HOLD_SPEECH;
import static dev.tactus.scheduler.LadderStep.NONE;
import static dev.tactus.scheduler.LadderStep.SKIP_TICK;
import static dev.tactus.scheduler.LadderStep.SKIP_VIDEO;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The timelines of {@link MissedTickPolicy}, number by number, and what they leave out. */
class LadderTest {
    private static final long MS = 1_000_000;
    private static final long T = 200 * MS;
    private static final int SESSIONS = 4;

    private Ladder ladder = new Ladder(MissedTickPolicy.DEFAULT, T, 0);
    private final int[] skippedInARow = new int[SESSIONS];
    private final List<LadderStep> steps = new ArrayList<>();
    private long beat;

    /** A beat that is sealed so late and takes so long. */
    private LadderStep beat(final long lateMs, final long tookMs) {
        final long nominalNs = beat++ * T;
        final long sealNs = nominalNs + lateMs * MS;
        final LadderStep step = ladder.atSeal(nominalNs, sealNs);
        steps.clear();
        for (int i = 0; i < SESSIONS; i++) {
            final LadderStep own = ladder.stepOf(skippedInARow[i]);
            skippedInARow[i] = own == SKIP_TICK ? skippedInARow[i] + 1 : 0;
            steps.add(own);
        }
        ladder.atEnd(nominalNs, sealNs + tookMs * MS, nominalNs + T);
        return step;
    }

    private void beats(final int count, final LadderStep expected, final long lateMs, final long tookMs) {
        for (int i = 0; i < count; i++) {
            assertEquals(expected, beat(lateMs, tookMs), "the one number " + i + " of " + count);
        }
    }

    /** Some beats at a step, enough to learn what it leaves. */
    private void dictate(final LadderStep step, final long tookMs) {
        for (int i = 0; i < 4; i++) {
            ladder.dictate(step);
            beats(1, step, 0, tookMs);
        }
    }

    @Test
    void shouldGiveUpOneAfterTheOtherAsTheDeviceFallsBehind() {
        beats(1, NONE, 0, 50);
        beats(1, NONE, 40, 50);
        beats(1, NONE, 78, 50);
        beats(1, SKIP_VIDEO, 86, 48);
        beats(1, CAP_TEXT, 94, 47);
        beats(1, HOLD_SPEECH, 104, 45);
        beats(1, HOLD_SPEECH, 112, 45);
        beats(1, SKIP_TICK, 124, 25);
        assertEquals(List.of(HOLD_SPEECH, SKIP_TICK, HOLD_SPEECH, SKIP_TICK), steps);
    }

    @Test
    void shouldGoAtOnceToTheStepThatSuffices() {
        // what the steps leave was learned before
        beats(10, NONE, 0, 150);
        dictate(SKIP_VIDEO, 150);
        dictate(CAP_TEXT, 130);
        beats(4, NONE, 0, 150);
        beats(1, NONE, 0, 165);
        beats(1, NONE, 0, 188);
        beats(1, CAP_TEXT, 0, 160);
        beats(1, CAP_TEXT, 0, 165);
    }

    @Test
    void shouldBeCarefulForOneBeatAfterAnAccident() {
        beats(2, NONE, 0, 50);
        beats(1, NONE, 0, 195);
        beats(1, HOLD_SPEECH, 0, 40);
        beats(5, NONE, 0, 50);
        assertEquals(0, ladder.changes());
    }

    @Test
    void shouldSkipEverySecondSessionInTurn() {
        final List<LadderStep> even = List.of(HOLD_SPEECH, SKIP_TICK, HOLD_SPEECH, SKIP_TICK);
        final List<LadderStep> odd = List.of(SKIP_TICK, HOLD_SPEECH, SKIP_TICK, HOLD_SPEECH);
        beat(0, 199);
        while (beat(0, 199) != SKIP_TICK) {
            assertTrue(beat < 20, "it never skips");
        }
        for (int i = 0; i < 4; i++) {
            final List<LadderStep> last = List.copyOf(steps);
            assertTrue(last.equals(even) || last.equals(odd), last.toString());
            beats(1, SKIP_TICK, 0, 105);
            assertNotEquals(last, steps);
        }
    }

    @Test
    void shouldSkipABeatOfAllWhenNotEvenHalfOfItIsInTimeAndRunTheNext() {
        beats(10, NONE, 0, 100);
        beats(1, SKIP_TICK, 170, 0);
        assertEquals(List.of(SKIP_TICK, SKIP_TICK, SKIP_TICK, SKIP_TICK), steps);
        beat(160, 45);
        assertEquals(List.of(HOLD_SPEECH, HOLD_SPEECH, HOLD_SPEECH, HOLD_SPEECH), steps);
    }

    @Test
    void shouldSkipWhatIsAWholePeriodLateWithAndWithoutALadder() {
        for (final MissedTickPolicy policy : List.of(MissedTickPolicy.DEFAULT, MissedTickPolicy.OFF)) {
            ladder = new Ladder(policy, T, 0);
            beats(1, NONE, 0, 50);
            beats(1, SKIP_TICK, 450, 0);
            beats(1, SKIP_TICK, 250, 0);
            beats(1, NONE, 50, 50);
        }
    }

    @Test
    void shouldDoNothingElseWhenItIsOff() {
        ladder = new Ladder(MissedTickPolicy.OFF, T, 0);
        for (int late = 0; late < 200; late++) {
            beats(1, NONE, late, 500);
        }
        beats(1, SKIP_TICK, 200, 0);
        assertEquals(0, ladder.changes());
    }

    @Test
    void shouldComeBackAStepAtATimeAndSlowerWhenItWasTooEarly() {
        beats(20, NONE, 0, 50);
        beats(1, HOLD_SPEECH, 105, 50);
        beats(5, HOLD_SPEECH, 20, 50);
        beats(5, CAP_TEXT, 0, 50);
        beats(5, SKIP_VIDEO, 0, 50);
        beats(1, NONE, 0, 50);
        beats(1, NONE, 60, 50);
        beats(1, SKIP_VIDEO, 85, 50);
        beats(10, SKIP_VIDEO, 0, 50);
        beats(3, NONE, 0, 50);
        beats(1, SKIP_VIDEO, 85, 50);
        beats(20, SKIP_VIDEO, 0, 50);
        beats(1, NONE, 0, 50);
    }

    @Test
    void shouldWaitNoLongerThanItsLimit() {
        beats(20, NONE, 0, 50);
        for (int i = 0; i < 10; i++) {
            beats(1, SKIP_VIDEO, 85, 50);
            while (beat(0, 50) != NONE) {
                assertTrue(beat < 2000, "it never comes back");
            }
        }
        beats(1, SKIP_VIDEO, 85, 50);
        beats(64, SKIP_VIDEO, 0, 50);
        beats(1, NONE, 0, 50);
    }

    @Test
    void shouldTryWithFewSessionsWhatDidNotFitAndFindThatItDoesNow() {
        beats(10, NONE, 0, 150);
        dictate(SKIP_VIDEO, 150);
        dictate(CAP_TEXT, 150);
        dictate(HOLD_SPEECH, 75);
        beats(4, NONE, 0, 150);
        beats(1, NONE, 0, 186);
        beats(1, HOLD_SPEECH, 0, 90);
        // a beat takes 90 ms as long as nobody speaks, and nobody wants to any more
        final List<Integer> trying = new ArrayList<>();
        for (int i = 0; i < 60 && ladder.step() == HOLD_SPEECH; i++) {
            beat(0, 90);
            trying.add((int) steps.stream().filter(step -> step == CAP_TEXT).count());
        }
        assertEquals(CAP_TEXT, ladder.step());
        assertTrue(trying.indexOf(4) == trying.size() - 1, "all of them, before some tried: " + trying);
        while (beat(0, 90) != NONE) {
            assertTrue(beat < 200, "it never comes back");
        }
    }

    @Test
    void shouldStartAnewWhenTheSlotWasEmpty() {
        beats(10, NONE, 0, 150);
        while (beat(0, 199) != SKIP_TICK) {
            assertTrue(beat < 40, "it never skips");
        }
        ladder.atSeal(beat * T, beat * T);
        ladder.atEnd(beat * T, beat * T, (beat + 1) * T);
        beat++;
        beats(1, NONE, 0, 50);
    }

    @Test
    void shouldTakeTheStepThatAReplayDictatesAndNoOther() {
        for (final LadderStep step : LadderStep.values()) {
            ladder.dictate(step);
            beats(1, step, 0, 10);
            assertEquals(List.of(step, step, step, step), steps);
            beats(1, NONE, 0, 10);
        }
    }

    @Test
    void shouldCapTextByItsPolicy() {
        final MissedTickPolicy policy = MissedTickPolicy.DEFAULT;
        assertEquals(16, policy.text(SKIP_VIDEO, 16));
        assertEquals(4, policy.text(CAP_TEXT, 16));
        assertEquals(2, policy.text(HOLD_SPEECH, 6));
        assertEquals(0, policy.text(CAP_TEXT, 0));
    }

    @Test
    void shouldRefuseBudgetsThatDoNotFollowOneAnother() {
        assertThrows(IllegalArgumentException.class, () -> new MissedTickPolicy(true, 950, 920, 940, 5, 64, 250));
        assertThrows(IllegalArgumentException.class, () -> new MissedTickPolicy(true, 400, 920, 910, 5, 64, 250));
        assertThrows(IllegalArgumentException.class, () -> new MissedTickPolicy(true, 400, 920, 1001, 5, 64, 250));
        assertThrows(IllegalArgumentException.class, () -> new MissedTickPolicy(true, 400, 920, 940, 0, 64, 250));
        assertThrows(IllegalArgumentException.class, () -> new MissedTickPolicy(true, 400, 920, 940, 5, 4, 250));
        assertThrows(IllegalArgumentException.class, () -> new MissedTickPolicy(true, 400, 920, 940, 5, 64, 1001));
    }
}
