package dev.tactus.bench.stress;

import dev.tactus.memory.SlotPool;
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
import java.util.concurrent.ConcurrentLinkedQueue;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A stepped tick loop of sessions that hear, small enough that thousands are made a second: the thread that drives it
 * is its device. Ring, loop, seats and slot pools are the real ones.
 *
 * <p>One producer thread per session, one thread that drives.
 */
class StressLoop implements TickExecutor, MediaSlots {
    /** 64-bit words of a media slot: one cache line. */
    static final int WORDS = 8;

    private static final int GENERATION = 1;
    private static final long PERIOD_NS = 1_000;
    private static final int COMMIT_NS = 7;
    private static final int TEXT_IN_MAX = 1;

    private static final int MOST_SESSIONS = 2;
    private static final ConcurrentLinkedQueue<Memory> IDLE = new ConcurrentLinkedQueue<>();

    private final Memory memory;
    private final IngressRing ring;
    private final TickLoop loop;
    private final LoopCounters counters = new LoopCounters();
    private final SlotPool[] pools;
    private final Device device;
    private long nowNs;
    private SealedBeat running;
    private boolean started;

    /** A loop's native memory: there is no one to free it, but the next loop can use it. */
    private static final class Memory {
        private final UnsafeBuffer ring = buffer(IngressRing.requiredBytes(1));
        private final UnsafeBuffer records = buffer(MOST_SESSIONS * TickRecord.length(TEXT_IN_MAX));

        private static UnsafeBuffer buffer(final int bytes) {
            return new UnsafeBuffer(BufferUtil.allocateDirectAligned(bytes, Long.BYTES));
        }

        Memory zeroed() {
            ring.setMemory(0, ring.capacity(), (byte) 0);
            return this;
        }
    }

    /** What the device does in a beat: called between its submit and the return of what it read. */
    interface Device {
        /** Reads the beat's media. The thread that drives. */
        void run(SealedBeat beat);

        /** The beat's account is closed. The thread that drives. */
        default void account(final SealedBeat beat) {}
    }

    /** Makes a loop: one of its kinds has a bug. */
    interface Kind {
        /** A loop of so many sessions with so many slots each. */
        StressLoop of(int sessions, int slots, Device device);
    }

    /**
     * A loop whose sessions open with its next beat.
     *
     * @param slots media slots of each session, numbered from 0 in the order in which they are claimed first
     */
    StressLoop(final int sessions, final int slots, final Device device) {
        this(sessions, slots, device, 0);
    }

    /** The same after a beat that drained so many records of a session that is gone: what follows goes past the end. */
    StressLoop(final int sessions, final int slots, final Device device, final int strangers) {
        this.device = device;
        this.pools = new SlotPool[sessions];
        for (int i = 0; i < sessions; i++) {
            // an address is an offset into whatever the test writes to
            pools[i] = new SlotPool(0, WORDS, slots);
        }
        final Memory idle = IDLE.poll();
        this.memory = idle == null ? new Memory() : idle.zeroed();
        this.ring = new IngressRing(memory.ring);
        this.loop = new TickLoop(parts(sessions));
        for (int i = 0; i < strangers; i++) {
            ring.offerControl(IngressRecord.HOLD, sessions, GENERATION, 0, 0);
        }
        if (strangers > 0) {
            beat();
        }
        for (int i = 0; i < sessions; i++) {
            ring.offerControl(IngressRecord.OPEN, i, GENERATION, 0, Modality.AUDIO.bit());
        }
    }

    private TickLoopParts parts(final int sessions) {
        return new TickLoopParts(
                () -> nowNs,
                new BeatGrid(PERIOD_NS, 0),
                Pacing.STEPPED,
                ring,
                this,
                this,
                counters,
                memory.records,
                sessions,
                1,
                1,
                TEXT_IN_MAX,
                1);
    }

    /** Gives its memory to the next one. The arbiter, last. */
    void free() {
        IDLE.add(memory);
    }

    // --- a producer's end ---

    /** Takes a slot; -1 when all are in use. */
    int claim(final int session) {
        return pools[session].claim();
    }

    /** Index of a slot's first word. */
    int wordOf(final int session, final int slot) {
        return (int) pools[session].address(slot);
    }

    /** Commits a slot. */
    void commit(final int session, final int slot, final int sequence) {
        final long captureNs = captureNs(session, sequence);
        final boolean accepted = ring.offerMedia(
                session,
                GENERATION,
                Modality.AUDIO.code(),
                slot,
                sequence,
                captureNs,
                captureNs + COMMIT_NS,
                WORDS * Long.BYTES);
        if (!accepted) {
            throw new IllegalStateException("the ring is full at " + ring.capacity() + " records: offer fewer");
        }
    }

    /** When the media of that record was captured. */
    static long captureNs(final int session, final int sequence) {
        return (session + 1) * 1_000_000L + sequence;
    }

    /** When it was committed. */
    static long commitNs(final int session, final int sequence) {
        return captureNs(session, sequence) + COMMIT_NS;
    }

    /** Claims room for a record and dies. */
    void die() {
        if (ring.ring().tryClaim(IngressRecord.MEDIA, IngressRecord.LENGTH) < 0) {
            throw new IllegalStateException("the ring is full at " + ring.capacity() + " records: die earlier");
        }
    }

    // --- the tick thread's end ---

    /** Runs a beat from seal to account. */
    void beat() {
        final long beat = loop.release();
        while (loop.completed() <= beat) {
            loop.doWork();
        }
    }

    /** Lets time pass until a claim that was seen in the way counts as dead. */
    void passTime() {
        nowNs += PERIOD_NS;
    }

    /** The loop. */
    TickLoop loop() {
        return loop;
    }

    /** What it counted. */
    long counted(final int counter) {
        return counters.get(counter);
    }

    /** The ring. */
    IngressRing ring() {
        return ring;
    }

    /** Claims that it gave up. */
    long unblocked() {
        return ring.unblocked();
    }

    /** Slots of a session that can be claimed. */
    int available(final int session) {
        return pools[session].available();
    }

    @Override
    public long submit(final SealedBeat beat) {
        running = beat;
        started = false;
        return beat.beat();
    }

    @Override
    public int poll(final long ticket) {
        if (!started) {
            started = true;
            return PENDING;
        }
        device.run(running);
        return DONE;
    }

    @Override
    public boolean isComplete(final long ticket, final int index) {
        return false;
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
        device.account(beat);
    }

    @Override
    public void release(final int session, final int modality, final int slot) {
        pools[session].release(slot);
    }

    @Override
    public int textId(final int session, final int slot, final int index) {
        throw new IllegalStateException("nobody reads");
    }
}
