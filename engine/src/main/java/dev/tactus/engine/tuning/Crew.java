package dev.tactus.engine.tuning;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads of a trainer: the caller and its companions, who work on one thing at a time and meet at its end.
 *
 * <p>Who takes which unit is left to chance, so a unit writes what no other unit writes, and nothing it computes may
 * depend on the worker. One thread calls; {@link #close()} ends the companions.
 */
public final class Crew implements AutoCloseable {
    private static final int SPINS = 2_000;

    private final Thread[] companions;
    private final AtomicInteger nextUnit = new AtomicInteger();
    private final AtomicInteger busy = new AtomicInteger();
    private volatile int round;
    private volatile boolean closed;
    private volatile Throwable failure;
    private Thread caller;
    private Task task;

    /** What every worker does once. */
    @FunctionalInterface
    public interface Task {
        /** Called by each worker, 0 to {@link Crew#workers()} - 1. */
        void run(int worker);
    }

    /** One of many units of work. */
    @FunctionalInterface
    public interface Unit {
        /** Called once per unit, by any worker. */
        void run(int worker, int unit);
    }

    /**
     * A crew.
     *
     * @param workers threads that work, the caller included; at least 1
     * @param factory makes the others
     */
    public Crew(final int workers, final ThreadFactory factory) {
        if (workers < 1) {
            throw new IllegalArgumentException(workers + " workers: expected at least 1, the caller");
        }
        companions = new Thread[workers - 1];
        for (int i = 0; i < companions.length; i++) {
            final int worker = i + 1;
            companions[i] = factory.newThread(() -> serve(worker));
        }
        for (final Thread companion : companions) {
            companion.start();
        }
    }

    /** Threads that work, the caller included. */
    public int workers() {
        return companions.length + 1;
    }

    /**
     * Runs units 0 to {@code units - 1}, in any order and side by side.
     *
     * @throws RuntimeException what a unit threw; other units may not have run then
     */
    public void forEach(final int units, final Unit unit) {
        if (companions.length == 0 || units < 2) {
            for (int i = 0; i < units; i++) {
                unit.run(0, i);
            }
            return;
        }
        nextUnit.set(0);
        together(worker -> {
            for (int i = nextUnit.getAndIncrement(); i < units; i = nextUnit.getAndIncrement()) {
                unit.run(worker, i);
            }
        });
    }

    /**
     * Runs a task once on every worker, and returns when all have.
     *
     * @throws RuntimeException what a worker threw
     */
    public void together(final Task newTask) {
        if (companions.length == 0) {
            newTask.run(0);
            return;
        }
        failure = null;
        caller = Thread.currentThread();
        task = newTask;
        busy.set(companions.length);
        round++;
        for (final Thread companion : companions) {
            LockSupport.unpark(companion);
        }
        attempt(0);
        for (int spins = 0; busy.get() > 0; spins++) {
            pause(spins);
        }
        task = null;
        rethrow();
    }

    private void rethrow() {
        final Throwable thrown = failure;
        if (thrown instanceof RuntimeException ex) {
            throw ex;
        }
        if (thrown instanceof Error error) {
            throw error;
        }
    }

    private void serve(final int worker) {
        int served = 0;
        while (true) {
            for (int spins = 0; round == served && !closed; spins++) {
                pause(spins);
            }
            if (closed) {
                return;
            }
            served++;
            attempt(worker);
            if (busy.decrementAndGet() == 0) {
                LockSupport.unpark(caller);
            }
        }
    }

    private void attempt(final int worker) {
        try {
            task.run(worker);
        } catch (final RuntimeException | Error ex) {
            failure = ex;
        }
    }

    private static void pause(final int spins) {
        if (spins < SPINS) {
            Thread.onSpinWait();
        } else {
            LockSupport.park();
        }
    }

    /** Ends the companions and waits for them. */
    @Override
    public void close() {
        closed = true;
        boolean interrupted = false;
        for (final Thread companion : companions) {
            LockSupport.unpark(companion);
            while (companion.isAlive()) {
                try {
                    companion.join();
                } catch (final InterruptedException ex) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
