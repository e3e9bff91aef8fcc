package dev.tactus.engine.device.cuda;

import dev.tactus.cuda.CudaException;
import dev.tactus.engine.device.Backend;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.kernel.NumericClass;
import org.agrona.concurrent.NanoClock;

/**
 * Runs the step program on a GPU, as graphs that were captured at launch.
 *
 * <pre>
 *   submit   gather ─▶ prefill of the smallest bucket that holds the rows
 *   poll     done?  ─▶ read what the pass put out; rows left: decode, jobs alone: vocoder, nothing: the ticket is done
 * </pre>
 *
 * A tick of n passes is n + 1 graph launches, no copy and no allocation. {@link #poll} asks an event, never waits, and
 * launches the next pass; nothing happens between polls. Sessions move on in the GPU's memory: the host reads from
 * mapped memory how many rows are left and which entries are whole.
 *
 * <p>Times are those of the engine's clock, at the poll that sees a graph done, so that the stages of a tick add up to
 * its length; the draw of a prefill counts as {@code fuse}, since it is part of its graph.
 *
 * <p>{@link #submit} and {@link #poll} belong to the tick thread; whichever thread calls, the GPU is its own during the
 * call ({@link Gpu}).
 */
public final class CudaBackend implements Backend {
    private final CudaMemory memory;
    private final Gpu gpu;
    private final NanoClock clock;
    private final long[] speakFromNs;

    private TickPlan plan;
    private TickOutput output;
    private boolean gathering;
    private int passNumber;
    private long startedNs;
    private long preprocessNs;
    private long passStartNs;
    private long workedNs;
    private boolean closed;

    private volatile long submitted;
    private volatile long finished;
    private volatile Throwable failure;

    /** A backend over memory that its owner frees after {@link #close()}, which closes what was captured in it. */
    public CudaBackend(final CudaMemory memory, final NanoClock clock) {
        this.memory = memory;
        this.gpu = memory.gpu();
        this.clock = clock;
        this.speakFromNs = new long[memory.maxSessions()];
    }

    @Override
    public String name() {
        final NumericClass numerics = memory.numerics();
        return "cuda/" + gpu.context().device().name() + (numerics == NumericClass.EXACT ? "" : " " + numerics.label());
    }

    @Override
    public long submit(final TickPlan newPlan, final TickOutput newOutput) {
        if (finished != submitted) {
            throw new IllegalStateException("a tick is on the device: ticket " + submitted + " is not done");
        }
        memory.require(newPlan, newOutput);
        plan = newPlan;
        output = newOutput;
        output.clear(newPlan.entries());
        if (failure == null) {
            beginTick();
        }
        final long ticket = submitted + 1;
        submitted = ticket;
        return ticket;
    }

    private void beginTick() {
        for (int entry = 0; entry < plan.entries(); entry++) {
            speakFromNs[entry] = -1;
        }
        passNumber = 0;
        workedNs = 0;
        preprocessNs = 0;
        gathering = true;
        startedNs = clock.nanoTime();
        passStartNs = startedNs;
        try {
            gpu.enter();
            try {
                memory.launchPrefill(plan);
            } finally {
                gpu.leave();
            }
        } catch (final RuntimeException | Error ex) {
            failure = ex;
        }
    }

    @Override
    public boolean wantsPolls() {
        return finished != submitted;
    }

    @Override
    public int poll(final long ticket) {
        if (finished < ticket) {
            step();
        }
        if (finished < ticket) {
            return PENDING;
        }
        return failure == null ? DONE : FAILED;
    }

    private void step() {
        if (failure != null) {
            // a device that failed runs nothing any more
            finished = submitted;
            return;
        }
        try {
            gpu.enter();
            try {
                if (gathering && memory.hasGathered()) {
                    gathering = false;
                    preprocessNs = clock.nanoTime() - startedNs;
                }
                if (memory.hasPassed() && !endPass()) {
                    finished = submitted;
                }
            } finally {
                gpu.leave();
            }
        } catch (final RuntimeException | Error ex) {
            failure = ex;
            finished = submitted;
        }
    }

    /** Takes what a pass put out and launches the next one; whether there is one. */
    private boolean endPass() {
        final long nowNs = clock.nanoTime();
        if (passNumber == 0) {
            output.stages(
                    startedNs,
                    preprocessNs,
                    nowNs - startedNs - preprocessNs,
                    plan.rows().rows());
        } else {
            workedNs += nowNs - passStartNs;
        }
        passNumber++;
        output.countPass();
        for (int entry = 0; entry < plan.entries(); entry++) {
            moveOn(entry, nowNs);
        }
        if (!memory.launchNext()) {
            return false;
        }
        passStartNs = nowNs;
        return true;
    }

    private void moveOn(final int entry, final long nowNs) {
        final int status = memory.status(entry);
        if (status == CudaMemory.SPEAKING && speakFromNs[entry] < 0) {
            speakFromNs[entry] = workedNs;
        } else if (status == CudaMemory.COMPLETE && !output.isComplete(entry)) {
            final long spokenFrom = speakFromNs[entry];
            final long speakNs = spokenFrom < 0 ? 0 : workedNs - spokenFrom;
            output.complete(entry, workedNs - speakNs, speakNs, nowNs);
        }
    }

    @Override
    public Throwable failure() {
        return failure;
    }

    @Override
    public long logits() {
        return memory.logits();
    }

    @Override
    public long conditions() {
        return memory.conditions();
    }

    /** Graphs that were launched since the device was opened; any thread, which may see an old value. */
    public long graphLaunches() {
        return gpu.context().graphLaunches();
    }

    /** Copies between host and device since the device was opened; a tick makes none. */
    public long hostCopies() {
        return gpu.context().hostCopies();
    }

    /** Allocations of device or pinned memory since the device was opened; a tick makes none. */
    public long allocations() {
        return gpu.context().deviceAllocations() + gpu.context().pinnedAllocations();
    }

    @Override
    public boolean awaitIdle(final long ns) {
        final long untilNs = clock.nanoTime() + ns;
        while (!isIdle()) {
            if (clock.nanoTime() - untilNs >= 0) {
                return false;
            }
            Thread.onSpinWait();
        }
        return true;
    }

    /** Whether the last graph has ended, or the device is lost. Launches no further one. */
    private boolean isIdle() {
        gpu.enter();
        try {
            return gpu.context().isLost() || gpu.stream().isDone();
        } catch (final CudaException ex) {
            failure = ex;
            return true;
        } finally {
            gpu.leave();
        }
    }

    /** Waits for what the device works on, and closes what was captured. Calling it again does nothing. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        gpu.enter();
        try {
            memory.drain();
        } catch (final CudaException ex) {
            // what it worked on is lost, and everything can be closed
            failure = ex;
        } finally {
            memory.close();
            gpu.leave();
        }
    }
}
