package dev.tactus.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Found by the simulation: a deadline that passed while a session was being emitted was its reason, and not counted.
 */
class MissedByItsEmitTest {
    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1"})
    void shouldCountAMissByTheTimeOfTheEmit(final long nsAfterTheDeadline, final long missed) {
        final ManualClock clock = new ManualClock();
        final FakeSlots slots = new FakeSlots(LoopFixture.SLOTS);
        final LoopCounters counters = new LoopCounters();
        final IngressRing ring = new IngressRing(LoopFixture.buffer(IngressRing.requiredBytes(64)));
        final BeatGrid grid = new BeatGrid(LoopFixture.T, 0);
        final TickLoop loop = new TickLoop(new TickLoopParts(
                clock,
                grid,
                Pacing.REALTIME,
                ring,
                new SlowToEmit(nsAfterTheDeadline),
                slots,
                counters,
                LoopFixture.buffer(TickRecord.length(LoopFixture.TEXT_IN_MAX)),
                1,
                LoopFixture.SLOTS,
                LoopFixture.SLOTS,
                LoopFixture.TEXT_IN_MAX,
                LoopFixture.TEXT_OUT_MAX));
        loop.onStart();
        ring.offerControl(IngressRecord.OPEN, 0, 1, clock.nanoTime(), Modality.TEXT.bit());
        clock.at(grid.sealNs(0));
        loop.doWork();
        assertEquals(1, counters.get(LoopCounters.TICKS));
        assertEquals(missed, counters.get(LoopCounters.MISSED));
    }

    /** Is done at once, and puts a session out so much after the deadline. */
    private static final class SlowToEmit implements TickExecutor {
        private final long nsAfterTheDeadline;

        SlowToEmit(final long nsAfterTheDeadline) {
            this.nsAfterTheDeadline = nsAfterTheDeadline;
        }

        @Override
        public long submit(final SealedBeat beat) {
            return 1;
        }

        @Override
        public int poll(final long ticket) {
            return DONE;
        }

        @Override
        public boolean isComplete(final long ticket, final int index) {
            return true;
        }

        @Override
        public EndReason emit(final SealedBeat beat, final int index, final boolean failed) {
            beat.emitted(beat.deadlineNs() + nsAfterTheDeadline);
            return null;
        }

        @Override
        public void emitSkipped(final SealedBeat beat, final int index) {}

        @Override
        public void end(final int session, final int generation, final EndReason reason) {}

        @Override
        public void account(final SealedBeat beat) {}
    }
}
