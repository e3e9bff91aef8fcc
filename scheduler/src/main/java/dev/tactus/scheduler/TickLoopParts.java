package dev.tactus.scheduler;

import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What a {@link TickLoop} is made of.
 *
 * @param clock the engine clock
 * @param grid when beats happen
 * @param pacing what makes a beat due
 * @param ingress the ring that producers and callers write to
 * @param executor what runs a beat
 * @param mediaSlots where slots go back to
 * @param counters what is counted
 * @param records room for {@code maxSessions} records of {@link TickRecord#length} bytes
 * @param maxSessions session indexes are below this
 * @param videoSlots video slots per session, which bounds the frames that wait
 * @param textSlots text slots per session, likewise
 * @param textInMax text ids that one tick takes in
 * @param textOutMax text ids that one tick may emit
 * @param videoAllowanceNs how long after its tick's end a frame may be committed; later ones go to the next tick
 * @param textAllowanceNs likewise for text
 * @param missedTicks what is given up when ticks run late
 * @param deviceTimeoutNs how long a tick may be on the device before the device counts as stuck; 0 for ever
 */
public record TickLoopParts(
        NanoClock clock,
        BeatGrid grid,
        Pacing pacing,
        IngressRing ingress,
        TickExecutor executor,
        MediaSlots mediaSlots,
        LoopCounters counters,
        UnsafeBuffer records,
        int maxSessions,
        int videoSlots,
        int textSlots,
        int textInMax,
        int textOutMax,
        long videoAllowanceNs,
        long textAllowanceNs,
        MissedTickPolicy missedTicks,
        long deviceTimeoutNs) {
    /** An allowance: whatever waits at the seal is in time. */
    public static final long UNTIL_THE_SEAL = SessionSeat.UNTIL_THE_SEAL;

    /** Checks the sizes. */
    public TickLoopParts {
        final int needed = maxSessions * TickRecord.length(textInMax);
        if (records.capacity() < needed) {
            throw new IllegalArgumentException(
                    "records buffer has " + records.capacity() + " bytes: expected " + needed);
        }
    }

    /**
     * Parts of a loop in which whatever waits at a seal is in time, without a ladder, over a device that is waited for.
     */
    public TickLoopParts(
            final NanoClock clock,
            final BeatGrid grid,
            final Pacing pacing,
            final IngressRing ingress,
            final TickExecutor executor,
            final MediaSlots mediaSlots,
            final LoopCounters counters,
            final UnsafeBuffer records,
            final int maxSessions,
            final int videoSlots,
            final int textSlots,
            final int textInMax,
            final int textOutMax) {
        this(
                clock,
                grid,
                pacing,
                ingress,
                executor,
                mediaSlots,
                counters,
                records,
                maxSessions,
                videoSlots,
                textSlots,
                textInMax,
                textOutMax,
                SessionSeat.UNTIL_THE_SEAL,
                SessionSeat.UNTIL_THE_SEAL,
                MissedTickPolicy.OFF,
                0);
    }
}
