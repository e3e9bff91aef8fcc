package dev.tactus.app.capacity;

import dev.tactus.app.doctor.CpuContention;

/**
 * What a number of sessions did while it was measured.
 *
 * @param sessions how many
 * @param ticks session ticks, skipped ones included
 * @param missed of them, put out after their deadline, or skipped
 * @param endMs p99.9 of the time from a tick's end to its emit, in milliseconds, of the ticks that were not skipped
 * @param positions that a session remembered in the end, on average
 * @param restarted sessions that ended by themselves and were opened again
 * @param contention who else wanted the CPUs
 */
public record CapacityPoint(
        int sessions,
        long ticks,
        long missed,
        double endMs,
        double positions,
        int restarted,
        CpuContention.Shares contention) {
    /** Whether less than one tick in a thousand missed its deadline. */
    public boolean holds() {
        return ticks > 0 && missed * 1_000 < ticks;
    }
}
