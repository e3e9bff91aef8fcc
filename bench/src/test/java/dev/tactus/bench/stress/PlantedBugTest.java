package dev.tactus.bench.stress;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.AudioInput;
import dev.tactus.memory.OffHeap;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.IngressRecord;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.SealedBeat;
import dev.tactus.scheduler.TickExecutor;
import dev.tactus.scheduler.TickRecord;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The stress tests can fail: each kind finds a bug that is planted beneath it, of the sort that it is there for. */
class PlantedBugTest {
    private static final int ROUNDS = 1_000_000;
    private static final long MOST_NS = TimeUnit.SECONDS.toNanos(20);

    /** Runs until something forbidden comes, which is one of {@code expected}. */
    private static void assertFound(final Class<?> test, final String expected, final Supplier<Object> planted) {
        final Rounds rounds = Rounds.run(test, planted, 1, ROUNDS, MOST_NS);
        assertFalse(rounds.isAcceptable(), () -> "not found in " + rounds.count() + " rounds: " + rounds);
        final String found = rounds.forbidden().getFirst();
        assertTrue(found.matches(expected), () -> "found \"" + found + "\": expected " + expected);
    }

    @Test
    void shouldFindASlotReturnedBeforeItWasRead() {
        assertFound(SlotHandOverStress.class, ".*(torn.*|, 2/.*|./1)", () -> new SlotHandOverStress(EarlyReturn::new));
    }

    @Test
    void shouldFindARecordCommittedBeforeItWasWritten() {
        assertFound(RingDrainStress.class, "torn|lost|out of order", () -> new RingDrainStress(EarlyCommit::new));
    }

    @Test
    void shouldFindACallerThatDoesNotWaitForItsBeat() {
        assertFound(SealFlagStress.class, "gap|blank|torn", HastyCaller::new);
    }

    @Test
    void shouldFindAnEndToldBeforeTheLastTick() {
        final StressEngine engine = new EarlyEnd();
        assertFound(EngineEndStress.class, ".*, (early|order)", () -> new EngineEndStress(() -> engine));
    }

    @Test
    void shouldFindSpeechWrittenBeforeItsRelease() {
        final StressEngine engine = new Overwriting();
        assertFound(EngineSpeechStress.class, "(other|torn), .*", () -> new EngineSpeechStress(() -> engine));
    }

    @Test
    void shouldFindAHandleWithoutItsGeneration() {
        assertFound(EngineStaleHandleStress.class, ".*, held", Ageless::new);
    }

    /** Gives slots back when they are submitted, before the device has read them. */
    private static final class EarlyReturn extends StressLoop {
        private static final int WAIT = 640;

        private boolean early;

        EarlyReturn(final int sessions, final int slots, final Device device) {
            super(sessions, slots, device);
        }

        @Override
        public long submit(final SealedBeat beat) {
            final int slot = TickRecord.audioSlot(beat.records(), beat.recordOffset(0), 0);
            if (slot != TickRecord.GAP) {
                super.release(0, Modality.AUDIO.code(), slot);
                early = true;
                for (int i = 0; i < WAIT; i++) {
                    // long enough for the producer to take it
                    Pause.once(i);
                }
            }
            return super.submit(beat);
        }

        @Override
        public void release(final int session, final int modality, final int slot) {
            if (!early) {
                super.release(session, modality, slot);
            }
            early = false;
        }
    }

    /** Commits a record and writes it then. */
    private static final class EarlyCommit extends StressLoop {
        EarlyCommit(final int sessions, final int slots, final Device device) {
            super(sessions, slots, device);
        }

        @Override
        void commit(final int session, final int slot, final int sequence) {
            final int index = ring().ring().tryClaim(IngressRecord.MEDIA, IngressRecord.LENGTH);
            ring().ring().commit(index);
            final long captureNs = captureNs(session, sequence);
            final long commitNs = commitNs(session, sequence);
            IngressRecord.putMedia(
                    ring().ring().buffer(),
                    index,
                    session,
                    1,
                    Modality.AUDIO.code(),
                    0,
                    slot,
                    sequence,
                    captureNs,
                    commitNs,
                    AudioInput.SLOT_SAMPLES);
        }
    }

    /** Takes a beat for done once it is released. */
    private static final class HastyCaller extends SealFlagStress {
        @Override
        boolean await(final long beat) {
            return true;
        }
    }

    /** An engine that tells a session's end and then its second tick. */
    private static final class EarlyEnd extends StressEngine {
        @Override
        public TickExecutor executor(final TickExecutor executor) {
            return new EndFirst(executor);
        }

        @Override
        void giveBack() {
            // its next round has it already
        }
    }

    private static final class EndFirst implements TickExecutor {
        private static final long WAIT_NS = 1_000_000;

        private final TickExecutor executor;

        EndFirst(final TickExecutor executor) {
            this.executor = executor;
        }

        @Override
        public EndReason emit(final SealedBeat beat, final int index, final boolean failed) {
            final int record = beat.recordOffset(beat.session(index));
            if (TickRecord.tick(beat.records(), record) == 1) {
                executor.end(beat.session(index), TickRecord.generation(beat.records(), record), EndReason.STOPPED);
                // long enough for the consumer to see it
                LockSupport.parkNanos(WAIT_NS);
                executor.emit(beat, index, failed);
                return EndReason.STOPPED;
            }
            return executor.emit(beat, index, failed);
        }

        @Override
        public long submit(final SealedBeat beat) {
            return executor.submit(beat);
        }

        @Override
        public int poll(final long ticket) {
            return executor.poll(ticket);
        }

        @Override
        public boolean isComplete(final long ticket, final int index) {
            return executor.isComplete(ticket, index);
        }

        @Override
        public void emitSkipped(final SealedBeat beat, final int index) {
            executor.emitSkipped(beat, index);
        }

        @Override
        public void end(final int session, final int generation, final EndReason reason) {
            executor.end(session, generation, reason);
        }

        @Override
        public void account(final SealedBeat beat) {
            executor.account(beat);
        }
    }

    /** An engine whose device writes into the slot before its own, too. */
    private static final class Overwriting extends StressEngine {
        private long before;

        @Override
        void say(final long address, final long tick) {
            super.say(address, tick);
            if (tick > 0) {
                OffHeap.putFloat(before, tick);
            }
            before = address;
        }

        @Override
        void giveBack() {
            // its next round has it already
        }
    }

    /** Old handles whose controls pass for those of the new session. */
    private static final class Ageless extends EngineStaleHandleStress {
        private static final int OFFERS = 20;

        @Override
        boolean use() {
            for (int i = 0; i < OFFERS; i++) {
                engine.ring().offerControl(IngressRecord.HOLD, old().index(), old().generation() + 1, 0, 1);
                Thread.onSpinWait();
            }
            return false;
        }
    }
}
