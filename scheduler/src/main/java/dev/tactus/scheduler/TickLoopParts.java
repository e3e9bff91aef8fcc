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
        int textOutMax) {
    /** Checks the sizes. */
    public TickLoopParts {
        final int needed = maxSessions * TickRecord.length(textInMax);
        if (records.capacity() < needed) {
            throw new IllegalArgumentException(
                    "records buffer has " + records.capacity() + " bytes: expected " + needed);
        }
    }
}
