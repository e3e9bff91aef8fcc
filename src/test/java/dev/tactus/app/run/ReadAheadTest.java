package dev.tactus.app.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.app.cli.BadInputException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ReadAheadTest {
    /** Counts to a number, then ends or fails. */
    private static final class Counter implements MediaReader<Integer> {
        private final int last;
        private final IOException failure;
        private final CountDownLatch closed = new CountDownLatch(1);
        private int next;

        Counter(final int last, final IOException failure) {
            this.last = last;
            this.failure = failure;
        }

        @Override
        public Integer next() throws IOException {
            if (next == last && failure != null) {
                throw failure;
            }
            return next == last ? null : next++;
        }

        @Override
        public void close() {
            closed.countDown();
        }
    }

    private static ReadAhead<Integer> reading(final MediaReader<Integer> reader) {
        return new ReadAhead<>("--count c", reader, 3, Thread::new);
    }

    @Test
    void shouldHandOutEveryItemAndTheEnd() {
        try (ReadAhead<Integer> numbers = reading(new Counter(10, null))) {
            for (int i = 0; i < 10; i++) {
                assertEquals(i, numbers.peek(() -> false));
                assertFalse(numbers.isAtEnd());
                assertEquals(i, numbers.take(() -> false));
            }
            assertNull(numbers.take(() -> false));
            assertTrue(numbers.isAtEnd());
        }
    }

    @Test
    void shouldSayWhereReadingFailedAfterTheItemsBefore() {
        try (ReadAhead<Integer> numbers = reading(new Counter(1, new NoSuchFileException("c")))) {
            assertEquals(0, numbers.take(() -> false));
            final BadInputException failure = assertThrows(BadInputException.class, () -> numbers.take(() -> false));
            assertEquals("--count c: cannot be read: no such file or directory", failure.getMessage());
            assertFalse(numbers.isAtEnd());
        }
    }

    @Test
    void shouldStopWaitingWhenAsked() throws InterruptedException {
        final CountDownLatch never = new CountDownLatch(1);
        final AtomicBoolean stop = new AtomicBoolean();
        final MediaReader<Integer> stuck = new MediaReader<>() {
            @Override
            public Integer next() {
                try {
                    never.await();
                } catch (final InterruptedException ex) {
                    Thread.currentThread().interrupt();
                }
                return null;
            }

            @Override
            public void close() {}
        };
        try (ReadAhead<Integer> numbers = reading(stuck)) {
            final Thread asker = new Thread(() -> stop.set(true));
            asker.start();
            assertNull(numbers.take(stop::get));
            assertFalse(numbers.isAtEnd());
            asker.join();
        }
    }

    @Test
    void shouldCloseTheReaderWhenClosedInTheMiddle() throws InterruptedException {
        final Counter counter = new Counter(1000, null);
        final ReadAhead<Integer> numbers = reading(counter);
        assertEquals(0, numbers.take(() -> false));
        numbers.close();
        assertTrue(counter.closed.await(5, TimeUnit.SECONDS));
    }
}
