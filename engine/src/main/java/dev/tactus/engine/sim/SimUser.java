package dev.tactus.engine.sim;

import dev.tactus.engine.EngineContext;
import dev.tactus.engine.Session;
import dev.tactus.scheduler.IngressRecord;

/** Whoever talks with a session: polls it, holds and mutes it, interrupts it, and ends it one way or another. */
final class SimUser {
    private static final long NS_PER_MS = 1_000_000;
    private static final int STORM = 400;
    private static final int SAMPLES_PER_MS = 16;

    /** Samples of three ticks. */
    private static final int MOST_OFF = 9_600;

    private static final int ABANDONED_PER_MILLE = 100;

    private final SimWorld world;
    private final SimSession session;
    private final Session engine;
    private final Workload workload;
    private final SimDraws draws;
    private final boolean lazy;

    SimUser(final SimWorld world, final SimSession session, final SimDraws draws) {
        this.world = world;
        this.session = session;
        this.engine = session.engineSession;
        this.workload = world.workload();
        this.draws = draws;
        this.lazy = draws.perMille(workload.lazy);
    }

    void start() {
        if (!workload.endless) {
            final long lifeNs = draws.between(0, 2 * workload.lifeTicks) * (EngineContext.PERIOD_NS / 2)
                    + draws.below(200) * NS_PER_MS;
            world.timeline().in(lifeNs, this::end);
        }
        world.timeline().in(draws.below(100) * NS_PER_MS, this::poll);
        world.timeline().in(draws.below(100) * NS_PER_MS, this::control);
    }

    private void poll() {
        if (session.over) {
            return;
        }
        session.poll();
        final int delayMs = lazy ? draws.between(500, workload.longestNapMs) : draws.between(20, 90);
        world.timeline().in(delayMs * NS_PER_MS, this::poll);
    }

    private void control() {
        if (session.ended || session.over) {
            return;
        }
        world.timeline().in(draws.between(50, 150) * NS_PER_MS, this::control);
        if (draws.perMille(workload.storms)) {
            for (int i = 0; i < STORM && world.ring().hasRoom(3); i++) {
                final boolean held = (i & 1) == 0;
                world.control(session, IngressRecord.HOLD, held ? 1 : 0, () -> engine.hold(held));
            }
        }
        if (!draws.perMille(workload.controls) || !world.ring().hasRoom(2)) {
            return;
        }
        final boolean on = draws.below(2) == 0;
        switch (draws.below(4)) {
            case 0 -> world.control(session, IngressRecord.HOLD, on ? 1 : 0, () -> engine.hold(on));
            case 1 -> world.control(session, IngressRecord.MUTE, on ? 1 : 0, () -> engine.mute(on));
            case 2 -> world.control(session, IngressRecord.CUT, 1, session::interrupt);
            default -> heard();
        }
    }

    /** Tells how far the listener heard: to the end of what was said or a sample less, about there, or by the clock. */
    private void heard() {
        final long spoken = session.spokenUntil();
        final long until =
                switch (draws.below(4)) {
                    case 0 -> spoken;
                    case 1 -> spoken - 1;
                    case 2 -> spoken + draws.between(-MOST_OFF, MOST_OFF);
                    default -> (world.clock().nowNs() - session.openedToNs) / NS_PER_MS * SAMPLES_PER_MS;
                };
        final long sample = Math.max(0, until);
        world.control(session, IngressRecord.HEARD, sample, () -> session.heardUntil(sample));
    }

    private void end() {
        if (session.ended || session.over) {
            return;
        }
        if (!world.ring().hasRoom(2)) {
            world.timeline().in(20 * NS_PER_MS, this::end);
        } else if (draws.perMille(workload.stops)) {
            world.control(session, IngressRecord.STOP, 0, engine::stop);
        } else if (draws.perMille(ABANDONED_PER_MILLE)) {
            session.inHandler = this::abandon;
        } else if (draws.perMille(ABANDONED_PER_MILLE)) {
            world.control(session, IngressRecord.CLOSE, 0, session::abandon);
        } else {
            world.control(session, IngressRecord.CLOSE, 0, engine::close);
        }
    }

    /** From inside the handler; when nothing can be said now, the session lives until the next event. */
    private void abandon() {
        if (world.ring().hasRoom(2)) {
            world.control(session, IngressRecord.CLOSE, 0, session::abandon);
        } else {
            session.inHandler = this::abandon;
        }
    }
}
