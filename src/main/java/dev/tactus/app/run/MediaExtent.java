package dev.tactus.app.run;

import dev.tactus.engine.EngineContext;

/** How many ticks the media that were given reach. */
final class MediaExtent {
    private static final long SLOT_NS = 50_000_000;

    private final int textPerTick;
    private long audioNs;
    private long videoNs;
    private long frameNs;
    private long textTicks;

    /** Nothing given yet. */
    MediaExtent(final int textPerTick) {
        this.textPerTick = Math.max(1, textPerTick);
    }

    /** 50 ms of sound more. */
    void audio() {
        audioNs += SLOT_NS;
    }

    /** A picture; the last one is shown for as long as the one before, and the only one for a tick. */
    void frame(final Frame frame) {
        final long shownNs = videoNs == 0 ? EngineContext.PERIOD_NS : frame.timeNs() - frameNs;
        frameNs = frame.timeNs();
        videoNs = frameNs + shownNs;
    }

    /** Text; it is read at no more than so many ids a tick. */
    void text(final Chunk chunk) {
        final long start = Math.max(textTicks, chunk.timeNs() / EngineContext.PERIOD_NS);
        textTicks = start + Math.max(1, (chunk.ids().length + textPerTick - 1) / textPerTick);
    }

    /** Ticks until everything was heard, seen and read. */
    long ticks() {
        final long periodNs = EngineContext.PERIOD_NS;
        return Math.max(textTicks, (Math.max(audioNs, videoNs) + periodNs - 1) / periodNs);
    }
}
