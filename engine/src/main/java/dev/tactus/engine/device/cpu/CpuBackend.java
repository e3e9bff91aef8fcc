package dev.tactus.engine.device.cpu;

import dev.tactus.engine.device.Backend;
import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.c.WorkerCpus;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.NanoClock;

/**
 * Runs the step program on the CPU.
 *
 * <p>With threads: a device thread (worker 0) and its workers run every pass together, op by op, each its share of the
 * units, with a barrier only where an op depends on what came before. Without: each {@link #poll} runs one op on the
 * caller's thread. The bits are the same, since an op's result does not depend on how its units are shared out.
 *
 * <p>{@link #submit} and {@link #poll} belong to the tick thread.
 */
public final class CpuBackend implements Backend {
    private static final long IDLE_PARK_NS = 1_000_000;
    private static final int INLINE = 0;

    private final NanoClock clock;
    private final Interpreter interpreter;
    private final CpuKernels kernels;
    private final long logits;
    private final long sampled;
    private final long conditions;
    private final CpuPass pass;
    private final Generation generation;
    private final PassRows[] decodeRows;
    private final int workers;
    private final PassBarrier barrier;
    private final Thread[] threads;
    private final WorkerCpus cpus;

    private TickPlan plan;
    private TickOutput output;
    private volatile Thread waiter;
    private int decodeTurn;
    private int cursor;
    private int passNumber;
    private long passStartNs;

    private volatile long submitted;
    private volatile long finished;
    private volatile Throwable failure;
    private volatile boolean closing;
    private volatile boolean stopWorkers;

    /**
     * A backend over memory that its owner frees after {@link #close()}.
     *
     * @param program what to run
     * @param memory its buffers and scratch
     * @param clock the engine's clock
     * @param threads worker threads, or 0 to work on the thread that polls
     * @param factory makes the threads; unused without any
     * @param pin whether each thread that runs passes in C stays on a CPU of its own, where there are enough of them
     */
    public CpuBackend(
            final StepProgram program,
            final CpuMemory memory,
            final NanoClock clock,
            final int threads,
            final ThreadFactory factory,
            final boolean pin) {
        this.clock = clock;
        this.logits = memory.addresses()[program.logits()];
        this.sampled = memory.addresses()[program.sampled()];
        this.conditions = program.conditions() < 0 ? 0 : memory.addresses()[program.conditions()];
        this.kernels = memory.kernels();
        this.generation = memory.generation();
        this.pass = new CpuPass(kernels.set(), generation);
        this.decodeRows = memory.decodeRows();
        this.workers = Math.max(1, threads);
        this.barrier = new PassBarrier(workers);
        this.interpreter = memory.nativeInterpreter() != null
                ? memory.nativeInterpreter()
                : new JavaInterpreter(program, memory, clock, workers, barrier, new Failures());
        this.cpus = pin && kernels.isNative() ? WorkerCpus.of(workers) : WorkerCpus.NONE;
        this.threads = new Thread[threads == INLINE ? 0 : workers];
        for (int i = 0; i < this.threads.length; i++) {
            final int worker = i;
            this.threads[i] = factory.newThread(worker == 0 ? this::runDevice : () -> runWorker(worker));
            this.threads[i].setName(worker == 0 ? "tactus-device" : "tactus-worker-" + worker);
        }
        for (final Thread thread : this.threads) {
            thread.start();
        }
    }

    @Override
    public String name() {
        return "cpu/" + (kernels.isNative() ? kernels.name() : pass.kernels.name());
    }

    @Override
    public long submit(final TickPlan newPlan, final TickOutput newOutput) {
        if (finished != submitted) {
            throw new IllegalStateException("a tick is on the device: ticket " + submitted + " is not done");
        }
        plan = newPlan;
        output = newOutput;
        waiter = Thread.currentThread();
        output.clear(newPlan.entries());
        final long ticket = submitted + 1;
        if (threads.length == INLINE) {
            beginTick();
        }
        submitted = ticket;
        if (threads.length != INLINE) {
            LockSupport.unpark(threads[0]);
        }
        return ticket;
    }

    @Override
    public int poll(final long ticket) {
        if (threads.length == INLINE && finished < ticket) {
            stepInline();
        }
        if (finished < ticket) {
            // who polls need not be who submitted
            if (waiter != Thread.currentThread()) {
                waiter = Thread.currentThread();
            }
            return PENDING;
        }
        return failure == null ? DONE : FAILED;
    }

    /**
     * Changes the kernels of a backend that runs passes in Java, between ticks. Their scratch must not be larger than
     * that of the ones the memory was made for.
     */
    public void useKernels(final KernelSet set) {
        if (finished != submitted) {
            throw new IllegalStateException("kernels cannot change during a tick");
        }
        if (kernels.isNative()) {
            throw new IllegalStateException("passes run in C: the kernels are " + kernels.name() + " for good");
        }
        pass.kernels = set;
    }

    /** Makes a plan's prefill the current pass without running it, between ticks: for {@link #runUnits}. */
    void preparePass(final TickPlan newPlan, final TickOutput newOutput) {
        newOutput.clear(newPlan.entries());
        generation.begin(newPlan, newOutput);
        pass.prefill(newPlan);
        interpreter.begin(pass);
    }

    /** What interprets the program in Java; null where C does, which needs no warming. */
    JavaInterpreter javaInterpreter() {
        return interpreter instanceof JavaInterpreter java ? java : null;
    }

    /** The threads that compute, worker 0 first; empty when the polling thread does. */
    Thread[] threads() {
        return threads.clone();
    }

    @Override
    public Throwable failure() {
        return failure;
    }

    @Override
    public long logits() {
        return logits;
    }

    @Override
    public long conditions() {
        return conditions;
    }

    private void stepInline() {
        if (failure != null) {
            // as with threads: a device that failed runs nothing any more
            finished = submitted;
            return;
        }
        try {
            interpreter.runOp(cursor);
            if (++cursor == interpreter.ops() && !endPass()) {
                finished = submitted;
            }
        } catch (final RuntimeException | Error ex) {
            failure = ex;
            finished = submitted;
        }
    }

    private void beginTick() {
        passNumber = 0;
        cursor = 0;
        generation.begin(plan, output);
        pass.prefill(plan);
        interpreter.begin(pass);
        passStartNs = clock.nanoTime();
    }

    /** Moves sessions on after a pass; returns whether there is another one. Worker 0. */
    private boolean endPass() {
        final long nowNs = clock.nanoTime();
        long generateStartNs = passStartNs;
        if (passNumber == 0) {
            final long preprocessNs = interpreter.preprocessNs();
            final long fuseNs = interpreter.fuseNs();
            output.stages(passStartNs, preprocessNs, fuseNs, pass.rows.rows());
            generateStartNs += preprocessNs + fuseNs;
        }
        generation.worked(nowNs - generateStartNs);
        if (plan.isForced()) {
            generation.completeForced(nowNs);
            return false;
        }
        final PassRows next = decodeRows[decodeTurn];
        decodeTurn ^= 1;
        if (!generation.advance(pass.rows, sampled, logits, next, nowNs)) {
            return false;
        }
        if (generation.hasCompleted()) {
            wakeWaiter();
        }
        pass.decode(next);
        interpreter.begin(pass);
        passStartNs = nowNs;
        passNumber++;
        cursor = 0;
        return true;
    }

    private void runDevice() {
        cpus.pin(0);
        barrier.join(0);
        barrier.await(0);
        while (awaitSubmit()) {
            try {
                beginTick();
                do {
                    barrier.await(0);
                    runPass(0);
                    barrier.await(0);
                } while (failure == null && endPass());
            } catch (final RuntimeException | Error ex) {
                failure = ex;
            }
            finished = submitted;
            wakeWaiter();
        }
        stopWorkers = true;
        barrier.await(0);
    }

    /** Cuts short the pause of the thread that submitted, where it idles between two polls. */
    private void wakeWaiter() {
        if (threads.length != INLINE) {
            LockSupport.unpark(waiter);
        }
    }

    private boolean awaitSubmit() {
        while (finished == submitted) {
            if (closing) {
                return false;
            }
            LockSupport.park();
            // as at the barrier: a flag that stays would make this loop spin
            Thread.interrupted();
        }
        return !closing;
    }

    private void runWorker(final int worker) {
        cpus.pin(worker);
        barrier.join(worker);
        barrier.await(worker);
        while (true) {
            barrier.await(worker);
            if (stopWorkers) {
                return;
            }
            runPass(worker);
            barrier.await(worker);
        }
    }

    /** A worker's share of a pass. It comes back even when it failed, so that nobody waits for ever. */
    private void runPass(final int worker) {
        try {
            interpreter.run(worker);
        } catch (final RuntimeException | Error ex) {
            failure = ex;
        }
    }

    /** The backend's failure, as an interpreter sees it. */
    private final class Failures implements JavaInterpreter.FailureSink {
        @Override
        public Throwable failure() {
            return failure;
        }

        @Override
        public void fail(final Throwable cause) {
            failure = cause;
        }
    }

    /** Stops the threads after the tick they are in. */
    @Override
    public boolean awaitIdle(final long ns) {
        final long untilNs = clock.nanoTime() + ns;
        while (threads.length != INLINE && finished != submitted) {
            if (clock.nanoTime() - untilNs >= 0) {
                closing = true;
                return false;
            }
            LockSupport.parkNanos(IDLE_PARK_NS);
        }
        return true;
    }

    @Override
    public void close() {
        if (threads.length == INLINE || !threads[0].isAlive()) {
            return;
        }
        closing = true;
        LockSupport.unpark(threads[0]);
        boolean interrupted = false;
        for (final Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
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
