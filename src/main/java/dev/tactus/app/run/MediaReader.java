package dev.tactus.app.run;

import java.io.Closeable;
import java.io.IOException;

/**
 * Items of one medium in order of time, read by one thread.
 *
 * @param <T> the item, which belongs to the caller
 */
interface MediaReader<T> extends Closeable {
    /**
     * Opens a source. That may wait, since a pipe's header has to come first, so it happens on the reading thread.
     *
     * @param <S> the source
     */
    @FunctionalInterface
    interface Opening<S> {
        /** Opens it; the caller closes it. */
        S open() throws IOException;
    }

    /** The next item, waiting for it; null at the end. */
    T next() throws IOException;
}
