package dev.tactus.scheduler;

import java.util.Arrays;

/**
 * How many sessions tick in each phase slot of the period, and which slot the next one should take. A session keeps its
 * slot for life, so that its beat never shifts.
 *
 * <p>The emptiest slot is taken; among equals, the one farthest from those that have more, so that few sessions lie far
 * apart: 0, 4, 2, 6, 1, 3, 5, 7 of eight. Not thread-safe.
 */
public final class PhaseTable {
    private final int[] sessions;

    /** A table of {@code phases} empty slots, at least one. */
    public PhaseTable(final int phases) {
        if (phases < 1) {
            throw new IllegalArgumentException(phases + " phases: expected at least 1");
        }
        sessions = new int[phases];
    }

    /** Number of slots. */
    public int phases() {
        return sessions.length;
    }

    /** Sessions of a slot. */
    public int sessions(final int phase) {
        return sessions[phase];
    }

    /** Empties all slots. */
    public void clear() {
        Arrays.fill(sessions, 0);
    }

    /** Counts a session in. */
    public void enter(final int phase) {
        sessions[phase]++;
    }

    /** Counts a session out. */
    public void leave(final int phase) {
        if (sessions[phase] == 0) {
            throw new IllegalStateException("slot " + phase + " of the period has no session that could leave");
        }
        sessions[phase]--;
    }

    /** The slot for one more session. */
    public int emptiest() {
        int best = 0;
        int bestDistance = distance(0);
        for (int phase = 1; phase < sessions.length; phase++) {
            final int distance = distance(phase);
            if (sessions[phase] < sessions[best] || sessions[phase] == sessions[best] && distance > bestDistance) {
                best = phase;
                bestDistance = distance;
            }
        }
        return best;
    }

    /** Slots to the nearest one with more sessions, around the period; the number of slots where there is none. */
    private int distance(final int phase) {
        int nearest = sessions.length;
        for (int other = 0; other < sessions.length; other++) {
            if (sessions[other] > sessions[phase]) {
                final int apart = Math.abs(other - phase);
                nearest = Math.min(nearest, Math.min(apart, sessions.length - apart));
            }
        }
        return nearest;
    }
}
