package dev.tactus.engine;

import dev.tactus.scheduler.Pacing;
import dev.tactus.scheduler.TickLoop;

/** Drives an engine without threads: {@link ThreadingMode#INVOKER}. One thread calls; all work happens on it. */
public final class TickInvoker {
    private final TickLoop loop;
    private final Pacing pacing;

    TickInvoker(final TickLoop loop, final Pacing pacing) {
        this.loop = loop;
        this.pacing = pacing;
    }

    /**
     * Runs one beat from seal to account and returns its number. Stepped: at once, with whatever was committed before.
     * By the clock: waits, spinning, until the beat is due; a caller with other work calls {@link #doWork()} instead.
     */
    public long tick() {
        final long beat = loop.completed();
        if (pacing == Pacing.STEPPED) {
            loop.release();
        }
        while (loop.completed() == beat) {
            if (loop.doWork() == 0) {
                Thread.onSpinWait();
            }
        }
        return beat;
    }

    /** One turn of the loop, for callers with a duty cycle of their own; returns how much was done. */
    public int doWork() {
        return loop.doWork();
    }
}
