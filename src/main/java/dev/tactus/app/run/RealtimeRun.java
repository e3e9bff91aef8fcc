package dev.tactus.app.run;

import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * By the clock: a piece of sound is given when its 50 ms have passed, pictures and text at their times. What is not
 * there in time is a gap.
 */
final class RealtimeRun extends RunLoop {
    /**
     * How long after a tick's end it is sealed: the last piece of sound is complete at that end, and takes a moment to
     * be given.
     */
    static final long ALLOWANCE_NS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final long SLOT_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final int SLOTS_PER_TICK = 4;
    private static final long POLL_NS = 500_000;

    /** Sessions open this long after the start of a beat: the one before is sealed, the first sound is not yet due. */
    private static final long OPENING_NS = ALLOWANCE_NS + TimeUnit.MILLISECONDS.toNanos(10);

    /** How long after the last tick's end its output is waited for. */
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(2);

    private long startNs;
    private int nextSlot;

    RealtimeRun(
            final Engine engine,
            final EngineContext context,
            final RunInputs inputs,
            final Interrupt interrupt,
            final long tickLimit) {
        super(engine, context, inputs, interrupt, tickLimit);
    }

    /**
     * Waits until shortly after the start of a beat: the sessions that open in it have their first tick in the next
     * one.
     */
    @Override
    void beforeOpen() {
        while (engine.grid().originNs() == 0) {
            requireHealthy();
            park(POLL_NS);
        }
        final long originNs = engine.grid().originNs();
        final long beat = (clock.nanoTime() - originNs) / EngineContext.PERIOD_NS + 1;
        final long openNs = originNs + beat * EngineContext.PERIOD_NS;
        startNs = openNs + EngineContext.PERIOD_NS;
        while (clock.nanoTime() < openNs + OPENING_NS) {
            park(POLL_NS);
        }
    }

    @Override
    void drive(final List<LiveSession> sessions) {
        while (anyLive(sessions) && !interrupt.isAsked() && !isOver(sessions)) {
            final long nowNs = clock.nanoTime();
            feedAudio(sessions, nowNs);
            feedVideo(sessions, nowNs);
            feedText(sessions, nowNs);
            poll(sessions);
            requireHealthy();
            park(POLL_NS);
        }
    }

    private boolean isOver(final List<LiveSession> sessions) {
        final long target = target();
        final boolean allOut =
                sessions.stream().allMatch(live -> !live.isLive() || live.tap().ticks() >= target);
        return allOut || clock.nanoTime() - startNs - PATIENCE_NS > target * EngineContext.PERIOD_NS;
    }

    /** Ticks after which it is over; as many as a run can have while that is not known. */
    private long target() {
        if (isLimited()) {
            return tickLimit();
        }
        return isAtEnd() ? extent.ticks() : Long.MAX_VALUE / EngineContext.PERIOD_NS;
    }

    private boolean isAtEnd() {
        return (inputs.audio() == null || inputs.audio().isAtEnd())
                && (inputs.video() == null || inputs.video().isAtEnd())
                && (inputs.text() == null || inputs.text().isAtEnd());
    }

    private void feedAudio(final List<LiveSession> sessions, final long nowNs) {
        while (inputs.audio() != null && nowNs >= slotEndNs() && inputs.audio().isReady()) {
            final float[] slot = inputs.audio().take(interrupt::isAsked);
            if (slot == null) {
                return;
            }
            if (inputs.audioIsPipe()) {
                catchUp(sessions, nowNs);
            }
            final long captureNs = Math.min(nowNs, slotEndNs());
            sessions.stream()
                    .filter(LiveSession::isLive)
                    .forEach(live -> live.feed().audio(slot, captureNs));
            nextSlot++;
            extent.audio();
        }
    }

    private long slotEndNs() {
        return startNs + (nextSlot + 1) * SLOT_NS;
    }

    /** What comes through a pipe has just been made: if its time is over, it belongs to the tick that runs. */
    private void catchUp(final List<LiveSession> sessions, final long nowNs) {
        final int first = (int) ((nowNs - startNs - ALLOWANCE_NS) / EngineContext.PERIOD_NS) * SLOTS_PER_TICK;
        while (nextSlot < first) {
            sessions.stream()
                    .filter(LiveSession::isLive)
                    .forEach(live -> live.feed().skipAudio(1));
            nextSlot++;
            extent.audio();
        }
    }

    private void feedVideo(final List<LiveSession> sessions, final long nowNs) {
        while (inputs.video() != null && inputs.video().isReady()) {
            final Frame next = inputs.video().peek(interrupt::isAsked);
            if (next == null || startNs + next.timeNs() > nowNs) {
                return;
            }
            final Frame frame = inputs.video().take(interrupt::isAsked);
            extent.frame(frame);
            final long captureNs = startNs + frame.timeNs();
            sessions.stream()
                    .filter(LiveSession::isLive)
                    .forEach(live -> live.feed().frame(frame, captureNs));
        }
    }

    private void feedText(final List<LiveSession> sessions, final long nowNs) {
        if (inputs.text() == null) {
            return;
        }
        while (inputs.text().isReady()) {
            final Chunk next = inputs.text().peek(interrupt::isAsked);
            if (next == null || startNs + next.timeNs() > nowNs) {
                break;
            }
            final Chunk chunk = inputs.text().take(interrupt::isAsked);
            extent.text(chunk);
            sessions.forEach(live -> live.feed().text(chunk));
        }
        sessions.stream()
                .filter(LiveSession::isLive)
                .forEach(live -> live.feed().offerText(nowNs));
    }

    @Override
    void beat() {
        requireHealthy();
        park(POLL_NS);
    }
}
