package dev.tactus.scheduler;

import static dev.tactus.scheduler.TickRecord.GAP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a seal decides about media, and when slots come back. */
class TickSealTest {
    private static final long T = LoopFixture.T;

    @Test
    void shouldPlaceAudioByItsSequenceWhateverTheOrderOfArrival() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.AUDIO);
        final int three = fixture.audio(0, 3);
        final int one = fixture.audio(0, 1);
        final int five = fixture.audio(0, 5);
        final int zero = fixture.audio(0, 0);
        final int two = fixture.audio(0, 2);
        fixture.beat();
        assertEquals(List.of(zero, one, two, three), fixture.executor.last(0).audio());
        assertFalse(fixture.executor.last(0).has(TickRecord.STARVED));
        fixture.beat();
        assertEquals(List.of(GAP, five, GAP, GAP), fixture.executor.last(0).audio());
        assertEquals(three, fixture.executor.last(0).audioLeft());
    }

    @Test
    void shouldSealVideoAndTextByTheTimeOfTheirCapture() {
        final LoopFixture fixture = LoopFixture.realtime(1);
        fixture.open(0, Modality.VIDEO, Modality.TEXT);
        final int now = fixture.video(0, 0, T - 1);
        final int later = fixture.video(0, 1, T);
        fixture.text(0, T - 1, 70);
        fixture.text(0, T, 71);
        fixture.beat();
        assertEquals(now, fixture.executor.last(0).video());
        assertEquals(List.of(70), fixture.executor.last(0).text());
        fixture.beat();
        assertEquals(later, fixture.executor.last(0).video());
        assertEquals(List.of(71), fixture.executor.last(0).text());
    }

    @Test
    void shouldTakeMediaThatArrivesWithinTheAllowance() {
        final LoopFixture fixture = new LoopFixture(Pacing.REALTIME, T / 10, 1);
        fixture.open(0, Modality.AUDIO, Modality.VIDEO);
        fixture.clock.at(T + T / 20);
        assertEquals(0, fixture.loop.doWork());
        final int slot = fixture.audio(0, 3);
        fixture.video(0, 0, T + 1);
        fixture.beat();
        assertEquals(List.of(GAP, GAP, GAP, slot), fixture.executor.last(0).audio());
        assertEquals(GAP, fixture.executor.last(0).video(), "the frame was captured after the tick's end");
    }

    @Test
    void shouldDropLateAudioAndReturnItsSlot() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.AUDIO);
        fixture.beat();
        fixture.audio(0, 3);
        fixture.beat();
        assertEquals(1, fixture.count(LoopCounters.LATE));
        assertEquals(1, fixture.executor.last(0).dropped());
        assertEquals(0, fixture.slots.inUse(0, Modality.AUDIO));
    }

    @Test
    void shouldDropAudioThatIsTooEarly() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.AUDIO);
        fixture.audio(0, SessionSeat.AUDIO_AHEAD);
        final int kept = fixture.audio(0, SessionSeat.AUDIO_AHEAD - 1);
        fixture.beat();
        assertEquals(1, fixture.count(LoopCounters.EARLY));
        assertEquals(List.of(kept), fixture.slots.slotsInUse(0, Modality.AUDIO));
        for (int i = 0; i < 3; i++) {
            fixture.beat();
        }
        assertEquals(List.of(GAP, GAP, GAP, kept), fixture.executor.last(0).audio());
    }

    @Test
    void shouldKeepTheFirstOfTwoSlotsForOnePosition() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.AUDIO);
        final int first = fixture.audio(0, 3);
        fixture.audio(0, 3);
        fixture.beat();
        assertEquals(1, fixture.count(LoopCounters.DUPLICATE));
        assertEquals(List.of(GAP, GAP, GAP, first), fixture.executor.last(0).audio());
        assertEquals(List.of(first), fixture.slots.slotsInUse(0, Modality.AUDIO));
    }

    @Test
    void shouldDropMediaOfAModalityThatWasNotDeclared() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.TEXT);
        fixture.audio(0, 0);
        fixture.video(0, 0, 0);
        fixture.beat();
        assertEquals(2, fixture.count(LoopCounters.UNDECLARED));
        assertEquals(0, fixture.slots.inUse(0, Modality.AUDIO) + fixture.slots.inUse(0, Modality.VIDEO));
        assertFalse(fixture.executor.last(0).has(TickRecord.STARVED), "an undeclared modality has no gap");
        assertEquals(0, fixture.count(LoopCounters.AUDIO_GAP) + fixture.count(LoopCounters.VIDEO_GAP));
    }

    @Test
    void shouldMarkEveryGap() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.AUDIO, Modality.VIDEO);
        final int one = fixture.audio(0, 1);
        final int three = fixture.audio(0, 3);
        fixture.video(0, 0, 0);
        fixture.beat();
        assertEquals(List.of(GAP, one, GAP, three), fixture.executor.last(0).audio());
        assertTrue(fixture.executor.last(0).has(TickRecord.STARVED));
        assertEquals(2, fixture.count(LoopCounters.AUDIO_GAP));
        fixture.beat();
        assertEquals(List.of(GAP, GAP, GAP, GAP), fixture.executor.last(0).audio());
        assertEquals(6, fixture.count(LoopCounters.AUDIO_GAP));
        assertEquals(1, fixture.count(LoopCounters.VIDEO_GAP));
        assertEquals(GAP, fixture.executor.last(0).video());
        assertEquals(Long.MAX_VALUE, fixture.executor.last(0).oldestCaptureNs());
    }

    @Test
    void shouldShowTheNewestFrameWithTheOneBefore() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.VIDEO);
        fixture.video(0, 0, 0);
        fixture.video(0, 1, 1);
        final int first = fixture.video(0, 2, 2);
        fixture.beat();
        assertEquals(first, fixture.executor.last(0).video());
        assertEquals(2, fixture.executor.last(0).videoSequence());
        assertEquals(GAP, fixture.executor.last(0).videoPrevious());
        assertEquals(2, fixture.count(LoopCounters.SUPERSEDED));
        assertEquals(2, fixture.executor.last(0).dropped());
        assertEquals(List.of(first), fixture.slots.slotsInUse(0, Modality.VIDEO));
        fixture.beat();
        final int second = fixture.video(0, 3, 3);
        fixture.beat();
        assertEquals(second, fixture.executor.last(0).video());
        assertEquals(first, fixture.executor.last(0).videoPrevious(), "a tick without a frame in between");
        assertEquals(List.of(second), fixture.slots.slotsInUse(0, Modality.VIDEO));
    }

    @Test
    void shouldMakeTextWaitInOrderWhenATickIsFull() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.TEXT);
        fixture.text(0, 0, 1, 2, 3);
        fixture.text(0, 0, 4, 5, 6, 7, 8, 9, 10);
        fixture.text(0, 0, 11);
        final List<Integer> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            fixture.beat();
            assertTrue(fixture.executor.last(0).text().size() <= LoopFixture.TEXT_IN_MAX);
            all.addAll(fixture.executor.last(0).text());
            if (i == 0) {
                assertEquals(2, fixture.slots.inUse(0, Modality.TEXT), "the first chunk was read to its end");
            }
        }
        assertEquals(List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), all);
        assertEquals(0, fixture.slots.inUse(0, Modality.TEXT));
    }

    @Test
    void shouldReturnAudioOnceTheTickThatReadItIsCompleteAndTheLastSlotATickLater() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.AUDIO);
        for (int i = 0; i < 4; i++) {
            fixture.audio(0, i);
        }
        fixture.executor.status = TickExecutor.PENDING;
        fixture.beat();
        assertEquals(4, fixture.slots.inUse(0, Modality.AUDIO));
        fixture.executor.status = TickExecutor.DONE;
        fixture.loop.doWork();
        final int last = fixture.executor.last(0).audio().get(3);
        assertEquals(List.of(last), fixture.slots.slotsInUse(0, Modality.AUDIO));
        fixture.executor.status = TickExecutor.PENDING;
        fixture.beat();
        assertEquals(List.of(last), fixture.slots.slotsInUse(0, Modality.AUDIO), "the next tick reads it as well");
        fixture.executor.status = TickExecutor.DONE;
        fixture.loop.doWork();
        assertEquals(last, fixture.executor.last(0).audioLeft());
        assertEquals(0, fixture.slots.inUse(0, Modality.AUDIO));
    }

    @Test
    void shouldReturnAFrameOnceTheTickThatReplacedItIsComplete() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.VIDEO);
        final int first = fixture.video(0, 0, 0);
        fixture.beat();
        final int second = fixture.video(0, 1, 0);
        fixture.executor.status = TickExecutor.PENDING;
        fixture.beat();
        assertEquals(2, fixture.slots.inUse(0, Modality.VIDEO));
        fixture.executor.status = TickExecutor.DONE;
        fixture.loop.doWork();
        assertEquals(List.of(second), fixture.slots.slotsInUse(0, Modality.VIDEO));
        assertEquals(first, fixture.executor.last(0).videoPrevious());
    }

    @Test
    void shouldNoteTheOldestCaptureOfATick() {
        final LoopFixture fixture = LoopFixture.realtime(1);
        fixture.open(0, Modality.AUDIO, Modality.TEXT);
        fixture.clock.at(10);
        fixture.text(0, 7, 50);
        fixture.clock.at(30);
        fixture.audio(0, 0);
        fixture.beat();
        assertEquals(7, fixture.executor.last(0).oldestCaptureNs());
        assertEquals(10, fixture.executor.last(0).oldestCommitNs());
        assertEquals(LoopFixture.TEXT_OUT_MAX, fixture.executor.last(0).textBudget());
    }

    @Test
    void shouldSealEverythingThatWaitsWhereverTheRingWraps() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.AUDIO);
        for (int tick = 0; tick < 200; tick++) {
            for (int i = 0; i < 4; i++) {
                fixture.audio(0, tick * 4 + i);
            }
            fixture.beat();
            assertFalse(fixture.executor.last(0).audio().contains(GAP), "gap at tick " + tick);
        }
    }

    @Test
    void shouldSealAudioAcrossTheWrapOfItsSequence() {
        final FakeSlots slots = new FakeSlots(4);
        final LoopCounters counters = new LoopCounters();
        final SessionSeat seat = new SessionSeat(0, 1, 1, slots, counters);
        seat.open(1, Modality.AUDIO.bit(), 0, 0);
        seat.nextTick = (1L << 32) / TickRecord.AUDIO_POSITIONS - 1;
        final int before = slots.claim(0, Modality.AUDIO);
        final int after = slots.claim(0, Modality.AUDIO);
        seat.onMedia(Modality.AUDIO, before, -1, 0, 0, 3200);
        seat.onMedia(Modality.AUDIO, after, 0, 0, 0, 3200);
        seat.onMedia(Modality.AUDIO, slots.claim(0, Modality.AUDIO), -5, 0, 0, 3200);
        assertEquals(1, counters.get(LoopCounters.LATE));
        final var records = LoopFixture.buffer(TickRecord.length(0));
        seat.seal(records, 0, Long.MAX_VALUE, 0, 0);
        assertEquals(before, TickRecord.audioSlot(records, 0, 3));
        seat.seal(records, 0, Long.MAX_VALUE, 0, 0);
        assertEquals(after, TickRecord.audioSlot(records, 0, 0));
    }
}
