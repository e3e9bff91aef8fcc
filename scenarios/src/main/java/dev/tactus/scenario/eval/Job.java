package dev.tactus.scenario.eval;

import java.util.List;

/** Something that a session goes through and what is done with what comes out. One thread. */
interface Job {
    /** What it is counted with. */
    String group();

    /** What it is called in messages. */
    String name();

    /** Seed of a session that is opened for it. */
    long seed();

    /** What the session is given. */
    Stimulus stimulus();

    /** Takes what came out. */
    void done(List<ModelTick> ticks);
}
