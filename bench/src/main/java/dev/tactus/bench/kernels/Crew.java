package dev.tactus.bench.kernels;

import dev.tactus.bench.kernels.KernelCase.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that measure: the caller and helpers, which start together and work on parts of their own. Used by one
 * thread; closing it ends the helpers.
 */
final class Crew implements AutoCloseable {
    private final List<SynchronousQueue<Job>> helpers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    /** A crew of {@code size} threads, the caller among them. */
    Crew(final int size, final ThreadFactory factory) {
        for (int worker = 1; worker < size; worker++) {
            final SynchronousQueue<Job> queue = new SynchronousQueue<>();
            final int self = worker;
            final Thread thread = factory.newThread(() -> help(queue, self));
            thread.setName("kernel-bench-" + worker);
            helpers.add(queue);
            threads.add(thread);
            thread.start();
        }
    }

    /** One measurement. */
    private static final class Job {
        private final Work work;
        private final int threads;
        private final int calls;
        private final AtomicInteger arrived = new AtomicInteger();
        private final AtomicInteger done = new AtomicInteger();
        private final long[] startNs;
        private final long[] endNs;
        private volatile Throwable failure;

        private Job(final Work work, final int threads, final int calls) {
            this.work = work;
            this.threads = threads;
            this.calls = calls;
            startNs = new long[threads];
            endNs = new long[threads];
        }

        private void run(final int worker) {
            arrived.incrementAndGet();
            await(arrived);
            startNs[worker] = System.nanoTime();
            try {
                for (int i = 0; i < calls; i++) {
                    work.run(worker, threads, worker);
                }
            } catch (final RuntimeException | Error ex) {
                failure = ex;
            } finally {
                endNs[worker] = System.nanoTime();
                done.incrementAndGet();
            }
        }

        /** Spins, so that all begin within a fraction of a microsecond, and lets others run where CPUs are few. */
        private void await(final AtomicInteger count) {
            while (count.get() < threads) {
                Thread.yield();
            }
        }

        private long elapsedNs() {
            long first = startNs[0];
            long last = endNs[0];
            for (int i = 1; i < threads; i++) {
                first = Math.min(first, startNs[i]);
                last = Math.max(last, endNs[i]);
            }
            return last - first;
        }
    }

    private static void help(final SynchronousQueue<Job> queue, final int worker) {
        try {
            while (true) {
                queue.take().run(worker);
            }
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    /**
     * Runs {@code calls} calls, each worker its part of every one without waiting for the others in between; returns
     * how long it took from the first to begin to the last to end.
     *
     * @throws IllegalStateException when a worker failed, or the caller was interrupted
     */
    long run(final Work work, final int workers, final int calls) {
        final Job job = new Job(work, workers, calls);
        try {
            for (int i = 1; i < workers; i++) {
                helpers.get(i - 1).put(job);
            }
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the workers were being told what to do", ex);
        }
        job.run(0);
        job.await(job.done);
        if (job.failure != null) {
            throw new IllegalStateException("a kernel failed: " + job.failure.getMessage(), job.failure);
        }
        return job.elapsedNs();
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
        for (final Thread thread : threads) {
            boolean interrupted = false;
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (final InterruptedException ex) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
