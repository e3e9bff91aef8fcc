package dev.tactus.app.run;

import dev.tactus.app.cli.Failures;
import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Reads a medium on a thread of its own, a bounded number of items ahead, so that neither a slow pipe nor a large
 * picture holds up the beat, and so that waiting for input can be broken off. One other thread takes.
 *
 * @param <T> the item
 */
final class ReadAhead<T> implements AutoCloseable {
    private static final long WAIT_MS = 20;
    private static final long JOIN_MS = 1000;

    private final String name;
    private final MediaReader<T> reader;
    private final BlockingQueue<Entry<T>> queue;
    private final Thread thread;
    private volatile boolean closed;
    private Entry<T> head;

    /** An item, or the end, or why there are no more. */
    private record Entry<T>(T item, Exception failure) {}

    /**
     * Starts reading.
     *
     * @param name option and file, for messages
     * @param reader closed by the reading thread
     * @param capacity most items read ahead
     * @param threads makes that thread, a daemon: it may be left behind inside a read that nobody can end
     */
    ReadAhead(final String name, final MediaReader<T> reader, final int capacity, final ThreadFactory threads) {
        this.name = name;
        this.reader = reader;
        this.queue = new ArrayBlockingQueue<>(capacity);
        this.thread = threads.newThread(this::run);
        thread.start();
    }

    private void run() {
        try {
            queue.put(new Entry<>(null, readAll()));
        } catch (final InterruptedException ex) {
            // closed: nobody takes any more, and the thread ends here
            Thread.currentThread().interrupt();
        }
    }

    /** Returns why reading ended early; null when it did not. */
    private Exception readAll() throws InterruptedException {
        try (reader) {
            T item = reader.next();
            while (item != null && !closed) {
                queue.put(new Entry<>(item, null));
                item = reader.next();
            }
            return null;
        } catch (final IOException | RuntimeException ex) {
            return ex;
        }
    }

    /** Whether {@link #peek} and {@link #take} would not wait. */
    boolean isReady() {
        if (head == null) {
            head = queue.poll();
        }
        return head != null;
    }

    /**
     * The next item, which stays; null at the end, or when {@code stop} said so while waiting.
     *
     * @throws dev.tactus.app.cli.BadInputException when reading failed; or what the reader threw
     */
    T peek(final BooleanSupplier stop) {
        while (!isReady()) {
            if (stop.getAsBoolean()) {
                return null;
            }
            try {
                head = queue.poll(WAIT_MS, TimeUnit.MILLISECONDS);
            } catch (final InterruptedException ex) {
                Thread.currentThread().interrupt();
                return null;
            }
        }
        if (head.failure() instanceof IOException io) {
            throw Failures.unreadable(name, io);
        }
        if (head.failure() instanceof RuntimeException unchecked) {
            throw unchecked;
        }
        return head.item();
    }

    /** The next item, removed; like {@link #peek} otherwise. */
    T take(final BooleanSupplier stop) {
        final T item = peek(stop);
        if (item != null) {
            head = null;
        }
        return item;
    }

    /** Whether the end is known to have been reached. */
    boolean isAtEnd() {
        return isReady() && head.item() == null && head.failure() == null;
    }

    /** Ends reading. Waits a moment for the thread; one that is stuck in a read is left to the end of the process. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(JOIN_MS);
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }
}
