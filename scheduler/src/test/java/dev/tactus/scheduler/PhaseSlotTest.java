package dev.tactus.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class PhaseSlotTest {
    private static final long QUARTER = LoopFixture.T / 4;

    private final LoopFixture fixture = new LoopFixture(Pacing.REALTIME, 0, 4, 4, 3 * LoopFixture.T);

    private List<Integer> submittedAt(final long ns) {
        fixture.executor.submitted.clear();
        fixture.clock.at(ns);
        for (int i = 0; i < 8; i++) {
            fixture.loop.doWork();
        }
        return fixture.executor.submitted.stream().map(SealedTick::session).toList();
    }

    private long at(final long beat, final int phase) {
        return fixture.grid.sealNs(beat, phase);
    }

    @Test
    void shouldSealEachSessionAtItsOwnPlaceInThePeriod() {
        fixture.openAt(0, 0, Modality.TEXT);
        fixture.openAt(2, 1, Modality.TEXT);
        fixture.openAt(2, 2, Modality.TEXT);
        assertEquals(List.of(), submittedAt(at(0, 0) - 1));
        assertEquals(List.of(0), submittedAt(at(0, 0)));
        assertEquals(List.of(), submittedAt(at(0, 2) - 1));
        assertEquals(List.of(1, 2), submittedAt(at(0, 2)));
        assertEquals(0, fixture.loop.completed());
        assertEquals(List.of(), submittedAt(at(0, 3)));
        assertEquals(1, fixture.loop.completed());
        assertEquals(List.of(0), submittedAt(at(1, 0)));
        assertEquals(2 * QUARTER, at(1, 2) - at(1, 0));
    }

    @Test
    void shouldBeginWithTheFirstBeatOfItsSlotAfterItOpened() {
        final long originNs = fixture.grid.originNs();
        fixture.clock.at(originNs + QUARTER + 1);
        // slot 1 began just before, slot 2 begins soon
        fixture.openAt(1, 0, Modality.TEXT);
        fixture.openAt(2, 1, Modality.TEXT);
        assertEquals(List.of(), submittedAt(at(0, 1)));
        assertEquals(List.of(1), submittedAt(at(0, 2)));
        submittedAt(at(0, 3));
        assertEquals(List.of(0, 1), submittedAt(at(1, 2)));
    }

    @Test
    void shouldCountATickMissedByItsOwnDeadline() {
        fixture.openAt(3, 0, Modality.TEXT);
        for (int phase = 0; phase < 4; phase++) {
            submittedAt(at(0, phase));
        }
        assertEquals(0, fixture.count(LoopCounters.MISSED));
        // beat 1 of the last slot: due later than that of the first
        for (int phase = 0; phase < 3; phase++) {
            submittedAt(at(1, phase));
        }
        fixture.executor.status = TickExecutor.PENDING;
        submittedAt(at(1, 3));
        fixture.clock.at(fixture.grid.deadlineNs(1, 3) - 1_000);
        fixture.executor.status = TickExecutor.DONE;
        fixture.loop.doWork();
        assertEquals(2, fixture.count(LoopCounters.TICKS));
        assertEquals(0, fixture.count(LoopCounters.MISSED));
    }

    @Test
    void shouldSkipOnlyTheSlotsThatMissedAWholeBeat() {
        fixture.openAt(0, 0, Modality.TEXT);
        fixture.openAt(3, 1, Modality.TEXT);
        fixture.executor.status = TickExecutor.PENDING;
        submittedAt(at(0, 0));
        // slot 0's next seal is past, that of slot 3's next beat is not
        fixture.executor.status = TickExecutor.DONE;
        assertEquals(List.of(1, 0), submittedAt(at(1, 1)));
        assertEquals(List.of(), fixture.executor.skipped);
        fixture.executor.status = TickExecutor.PENDING;
        submittedAt(at(1, 3));
        fixture.executor.status = TickExecutor.DONE;
        submittedAt(at(3, 0) + 1);
        assertEquals(
                List.of(0),
                fixture.executor.skipped.stream().map(SealedTick::session).toList());
    }

    @Test
    void shouldEndAllSessionsWhenTheDeviceDoesNotReturn() {
        fixture.openAt(0, 0, Modality.TEXT);
        fixture.openAt(1, 1, Modality.TEXT);
        submittedAt(at(0, 0));
        submittedAt(at(0, 1));
        fixture.executor.status = TickExecutor.PENDING;
        submittedAt(at(1, 0));
        final long fromNs = at(1, 0);
        for (long ns = fromNs; ns < fromNs + 3 * LoopFixture.T; ns += QUARTER / 2) {
            fixture.clock.at(ns);
            fixture.loop.doWork();
            assertFalse(fixture.loop.isStuck(), "stuck after " + (ns - fromNs) + " ns");
        }
        fixture.clock.at(fromNs + 3 * LoopFixture.T + QUARTER);
        fixture.loop.doWork();
        assertTrue(fixture.loop.isStuck());
        assertEquals(EndReason.DEVICE_STUCK, fixture.executor.ended.get(0));
        assertEquals(EndReason.DEVICE_STUCK, fixture.executor.ended.get(1));
        assertEquals(1, fixture.count(LoopCounters.DEVICE_FAILURES));
        // whoever comes later is told at its first seal, and nothing reaches the device any more
        fixture.openAt(2, 2, Modality.TEXT);
        assertEquals(List.of(), submittedAt(at(8, 3)));
        assertEquals(EndReason.DEVICE_STUCK, fixture.executor.ended.get(2));
    }

    @Test
    void shouldNotTakeAMachineThatWasStoppedForAStuckDevice() {
        fixture.openAt(0, 0, Modality.TEXT);
        fixture.executor.status = TickExecutor.PENDING;
        submittedAt(at(0, 0));
        // nobody ran for ten seconds, then the device goes on
        fixture.clock.at(at(0, 0) + 50 * LoopFixture.T);
        fixture.loop.doWork();
        assertFalse(fixture.loop.isStuck());
        fixture.executor.status = TickExecutor.DONE;
        fixture.loop.doWork();
        assertEquals(1, fixture.executor.emitted.size());
    }
}
