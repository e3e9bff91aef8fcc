package dev.tactus.engine;

import dev.tactus.scheduler.IngressRing;
import dev.tactus.scheduler.Modality;
import org.agrona.concurrent.NanoClock;

/**
 * What a session sees: slots of one RGB8 frame, [rows·40, cols·40, 3] bytes, already letterboxed
 * ({@link dev.tactus.engine.video.Letterbox}). The newest frame of a tick is shown to the model. One producer thread.
 */
public final class VideoInput extends MediaInput {
    private final int height;
    private final int width;
    private int next;

    VideoInput(
            final SessionState state,
            final IngressRing ingress,
            final NanoClock clock,
            final int height,
            final int width) {
        super(state, Modality.VIDEO, ingress, clock);
        this.height = height;
        this.width = width;
    }

    /** Pixels per column. */
    public int height() {
        return height;
    }

    /** Pixels per row. */
    public int width() {
        return width;
    }

    /**
     * Commits the claimed slot. Frames are taken in the order of their commits; one that is refused has its number,
     * too.
     *
     * @param captureNs when the frame was captured, on the engine clock; the frame belongs to the tick of that time, or
     *     to the next one when it is too late for it
     * @return false when it was refused: the ring is full or the session has ended
     */
    public boolean commit(final long captureNs) {
        return commit(0, next++, captureNs, height * width * 3);
    }
}
