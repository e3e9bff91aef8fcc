package dev.tactus.engine.sim;

import dev.tactus.scheduler.EndReason;
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
        long[] reasons,
        long[] ends,
        long hash,
        Optional<Violation> violation) {
    /** Copies the arrays. */
    public SimReport {
        reasons = reasons.clone();
        ends = ends.clone();
    }

    @Override
    public long[] reasons() {
        return reasons.clone();
    }

    @Override
    public long[] ends() {
        return ends.clone();
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
