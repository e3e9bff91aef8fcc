package dev.tactus.engine;

import dev.tactus.memory.OffHeap;
import dev.tactus.memory.SlotPool;
import dev.tactus.scheduler.IngressRing;
import dev.tactus.scheduler.Modality;
import java.lang.foreign.MemorySegment;
import org.agrona.concurrent.NanoClock;

/**
 * The producer's end of one modality of one session: claim a slot, write into it, commit it. Media is written once,
 * into the memory that kernels read.
 *
 * <p>One producer thread. No call blocks or allocates. A producer that dies with a slot claimed keeps that one slot
 * from the session, and whoever takes its place is given it again; when the session has ended all slots are free for
 * the next one, so nobody may write into a slot after that.
 *
 * <p>Nothing is captured after it was committed. Stamps that lie ahead of the commit are taken as they are up to a
 * period, which is what clocks that were set against each other may be apart; by the clock, one further ahead is
 * replaced by the time of the commit and counted, since the media would hold back what follows it until then. A stepped
 * engine goes by no stamp.
 */
abstract class MediaInput {
    private static final int NONE = -1;

    private final SessionState state;
    private final Modality modality;
    private final SlotPool pool;
    private final IngressRing ingress;
    private final NanoClock clock;
    private final int generation;
    private final MemorySegment[] segments;
    private int claimed = NONE;
    private long refused;
    private long stampedAhead;

    MediaInput(final SessionState state, final Modality modality, final IngressRing ingress, final NanoClock clock) {
        this.state = state;
        this.modality = modality;
        this.pool = state.pool(modality);
        this.ingress = ingress;
        this.clock = clock;
        this.generation = state.generation;
        this.segments = new MemorySegment[pool.slots()];
        for (int i = 0; i < segments.length; i++) {
            segments[i] = OffHeap.ALL.asSlice(pool.address(i), pool.slotBytes());
        }
    }

    /**
     * The memory of a free slot, to be written and committed; the same one until it is committed. Null when every slot
     * is in use (the tick has fallen behind, and the producer drops or waits) and once the session has ended.
     */
    public final MemorySegment claim() {
        if (!isLive()) {
            return null;
        }
        if (claimed == NONE) {
            claimed = pool.claim();
            if (claimed == NONE) {
                refused++;
                return null;
            }
        }
        return segments[claimed];
    }

    private boolean isLive() {
        return state.generation == generation && state.phase == SessionState.LIVE;
    }

    /** How often {@link #claim()} or a commit was refused because slots or ring were full. */
    public final long refused() {
        return refused;
    }

    /** How many commits had a capture time more than a period ahead, and got that of the commit instead. */
    public final long stampedAhead() {
        return stampedAhead;
    }

    /** Commits the claimed slot; false when the ingress ring is full (the slot stays claimed). */
    final boolean commit(final int flags, final int sequence, final long captureNs, final int length) {
        if (claimed == NONE) {
            throw new IllegalStateException("no " + modality + " slot is claimed: claim() one and write into it first");
        }
        if (!isLive()) {
            return false;
        }
        final long commitNs = clock.nanoTime();
        final boolean ahead = state.realtime && captureNs - commitNs > EngineContext.PERIOD_NS;
        final boolean accepted = ingress.offerMedia(
                state.index,
                generation,
                modality.code(),
                flags,
                claimed,
                sequence,
                ahead ? commitNs : captureNs,
                commitNs,
                length);
        if (accepted) {
            claimed = NONE;
            stampedAhead += ahead ? 1 : 0;
        } else {
            refused++;
        }
        return accepted;
    }
}
