package dev.tactus.scheduler;

import static dev.tactus.scheduler.TickRecord.GAP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the steps of the ladder do to the record of a session. */
class LadderSeatTest {
    private static final int TEXT_MAX = 16;

    private final FakeSlots slots = new FakeSlots(8);
    private final LoopCounters counters = new LoopCounters();
    private final SessionSeat seat = new SessionSeat(0, 8, 8, slots, counters);
    private final UnsafeBuffer records = LoopFixture.buffer(TickRecord.length(TEXT_MAX));

    @BeforeEach
    void open() {
        slots.reset(0);
        seat.open(1, LoopFixture.set(Modality.values()), 0, 0);
    }

    private int frame(final int number, final long captureNs) {
        final int slot = slots.claim(0, Modality.VIDEO);
        seat.onMedia(Modality.VIDEO, slot, number, captureNs, captureNs, 100);
        return slot;
    }

    private void sounds(final int tick) {
        for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
            final int number = tick * TickRecord.AUDIO_POSITIONS + i;
            seat.onMedia(Modality.AUDIO, slots.claim(0, Modality.AUDIO), number, 0, 0, 3200);
        }
    }

    private SealedTick seal(final LadderStep step, final long tickEndNs) {
        final int textIn = MissedTickPolicy.DEFAULT.text(step, TEXT_MAX);
        final int textOut = MissedTickPolicy.DEFAULT.text(step, LoopFixture.TEXT_OUT_MAX);
        seat.seal(records, 0, tickEndNs, textIn, textOut, step);
        seat.complete();
        assertEquals(step.code(), TickRecord.ladderStep(records, 0));
        return SealedTick.read(records, 0);
    }

    @Test
    void shouldKeepTheNewestFrameOfATickThatTakesNone() {
        sounds(0);
        frame(0, 1);
        frame(1, 2);
        final int newest = frame(2, 3);
        final int later = frame(3, 30);
        final SealedTick tick = seal(LadderStep.SKIP_VIDEO, 10);
        assertEquals(GAP, tick.video());
        assertFalse(tick.has(TickRecord.STARVED), "the frames were there");
        assertFalse(tick.has(TickRecord.LADDER_HELD));
        assertEquals(2, tick.dropped());
        assertEquals(2, counters.get(LoopCounters.SUPERSEDED));
        assertEquals(1, counters.get(LoopCounters.VIDEO_GAP));
        assertEquals(1, counters.get(LoopCounters.LADDER_STEPS));
        assertEquals(List.of(newest, later), slots.slotsInUse(0, Modality.VIDEO));
        sounds(1);
        assertEquals(newest, seal(LadderStep.NONE, 20).video());
        sounds(2);
        assertEquals(later, seal(LadderStep.NONE, 40).video());
        assertEquals(1, counters.get(LoopCounters.LADDER_STEPS));
    }

    @Test
    void shouldNotLetFramesPileUpWhileNoneIsTaken() {
        for (int tick = 0; tick < 20; tick++) {
            sounds(tick);
            frame(tick, tick);
            seal(LadderStep.SKIP_VIDEO, tick + 1);
            assertEquals(1, slots.inUse(0, Modality.VIDEO));
        }
        assertEquals(19, counters.get(LoopCounters.SUPERSEDED));
        assertEquals(0, counters.get(LoopCounters.OVERFLOW));
    }

    @Test
    void shouldStillSayThatAudioIsMissing() {
        frame(0, 1);
        assertTrue(seal(LadderStep.HOLD_SPEECH, 10).has(TickRecord.STARVED));
    }

    @Test
    void shouldCapTextAndLetTheRestWait() {
        final int slot = slots.claim(0, Modality.TEXT);
        slots.text(0, slot, 1, 2, 3, 4, 5, 6);
        seat.onMedia(Modality.TEXT, slot, 0, 0, 0, 6);
        final SealedTick tick = seal(LadderStep.CAP_TEXT, 10);
        assertEquals(List.of(1, 2, 3, 4), tick.text());
        assertEquals(2, tick.textBudget());
        assertFalse(tick.has(TickRecord.LADDER_HELD));
        final SealedTick next = seal(LadderStep.NONE, 20);
        assertEquals(List.of(5, 6), next.text());
        assertEquals(LoopFixture.TEXT_OUT_MAX, next.textBudget());
    }

    @Test
    void shouldHoldSpeechBesideWhatAnOperatorSays() {
        assertTrue(seal(LadderStep.HOLD_SPEECH, 10).has(TickRecord.LADDER_HELD));
        seat.muted = true;
        final SealedTick muted = seal(LadderStep.HOLD_SPEECH, 20);
        assertTrue(muted.has(TickRecord.LADDER_HELD) && muted.has(TickRecord.MUTED));
        assertEquals(
                TickRecord.MUTED | TickRecord.STARVED, seal(LadderStep.NONE, 30).flags());
    }

    @Test
    void shouldCountTheGapsOfATickThatIsSkipped() {
        seat.skip(records, 0);
        assertEquals(TickRecord.SKIPPED, TickRecord.flags(records, 0));
        assertEquals(0, TickRecord.ladderStep(records, 0));
        seat.skip(records, 0, LadderStep.SKIP_TICK);
        assertEquals(LadderStep.SKIP_TICK.code(), TickRecord.ladderStep(records, 0));
        assertEquals(1, counters.get(LoopCounters.LADDER_SKIPS));
        assertEquals(2 * TickRecord.AUDIO_POSITIONS, counters.get(LoopCounters.AUDIO_GAP));
        assertEquals(2, counters.get(LoopCounters.VIDEO_GAP));
        assertEquals(0, counters.get(LoopCounters.LADDER_STEPS));
        seat.open(2, Modality.TEXT.bit(), 0, 0);
        seat.skip(records, 0, LadderStep.SKIP_TICK);
        assertEquals(2, counters.get(LoopCounters.VIDEO_GAP), "it declared neither");
    }
}
