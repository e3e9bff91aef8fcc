package dev.tactus.engine.tuning;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * How independent blocks of work are shared among workers.
 *
 * <p>Blocks are cut by the size of the problem and never by the number of workers, so a split decides who computes a
 * block, not what comes out.
 */
@FunctionalInterface
public interface BlockSplit {
    /** All blocks on the calling thread. */
    BlockSplit INLINE = (blocks, work) -> work.run(0, blocks);

    /** The blocks from {@code from} up to but not including {@code to}. */
    @FunctionalInterface
    interface Work {
        /** Does them, on any thread. */
        void run(int from, int to);
    }

    /** Runs all of {@code blocks} blocks, each once, and returns when they are done. */
    void run(int blocks, Work work);

    /**
     * As many equal ranges as there are workers, the first of them on the calling thread.
     *
     * @param executor runs the others; it must have a thread free for each, or the ranges wait for one another
     * @param workers at least 1
     */
    static BlockSplit over(final ExecutorService executor, final int workers) {
        if (workers < 1) {
            throw new IllegalArgumentException("block split: " + workers + " workers: expected at least 1");
        }
        return (blocks, work) -> {
            final List<Future<?>> others = new ArrayList<>();
            for (int worker = 1; worker < workers; worker++) {
                final int from = bound(blocks, worker, workers);
                final int to = bound(blocks, worker + 1, workers);
                final Callable<Void> range = () -> {
                    work.run(from, to);
                    return null;
                };
                others.add(executor.submit(range));
            }
            Throwable failure = null;
            try {
                work.run(0, bound(blocks, 1, workers));
            } catch (final RuntimeException | Error e) {
                failure = e;
            }
            rethrow(awaitAll(others, failure));
        };
    }

    private static int bound(final int blocks, final int worker, final int workers) {
        return (int) ((long) blocks * worker / workers);
    }

    /** Waits for all, whatever happens: the memory they write must not be touched before. */
    private static Throwable awaitAll(final List<Future<?>> others, final Throwable first) {
        Throwable failure = first;
        boolean interrupted = false;
        for (final Future<?> other : others) {
            boolean done = false;
            while (!done) {
                try {
                    other.get();
                    done = true;
                } catch (final ExecutionException e) {
                    failure = failure == null ? e.getCause() : failure;
                    done = true;
                } catch (final InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return failure;
    }

    private static void rethrow(final Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
    }
}
