package dev.tactus.app.run;

import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.NanoClock;

/**
 * Feeds sessions and takes what they put out until the media, the time or the user's patience is over, then ends them.
 * One thread does all of it; reading ahead has threads of its own.
 */
abstract class RunLoop {
    private static final long LONGEST_END_NS = TimeUnit.SECONDS.toNanos(10);

    final Engine engine;
    final NanoClock clock;
    final RunInputs inputs;
    final Interrupt interrupt;
    final MediaExtent extent;
    private final long tickLimit;

    /**
     * A loop.
     *
     * @param tickLimit ticks after which it is over; negative for as many as the media have
     */
    RunLoop(
            final Engine engine,
            final EngineContext context,
            final RunInputs inputs,
            final Interrupt interrupt,
            final long tickLimit) {
        this.engine = engine;
        this.clock = context.clock();
        this.inputs = inputs;
        this.interrupt = interrupt;
        this.extent = new MediaExtent(context.interaction().textInMax());
        this.tickLimit = tickLimit;
    }

    /** Makes the moment right for opening sessions. */
    abstract void beforeOpen();

    /** Feeds and takes until it is over. */
    abstract void drive(List<LiveSession> sessions);

    /** Lets one beat pass, or waits for one, while the sessions end. */
    abstract void beat();

    /** Ends what still lives and takes the rest. */
    final void end(final List<LiveSession> sessions) {
        final long startNs = clock.nanoTime();
        for (final LiveSession live : sessions) {
            live.session().close();
        }
        while (anyLive(sessions) && clock.nanoTime() - startNs < LONGEST_END_NS) {
            beat();
            poll(sessions);
        }
    }

    static boolean anyLive(final List<LiveSession> sessions) {
        return sessions.stream().anyMatch(LiveSession::isLive);
    }

    static void poll(final List<LiveSession> sessions) {
        for (final LiveSession live : sessions) {
            live.tap().poll();
        }
    }

    /** Throws what stopped the tick thread or the device, since nothing would ever come from them again. */
    final void requireHealthy() {
        final Throwable failure = engine.failure();
        if (failure != null) {
            throw new IllegalStateException("the engine failed: " + failure, failure);
        }
    }

    /** Whether a time was given, after which it is over. */
    final boolean isLimited() {
        return tickLimit >= 0;
    }

    /** Ticks of that time. */
    final long tickLimit() {
        return tickLimit;
    }

    static void park(final long ns) {
        LockSupport.parkNanos(ns);
    }
}
