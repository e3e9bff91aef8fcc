package dev.tactus.app.run;

import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * As fast as it goes: each tick gets the media of its 200 ms, then a step. What comes out does not depend on the speed
 * of the machine.
 */
final class SteppedRun extends RunLoop {
    private static final int SLOTS_PER_TICK = 4;
    private static final long POLL_NS = 20_000;

    /** The engine's pool holds this many frames a tick; of more, only the newest can be seen anyway. */
    private static final int MOST_FRAMES = 6;

    private final BooleanSupplier stop;

    SteppedRun(
            final Engine engine,
            final EngineContext context,
            final RunInputs inputs,
            final Interrupt interrupt,
            final long tickLimit) {
        super(engine, context, inputs, interrupt, tickLimit);
        this.stop = interrupt::isAsked;
    }

    @Override
    void beforeOpen() {
        // any moment is right: no beat passes by itself
    }

    @Override
    void drive(final List<LiveSession> sessions) {
        for (long tick = 0; anyLive(sessions) && reaches(tick) && !interrupt.isAsked(); tick++) {
            feed(sessions, (tick + 1) * EngineContext.PERIOD_NS);
            if (interrupt.isAsked()) {
                return;
            }
            beat();
            poll(sessions);
        }
    }

    private boolean reaches(final long tick) {
        return isLimited() ? tick < tickLimit() : tick < extent.ticks() || isOpen();
    }

    /** Whether any medium goes on; waits until that is known. */
    private boolean isOpen() {
        return inputs.audio() != null && inputs.audio().peek(stop) != null
                || inputs.video() != null && inputs.video().peek(stop) != null
                || inputs.text() != null && inputs.text().peek(stop) != null;
    }

    private void feed(final List<LiveSession> sessions, final long endNs) {
        if (inputs.audio() != null) {
            feedAudio(sessions);
        }
        if (inputs.video() != null) {
            feedVideo(sessions, endNs);
        }
        if (inputs.text() != null) {
            feedText(sessions, endNs);
        }
    }

    private void feedAudio(final List<LiveSession> sessions) {
        for (int i = 0; i < SLOTS_PER_TICK; i++) {
            final float[] slot = inputs.audio().take(stop);
            if (slot == null) {
                return;
            }
            extent.audio();
            final long nowNs = clock.nanoTime();
            sessions.stream()
                    .filter(LiveSession::isLive)
                    .forEach(live -> live.feed().audio(slot, nowNs));
        }
    }

    private void feedVideo(final List<LiveSession> sessions, final long endNs) {
        final List<Frame> frames = new ArrayList<>();
        int leftOut = 0;
        Frame next = inputs.video().peek(stop);
        while (next != null && next.timeNs() < endNs) {
            extent.frame(next);
            frames.add(inputs.video().take(stop));
            if (frames.size() > MOST_FRAMES) {
                frames.remove(0);
                leftOut++;
            }
            next = inputs.video().peek(stop);
        }
        final long nowNs = clock.nanoTime();
        for (final LiveSession live : sessions) {
            if (live.isLive()) {
                frames.forEach(frame -> live.feed().frame(frame, nowNs));
                live.feed().framesLeftOut(leftOut);
            }
        }
    }

    private void feedText(final List<LiveSession> sessions, final long endNs) {
        Chunk next = inputs.text().peek(stop);
        while (next != null && next.timeNs() < endNs) {
            final Chunk chunk = inputs.text().take(stop);
            extent.text(chunk);
            sessions.forEach(live -> live.feed().text(chunk));
            next = inputs.text().peek(stop);
        }
        final long nowNs = clock.nanoTime();
        sessions.stream()
                .filter(LiveSession::isLive)
                .forEach(live -> live.feed().offerText(nowNs));
    }

    @Override
    void beat() {
        final long beat = engine.step();
        while (engine.completedBeats() <= beat) {
            requireHealthy();
            park(POLL_NS);
        }
    }
}
