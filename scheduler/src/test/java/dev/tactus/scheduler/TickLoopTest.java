package dev.tactus.scheduler;

import static dev.tactus.scheduler.TickRecord.GAP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.junit.jupiter.api.Test;

/** When beats happen, what controls do, and what the loop makes of a device that is slow or fails. */
class TickLoopTest {
    private static final long T = LoopFixture.T;

    @Test
    void shouldSealAtTheEndOfTheBeatPlusTheAllowance() {
        final LoopFixture fixture = new LoopFixture(Pacing.REALTIME, 1000, 1);
        fixture.open(0, Modality.TEXT);
        fixture.clock.at(T + 999);
        assertEquals(0, fixture.loop.doWork());
        fixture.clock.at(T + 1000);
        assertTrue(fixture.loop.doWork() > 0);
        assertEquals(1, fixture.loop.completed());
        assertEquals(0, fixture.executor.last(0).tick());
    }

    @Test
    void shouldStepOncePerReleaseHoweverMuchTimePasses() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.AUDIO);
        fixture.clock.advance(100 * T);
        assertEquals(0, fixture.loop.doWork());
        assertEquals(0, fixture.loop.release());
        assertEquals(1, fixture.loop.release());
        fixture.loop.doWork();
        fixture.clock.advance(100 * T);
        fixture.loop.doWork();
        assertEquals(0, fixture.loop.doWork());
        assertEquals(2, fixture.loop.completed());
        assertEquals(1, fixture.executor.last(0).tick());
        assertEquals(0, fixture.count(LoopCounters.SKIPPED) + fixture.count(LoopCounters.MISSED));
    }

    @Test
    void shouldBeginWithTheFirstBeatThatStartsAfterTheSessionOpened() {
        final LoopFixture fixture = LoopFixture.realtime(2);
        fixture.open(0, Modality.AUDIO);
        fixture.clock.at(T / 2);
        fixture.open(1, Modality.AUDIO);
        final int slot = fixture.audio(1, 0);
        fixture.beat();
        assertEquals(1, fixture.executor.emitted.size(), "beat 0 began before session 1 opened");
        fixture.beat();
        assertEquals(1, fixture.executor.last(0).tick());
        assertEquals(0, fixture.executor.last(1).tick());
        assertEquals(List.of(slot, GAP, GAP, GAP), fixture.executor.last(1).audio());
    }

    @Test
    void shouldNotSkipTicksOfASessionThatOpenedWhileTheLoopWasLate() {
        final LoopFixture fixture = LoopFixture.realtime(1);
        fixture.clock.at(3 * T + T / 2);
        fixture.open(0, Modality.AUDIO);
        while (fixture.loop.doWork() > 0) {
            assertEquals(0, fixture.count(LoopCounters.SKIPPED));
        }
        fixture.clock.at(5 * T);
        while (fixture.loop.doWork() > 0) {
            assertEquals(0, fixture.count(LoopCounters.SKIPPED));
        }
        assertEquals(0, fixture.executor.last(0).tick());
    }

    @Test
    void shouldCloseASessionThatNeverTicked() {
        final LoopFixture fixture = LoopFixture.realtime(1);
        fixture.clock.at(T / 2);
        fixture.open(0, Modality.AUDIO);
        fixture.control(IngressRecord.CLOSE, 0, 0);
        fixture.beat();
        assertEquals(EndReason.CLOSED, fixture.executor.ended.get(0));
        assertTrue(fixture.executor.emitted.isEmpty());
    }

    @Test
    void shouldApplyControlsAtASealAndNowhereElse() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.TEXT);
        fixture.executor.status = TickExecutor.PENDING;
        fixture.beat();
        fixture.control(IngressRecord.HOLD, 0, 1);
        fixture.control(IngressRecord.MUTE, 0, 1);
        fixture.control(IngressRecord.CUT, 0, 1);
        fixture.loop.doWork();
        fixture.executor.status = TickExecutor.DONE;
        fixture.loop.doWork();
        assertEquals(0, fixture.executor.last(0).flags(), "the tick was sealed before");
        fixture.beat();
        assertEquals(
                TickRecord.HELD | TickRecord.MUTED | TickRecord.CUT,
                fixture.executor.last(0).flags());
        fixture.control(IngressRecord.HOLD, 0, 0);
        fixture.beat();
        assertEquals(TickRecord.MUTED, fixture.executor.last(0).flags(), "a cut is told once");
        fixture.control(IngressRecord.MUTE, 0, 0);
        fixture.beat();
        assertEquals(0, fixture.executor.last(0).flags());
    }

    @Test
    void shouldEndByTheEndOfTheCurrentTickWhenStopped() {
        final LoopFixture fixture = LoopFixture.stepped(2);
        fixture.open(0, Modality.TEXT);
        fixture.open(1, Modality.TEXT);
        fixture.executor.status = TickExecutor.PENDING;
        fixture.beat();
        fixture.control(IngressRecord.STOP, 0, 0);
        fixture.executor.status = TickExecutor.DONE;
        fixture.loop.doWork();
        fixture.beat();
        assertEquals(EndReason.STOPPED, fixture.executor.ended.get(0));
        assertEquals(0, fixture.executor.last(0).tick(), "no tick after the one it was stopped in");
        assertEquals(1, fixture.executor.last(1).tick());
    }

    @Test
    void shouldSayStoppedWhenAStopIsFollowedByAClose() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.TEXT);
        fixture.control(IngressRecord.STOP, 0, 0);
        fixture.control(IngressRecord.CLOSE, 0, 0);
        fixture.beat();
        assertEquals(EndReason.STOPPED, fixture.executor.ended.get(0));
    }

    @Test
    void shouldReuseAnIndexAndIgnoreRecordsOfItsPreviousOwner() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        fixture.open(0, Modality.AUDIO);
        fixture.audio(0, 0);
        fixture.control(IngressRecord.HOLD, 0, 1);
        fixture.control(IngressRecord.CUT, 0, 1);
        fixture.beat();
        fixture.control(IngressRecord.CLOSE, 0, 0);
        fixture.beat();
        fixture.open(0, Modality.AUDIO);
        assertTrue(fixture.ring.offerControl(IngressRecord.STOP, 0, fixture.generations[0] - 1, 0, 0));
        assertTrue(fixture.ring.offerMedia(0, fixture.generations[0] - 1, 0, 5, 1, 0, 0, 0));
        fixture.beat();
        assertEquals(2, fixture.count(LoopCounters.STALE));
        final SealedTick tick = fixture.executor.last(0);
        assertEquals(fixture.generations[0], tick.generation());
        assertEquals(0, tick.tick());
        assertEquals(TickRecord.STARVED, tick.flags());
        assertEquals(GAP, tick.audioLeft());
        assertEquals(List.of(GAP, GAP, GAP, GAP), tick.audio());
    }

    @Test
    void shouldIgnoreRecordsOfSessionsThatCannotBe() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        assertTrue(fixture.ring.offerControl(IngressRecord.STOP, 7, 1, 0, 0));
        assertTrue(fixture.ring.offerControl(IngressRecord.STOP, -1, 1, 0, 0));
        fixture.control(IngressRecord.STOP, 0, 0);
        fixture.beat();
        assertEquals(3, fixture.count(LoopCounters.STALE));
    }

    @Test
    void shouldEmitASessionAtItsOwnCompletion() {
        final LoopFixture fixture = LoopFixture.stepped(2);
        fixture.open(0, Modality.TEXT);
        fixture.open(1, Modality.TEXT);
        fixture.executor.status = TickExecutor.PENDING;
        fixture.beat();
        assertTrue(fixture.executor.emitted.isEmpty());
        fixture.executor.completeEarly.add(1);
        fixture.loop.doWork();
        assertEquals(1, fixture.executor.emitted.size());
        assertEquals(1, fixture.executor.emitted.get(0).session());
        assertEquals(0, fixture.loop.completed());
        fixture.loop.release();
        assertEquals(0, fixture.loop.doWork(), "the next beat waits for the device");
        fixture.executor.status = TickExecutor.DONE;
        fixture.loop.doWork();
        assertEquals(2, fixture.executor.emitted.size());
        assertEquals(List.of(0L), fixture.executor.accounted);
        assertEquals(1, fixture.loop.completed());
    }

    @Test
    void shouldEndASessionThatTheModelEnds() {
        final LoopFixture fixture = LoopFixture.stepped(2);
        fixture.open(0, Modality.TEXT);
        fixture.open(1, Modality.TEXT);
        fixture.executor.endings.put(0, EndReason.NOT_FINITE);
        fixture.beat();
        assertEquals(EndReason.NOT_FINITE, fixture.executor.ended.get(0));
        fixture.beat();
        assertEquals(0, fixture.executor.last(0).tick());
        assertEquals(1, fixture.executor.last(1).tick());
    }

    @Test
    void shouldEndTheSessionsThatADeviceLeftUnfinished() {
        final LoopFixture fixture = LoopFixture.stepped(2);
        fixture.open(0, Modality.AUDIO);
        fixture.open(1, Modality.AUDIO);
        fixture.audio(0, 0);
        fixture.executor.completeEarly.add(1);
        fixture.executor.status = TickExecutor.FAILED;
        fixture.beat();
        assertEquals(1, fixture.count(LoopCounters.DEVICE_FAILURES));
        assertEquals(EndReason.DEVICE_FAILED, fixture.executor.ended.get(0));
        assertEquals(1, fixture.executor.failed.size());
        assertFalse(fixture.executor.ended.containsKey(1), "its output was complete");
        assertEquals(0, fixture.slots.inUse(0, Modality.AUDIO));
        assertEquals(1, fixture.loop.completed());
    }

    @Test
    void shouldCountOutputAfterTheDeadlineAsMissed() {
        final LoopFixture fixture = LoopFixture.realtime(1);
        fixture.open(0, Modality.TEXT);
        fixture.executor.status = TickExecutor.PENDING;
        fixture.beat();
        fixture.clock.at(2 * T);
        fixture.executor.status = TickExecutor.DONE;
        fixture.loop.doWork();
        assertEquals(0, fixture.count(LoopCounters.MISSED), "at the deadline is not after it");
        fixture.executor.status = TickExecutor.PENDING;
        fixture.beat();
        fixture.clock.at(3 * T + 1);
        fixture.executor.status = TickExecutor.DONE;
        fixture.loop.doWork();
        assertEquals(1, fixture.count(LoopCounters.MISSED));
        assertEquals(0, fixture.count(LoopCounters.SKIPPED), "less than a whole beat late");
    }

    @Test
    void shouldSkipABeatThatWasMissedAsAWhole() {
        final LoopFixture fixture = LoopFixture.realtime(1);
        fixture.open(0, Modality.AUDIO, Modality.VIDEO, Modality.TEXT);
        fixture.audio(0, 3);
        fixture.executor.status = TickExecutor.PENDING;
        fixture.beat();
        final int lost = fixture.audio(0, 4);
        final int kept = fixture.audio(0, 8);
        final int frame = fixture.video(0, 0, T);
        fixture.text(0, T, 90);
        fixture.control(IngressRecord.CUT, 0, 0);
        fixture.clock.at(3 * T);
        fixture.executor.status = TickExecutor.DONE;
        fixture.loop.doWork();
        assertTrue(fixture.slots.slotsInUse(0, Modality.AUDIO).contains(lost));
        fixture.loop.doWork();
        assertEquals(1, fixture.executor.skipped.size());
        assertEquals(1, fixture.executor.skipped.get(0).tick());
        assertTrue(fixture.executor.skipped.get(0).has(TickRecord.SKIPPED));
        assertEquals(1, fixture.executor.skipped.get(0).dropped());
        assertEquals(1, fixture.count(LoopCounters.LATE));
        assertEquals(List.of(kept), fixture.slots.slotsInUse(0, Modality.AUDIO));
        assertEquals(2, fixture.loop.completed());
        fixture.loop.doWork();
        final SealedTick next = fixture.executor.last(0);
        assertEquals(2, next.tick());
        assertEquals(1, next.skippedBefore());
        assertEquals(GAP, next.audioLeft());
        assertEquals(kept, next.audio().get(0));
        assertEquals(frame, next.video());
        assertEquals(List.of(90), next.text());
        assertTrue(next.has(TickRecord.CUT), "a cut waits for a tick that runs");
        fixture.beat();
        fixture.beat();
        fixture.beat();
        assertEquals(0, fixture.executor.last(0).skippedBefore());
    }

    private static LoopFixture skipping(final int beats) {
        final LoopFixture fixture = LoopFixture.realtime(1);
        fixture.open(0, Modality.AUDIO);
        fixture.beat();
        fixture.clock.at(fixture.grid.sealNs(1 + beats));
        while (fixture.loop.doWork() > 0) {
            assertTrue(fixture.executor.skipped.size() <= beats);
        }
        assertEquals(beats, fixture.executor.skipped.size());
        assertEquals(beats, fixture.count(LoopCounters.SKIPPED));
        return fixture;
    }

    @Test
    void shouldGoOnAfterFiveSkippedTicks() {
        final LoopFixture fixture = skipping(TickLoop.MAX_SKIPPED);
        assertTrue(fixture.executor.ended.isEmpty());
        assertEquals(TickLoop.MAX_SKIPPED, fixture.executor.last(0).skippedBefore());
        assertEquals(TickLoop.MAX_SKIPPED + 1, fixture.executor.last(0).tick());
    }

    @Test
    void shouldEndAsStalledAfterMoreThanFiveSkippedTicks() {
        final LoopFixture fixture = skipping(TickLoop.MAX_SKIPPED + 1);
        assertEquals(EndReason.STALLED, fixture.executor.ended.get(0));
        assertEquals(0, fixture.executor.last(0).tick());
    }

    @Test
    void shouldHearOthersABeatAfterAProducerDiedInsideItsClaim() {
        final LoopFixture fixture = LoopFixture.realtime(1);
        fixture.open(0, Modality.AUDIO);
        fixture.beat();
        new ManyToOneRingBuffer(fixture.ringBuffer).tryClaim(IngressRecord.MEDIA, IngressRecord.LENGTH);
        fixture.audio(0, 15);
        fixture.beat();
        assertEquals(0, fixture.ring.unblocked());
        fixture.beat();
        assertEquals(1, fixture.ring.unblocked());
        fixture.beat();
        assertTrue(fixture.executor.last(0).audio().get(3) != GAP);
    }

    @Test
    void shouldNotTakeALiveProducerForADeadOneWhenStepsAreFast() {
        final LoopFixture fixture = LoopFixture.stepped(1);
        final ManyToOneRingBuffer other = new ManyToOneRingBuffer(fixture.ringBuffer);
        fixture.open(0, Modality.TEXT);
        fixture.beat();
        final int index = other.tryClaim(IngressRecord.HOLD, IngressRecord.LENGTH);
        for (int i = 0; i < 100; i++) {
            fixture.clock.advance(1000);
            fixture.beat();
        }
        IngressRecord.putControl(other.buffer(), index, 0, fixture.generations[0], 0, 1);
        other.commit(index);
        fixture.beat();
        assertTrue(fixture.executor.last(0).has(TickRecord.HELD));
        assertEquals(0, fixture.ring.unblocked());
    }
}
