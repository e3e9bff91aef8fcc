package dev.tactus.scheduler;

import static dev.tactus.scheduler.TickRecord.GAP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** The rules that {@link Modality} declares: what becomes of too much, too late and drifting input. */
class InputRulesTest {
    private static final long T = LoopFixture.T;
    private static final long ALLOWANCE = T / 4;
    private static final int QUEUE = 3;

    private final FakeSlots slots = new FakeSlots(LoopFixture.SLOTS);
    private final LoopCounters counters = new LoopCounters();
    private final UnsafeBuffer records = LoopFixture.buffer(TickRecord.length(LoopFixture.TEXT_IN_MAX));

    private SessionSeat seat(final long videoAllowanceNs, final long textAllowanceNs) {
        final SessionSeat seat = new SessionSeat(0, QUEUE, QUEUE, videoAllowanceNs, textAllowanceNs, slots, counters);
        seat.open(1, LoopFixture.set(Modality.VIDEO, Modality.TEXT), 0, 0);
        return seat;
    }

    private int frame(final SessionSeat seat, final int number, final long captureNs, final long commitNs) {
        final int slot = slots.claim(0, Modality.VIDEO);
        seat.onMedia(Modality.VIDEO, slot, number, captureNs, commitNs, 100);
        return slot;
    }

    private void chunk(final SessionSeat seat, final long captureNs, final long commitNs, final int id) {
        final int slot = slots.claim(0, Modality.TEXT);
        slots.text(0, slot, id);
        seat.onMedia(Modality.TEXT, slot, 0, captureNs, commitNs, 1);
    }

    private SealedTick seal(final SessionSeat seat, final long tickEndNs) {
        seat.seal(records, 0, tickEndNs, LoopFixture.TEXT_IN_MAX, LoopFixture.TEXT_OUT_MAX);
        final SealedTick tick = SealedTick.read(records, 0);
        seat.complete();
        return tick;
    }

    @Test
    void shouldLoseTheOldestFrameWhereTheQueueIsFull() {
        final SessionSeat seat = seat(0, 0);
        int newest = GAP;
        for (int i = 0; i < QUEUE + 2; i++) {
            newest = frame(seat, i, i, i);
        }
        assertEquals(2, counters.get(LoopCounters.OVERFLOW));
        assertEquals(QUEUE, slots.inUse(0, Modality.VIDEO), "the slots of those that were lost are back");
        final SealedTick tick = seal(seat, T);
        assertEquals(newest, tick.video());
        assertEquals(QUEUE + 1, tick.videoSequence());
        assertEquals(QUEUE + 1, tick.dropped(), "two overflowed, two were superseded");
        assertEquals(List.of(newest), slots.slotsInUse(0, Modality.VIDEO));
    }

    @Test
    void shouldHoldNoMoreThanAPeriodBackBehindAStampThatLiesAhead() {
        final SessionSeat seat = seat(SessionSeat.UNTIL_THE_SEAL, SessionSeat.UNTIL_THE_SEAL);
        frame(seat, 0, T + T / 2, T / 2);
        final int now = frame(seat, 1, T / 2, T / 2);
        assertEquals(GAP, seal(seat, T).video(), "the first one is not due, and the order is that of the commits");
        assertEquals(now, seal(seat, 2 * T).video());
        assertEquals(1, counters.get(LoopCounters.SUPERSEDED));
    }

    @Test
    void shouldGiveWhatIsCommittedAfterItsAllowanceToTheNextTick() {
        final SessionSeat seat = seat(ALLOWANCE, 0);
        final int inTime = frame(seat, 0, T - 2, T + ALLOWANCE);
        final int late = frame(seat, 1, T - 1, T + ALLOWANCE + 1);
        chunk(seat, T - 2, T, 7);
        chunk(seat, T - 1, T + 1, 8);
        final SealedTick first = seal(seat, T);
        assertEquals(inTime, first.video());
        assertEquals(List.of(7), first.text());
        final SealedTick second = seal(seat, 2 * T);
        assertEquals(late, second.video());
        assertEquals(inTime, second.videoPrevious());
        assertEquals(List.of(8), second.text());
        assertEquals(0, second.dropped());
    }

    @Test
    void shouldTakeWhateverWaitsAtTheSealWithoutAnAllowanceOfItsOwn() {
        final LoopFixture fixture = new LoopFixture(Pacing.REALTIME, T / 2, 1);
        fixture.open(0, Modality.VIDEO, Modality.TEXT);
        fixture.clock.at(T + T / 2);
        final int frame = fixture.video(0, 0, T - 1);
        fixture.text(0, T - 1, 70);
        fixture.beat();
        assertEquals(frame, fixture.executor.last(0).video());
        assertEquals(List.of(70), fixture.executor.last(0).text());
    }

    private static int audio(final LoopFixture fixture, final int flags, final int number) {
        final int slot = fixture.slots.claim(0, Modality.AUDIO);
        assertTrue(fixture.ring.offerMedia(0, 1, Modality.AUDIO.code(), flags, slot, number, 0, 0, 3200));
        return slot;
    }

    @Test
    void shouldCountTheCorrectionsOfAClockAndHaveThemInTheRecord() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.AUDIO);
        final int zero = audio(fixture, 0, 0);
        final int two = audio(fixture, IngressRecord.DRIFT_GAP, 2);
        audio(fixture, IngressRecord.DRIFT_DROP, 3);
        final int three = audio(fixture, 0, 3);
        fixture.beat();
        final SealedTick tick = fixture.executor.last(0);
        assertEquals(List.of(zero, GAP, two, three), tick.audio());
        assertTrue(tick.has(TickRecord.STARVED));
        assertEquals(1, tick.dropped());
        assertEquals(1, fixture.count(LoopCounters.DRIFT_GAP));
        assertEquals(1, fixture.count(LoopCounters.DRIFT_DROP));
        assertEquals(1, fixture.count(LoopCounters.AUDIO_GAP));
        assertEquals(0, fixture.count(LoopCounters.DUPLICATE) + fixture.count(LoopCounters.LATE));
        assertEquals(List.of(three), fixture.slots.slotsInUse(0, Modality.AUDIO));
    }

    @Test
    void shouldCutWhereSomethingThatWasSaidWasNotHeardAndNowhereElse() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.TEXT);
        fixture.beat();
        // beyond 37 hours, so that the value needs more than 32 bits
        final long far = (5L << 32) + 0xFEDC_BA98L;
        heard(fixture, IngressRecord.HEARD, far);
        fixture.beat();
        assertFalse(fixture.executor.last(0).has(TickRecord.CUT), "all was heard");
        fixture.executor.unheard = true;
        heard(fixture, IngressRecord.HEARD, 3);
        fixture.beat();
        assertTrue(fixture.executor.last(0).has(TickRecord.CUT));
        fixture.executor.unheard = false;
        fixture.beat();
        assertFalse(fixture.executor.last(0).has(TickRecord.CUT), "it is told once");
        heard(fixture, IngressRecord.CUT, 1);
        fixture.beat();
        assertTrue(fixture.executor.last(0).has(TickRecord.CUT), "whoever does not know how far is believed");
        assertEquals(List.of(far, 3L, Long.MIN_VALUE), fixture.executor.heard);
    }

    private static void heard(final LoopFixture fixture, final int type, final long value) {
        assertTrue(fixture.ring.offerControl(type, 0, 1, 0, value));
    }

    @Test
    void shouldSaturateTheCommitDelayAndCarryValuesOf64Bits() {
        final long longest = 0xFFFF_FFFFL;
        for (final long delay : new long[] {0, 1, longest, longest + 1, Long.MAX_VALUE / 2}) {
            IngressRecord.putMedia(records, 0, 1, 2, 0, IngressRecord.DRIFT_DROP, 4, 5, 77, 77 + delay, 6);
            assertEquals(77 + Math.min(delay, longest), IngressRecord.commitNs(records, 0));
            assertEquals(77, IngressRecord.captureNs(records, 0));
            assertEquals(IngressRecord.DRIFT_DROP, IngressRecord.flags(records, 0));
            assertEquals(4, IngressRecord.slot(records, 0));
        }
        for (final long value :
                new long[] {0, 1, -1, 0x8000_0000L, Long.MIN_VALUE, Long.MAX_VALUE, 0x1234_5678_9ABCL}) {
            IngressRecord.putControl(records, 0, 1, 2, 3, value);
            assertEquals(value, IngressRecord.value(records, 0));
            assertEquals((int) value, IngressRecord.sequence(records, 0));
        }
    }
}
