package dev.tactus.bench.micro;

import dev.tactus.scheduler.BeatGrid;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.IngressRecord;
import dev.tactus.scheduler.IngressRing;
import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.MediaSlots;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import dev.tactus.scheduler.SealedBeat;
import dev.tactus.scheduler.TickExecutor;
import dev.tactus.scheduler.TickLoop;
import dev.tactus.scheduler.TickLoopParts;
import dev.tactus.scheduler.TickRecord;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a beat costs without a device: every session's media offered to the ingress ring, drained, sealed, emitted to
 * nobody. One thread does both ends, so cache lines do not travel.
 */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class RingBenchmark {
    private static final long PERIOD_NS = 200_000_000;
    private static final int TEXT_IN_MAX = 16;
    private static final int TEXT_OUT_MAX = 6;
    private static final int SLOTS = 8;
    private static final int RECORDS_PER_SESSION = 8;

    /** Sessions, each with 4 audio slots and a frame. */
    @Param({"1", "8"})
    public int sessions;

    private final NoDevice device = new NoDevice();
    private final LoopCounters counters = new LoopCounters();
    private IngressRing ring;
    private TickLoop loop;
    private int tick;

    /** A device that is done at once, and slots that nobody owns. */
    private static final class NoDevice implements TickExecutor, MediaSlots {
        @Override
        public long submit(final SealedBeat beat) {
            return beat.beat();
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
            return null;
        }

        @Override
        public void emitSkipped(final SealedBeat beat, final int index) {
            throw new IllegalStateException("a stepped beat was skipped");
        }

        @Override
        public void end(final int session, final int generation, final EndReason reason) {
            throw new IllegalStateException("session " + session + " ended: " + reason);
        }

        @Override
        public void account(final SealedBeat beat) {
            // nothing is kept
        }

        @Override
        public void release(final int session, final int modality, final int slot) {
            // nobody claims
        }

        @Override
        public int textId(final int session, final int slot, final int index) {
            return 0;
        }
    }

    /** Makes ring and loop and opens the sessions. */
    @Setup(Level.Trial)
    public void open() {
        ring = new IngressRing(buffer(IngressRing.requiredBytes(sessions * RECORDS_PER_SESSION)));
        loop = new TickLoop(new TickLoopParts(
                SystemNanoClock.INSTANCE,
                new BeatGrid(PERIOD_NS, 0),
                Pacing.STEPPED,
                ring,
                device,
                device,
                counters,
                buffer(sessions * TickRecord.length(TEXT_IN_MAX)),
                sessions,
                SLOTS,
                SLOTS,
                TEXT_IN_MAX,
                TEXT_OUT_MAX));
        for (int s = 0; s < sessions; s++) {
            ring.offerControl(IngressRecord.OPEN, s, 1, 0, Modality.AUDIO.bit() | Modality.VIDEO.bit());
        }
        beat();
        requireAll();
    }

    private static UnsafeBuffer buffer(final int bytes) {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(bytes));
    }

    private void requireAll() {
        final long lost = counters.get(LoopCounters.LATE)
                + counters.get(LoopCounters.EARLY)
                + counters.get(LoopCounters.DUPLICATE)
                + counters.get(LoopCounters.AUDIO_GAP)
                + counters.get(LoopCounters.VIDEO_GAP);
        if (lost != 0) {
            throw new IllegalStateException(lost + " media records were lost: the bench does not measure what it says");
        }
    }

    /** One beat; returns how many are done. */
    @Benchmark
    public long beat() {
        final long nowNs = System.nanoTime();
        for (int s = 0; s < sessions; s++) {
            for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
                final int sequence = tick * TickRecord.AUDIO_POSITIONS + i;
                ring.offerMedia(s, 1, Modality.AUDIO.code(), sequence % SLOTS, sequence, nowNs, nowNs, 0);
            }
            ring.offerMedia(s, 1, Modality.VIDEO.code(), tick % SLOTS, tick, nowNs, nowNs, 0);
        }
        tick++;
        loop.release();
        while (loop.completed() < tick) {
            loop.doWork();
        }
        return loop.completed();
    }
}
