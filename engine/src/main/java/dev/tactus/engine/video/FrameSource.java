package dev.tactus.engine.video;

import dev.tactus.engine.audio.InvalidMediaException;
import java.io.Closeable;
import java.io.IOException;

/** Pictures from somewhere, in order of time, read by one thread. Whoever opened a source closes it. */
public interface FrameSource extends Closeable {
    /**
     * Moves to the next picture, waiting for it.
     *
     * @return false at the end
     * @throws InvalidMediaException if what follows is not what was declared
     * @throws IOException if reading fails
     */
    boolean next() throws IOException;

    /** Time of the current picture after the first one, in nanoseconds. */
    long timeNs();

    /** The current picture, the same object for all of them; valid until the next {@link #next}. */
    RgbFrame frame();
}
