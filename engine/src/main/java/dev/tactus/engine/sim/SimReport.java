package dev.tactus.engine.sim;

import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.SilenceReason;
import java.util.Optional;

/**
 * What a seed did.
 *
 * @param seed everything was drawn from it
 * @param scenario what went wrong
 * @param ticks beats it was asked for
 * @param beats beats that were sealed
 * @param sessions sessions that were opened
 * @param sessionTicks their ticks, skipped ones included
 * @param events events of the log
 * @param launches engines: one, and another one for each that failed or hung for ever
 * @param refusals sessions that were refused, and rightly so
 * @param refusedMedia commits that a full ring refused
 * @param lostEvents events that were lost because a consumer did not poll
 * @param heardAll times that a listener told how far it heard, and nothing was said behind that
 * @param heardPart times that something was, of which the model was told
 * @param takenBack events whose speech was taken back before they were polled
 * @param counters what the loops counted, by {@link LoopCounters}
 * @param reasons session ticks by {@link SilenceReason#code()}
 * @param ends sessions by {@link EndReason#code()}; those of an engine that was replaced are not among them
 * @param hash of all events in order; the same for the same seed, scenario and ticks
 * @param violation what a checker found
 */
public record SimReport(
        long seed,
        Scenario scenario,
        int ticks,
        long beats,
        int sessions,
        long sessionTicks,
        long events,
        int launches,
        int refusals,
        int refusedMedia,
        long lostEvents,
        long heardAll,
        long heardPart,
        long takenBack,
        long[] counters,
        long[] reasons,
        long[] ends,
        long hash,
        Optional<Violation> violation) {
    /** Copies the arrays. */
    public SimReport {
        counters = counters.clone();
        reasons = reasons.clone();
        ends = ends.clone();
    }

    @Override
    public long[] counters() {
        return counters.clone();
    }

    @Override
    public long[] reasons() {
        return reasons.clone();
    }

    @Override
    public long[] ends() {
        return ends.clone();
    }

    /** What the loops counted of one of {@link LoopCounters}. */
    public long counter(final int counter) {
        return counters[counter];
    }

    /** Session ticks with that reason. */
    public long reason(final SilenceReason reason) {
        return reasons[reason.code()];
    }

    /** Sessions that ended for that reason. */
    public long end(final EndReason reason) {
        return ends[reason.code()];
    }
}
