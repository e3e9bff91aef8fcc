package dev.tactus.scenario.eval;

import dev.tactus.scenario.Episode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** A lane, and what its session goes through: context first, if any, then jobs. One thread. */
final class Seat {
    private final Lane lane;
    private final ContextEpisodes context;
    /** What comes next in the open session, before the next job. */
    private final Deque<Stimulus> first = new ArrayDeque<>();

    private int session;
    private int contextEpisodes;
    private int contextTicks;
    /** The job that it took and that has not begun. */
    private Job waiting;
    /** The job that is under way. */
    private Job job;

    Seat(final Lane lane, final ContextEpisodes context) {
        this.lane = lane;
        this.context = context;
    }

    /** Whether it has no session. */
    boolean isFree() {
        return lane.isFree();
    }

    /** Whether a session will put out a tick in the next beat. */
    boolean isBusy() {
        return lane.isBusy();
    }

    /** What it is at, in messages. */
    String name() {
        return job == null ? "context of session " + session : job.name();
    }

    /**
     * Decides what the next beat brings. A session is opened only for a job that is its own from then on, and lasts
     * only for a job that it can see: so none is left over, and none goes through context for nothing.
     *
     * @param next the job that waits, or null for none
     * @param sessions sessions that were opened before
     * @return whether it took the job
     */
    boolean prepare(final Job next, final int sessions) {
        if (lane.isBusy() || !lane.isOpen() && !lane.isFree()) {
            return false;
        }
        final boolean takes = waiting == null;
        if (takes) {
            final boolean video = next != null && next.stimulus().hasVideo();
            final boolean lasts = next != null && context.ticks() > 0 && lane.sees() == video;
            if (lane.isOpen() && !lasts) {
                lane.close();
                return false;
            }
            if (next == null) {
                return false;
            }
            if (lane.isFree()) {
                open(video, next.seed(), sessions);
            }
            waiting = next;
        }
        begin();
        return takes;
    }

    private void begin() {
        if (first.isEmpty() && contextTicks < context.ticks()) {
            final Episode episode = context.episode(session, contextEpisodes, lane.sees());
            contextTicks += episode.ticks();
            first.add(new EpisodeStimulus(episode));
            addInterlude();
        }
        if (!first.isEmpty()) {
            lane.begin(first.remove());
            return;
        }
        job = waiting;
        waiting = null;
        lane.begin(job.stimulus());
    }

    private void open(final boolean video, final long seed, final int number) {
        lane.open(video, seed);
        session = number;
        contextEpisodes = 0;
        contextTicks = 0;
        first.clear();
    }

    private void addInterlude() {
        final Episode stop = context.interlude(session, contextEpisodes++, lane.sees());
        contextTicks += stop.ticks();
        first.add(new EpisodeStimulus(stop));
    }

    /** Gives the session its input. */
    void feed() {
        lane.feed();
    }

    /**
     * Takes what the beat brought.
     *
     * @return whether a job is done
     */
    boolean poll() {
        final List<ModelTick> out;
        try {
            out = lane.poll();
        } catch (final IllegalStateException ex) {
            throw new IllegalStateException(name() + ": " + ex.getMessage(), ex);
        }
        if (out == null || job == null) {
            return false;
        }
        job.done(out);
        job = null;
        if (context.ticks() > 0) {
            addInterlude();
        }
        return true;
    }

    /** Ends the session; it is gone after the next beat. */
    void close() {
        if (lane.isOpen()) {
            lane.close();
            job = null;
            waiting = null;
        }
    }
}
