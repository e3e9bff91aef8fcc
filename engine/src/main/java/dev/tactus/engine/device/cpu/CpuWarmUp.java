package dev.tactus.engine.device.cpu;

import com.sun.management.ThreadMXBean;
import dev.tactus.engine.device.Backend;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.agrona.concurrent.NanoClock;

/**
 * Runs kernels again and again until they allocate nothing: before the optimising compiler has them, Vector API code
 * boxes every vector and is tens of times slower.
 *
 * <p>First one unit of one op of each kind, over few rows, until that op allocates nothing: thousands of calls for
 * little work, which is what the compiler waits for. Then whole ticks, on the threads that will run them.
 */
public final class CpuWarmUp {
    private static final int QUIET_ROUNDS = 3;
    private static final int QUIET_CALLS = 3;
    private static final int CALLS = 8;
    private static final long POLL_PARK_NS = 20_000;

    private final CpuBackend backend;
    private final NanoClock clock;
    private final TickPlan plan;
    private final TickOutput output;
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final long[] ids;

    /** A warm-up of {@code backend}, which is idle. */
    public CpuWarmUp(final CpuBackend backend, final NanoClock clock, final TickPlan plan, final TickOutput output) {
        this.backend = backend;
        this.clock = clock;
        this.plan = plan;
        this.output = output;
        final Thread[] compute = backend.threads();
        ids = new long[compute.length + 1];
        ids[compute.length] = Thread.currentThread().threadId();
        for (int i = 0; i < compute.length; i++) {
            ids[i] = compute[i].threadId();
        }
    }

    /**
     * Runs until ticks allocate nothing, for at most {@code limitNs}.
     *
     * @param small fills the plan with few rows of every kind
     * @param whole fills it with a tick
     * @return whether the last few ticks allocated nothing
     */
    public boolean run(final Consumer<TickPlan> small, final Consumer<TickPlan> whole, final long limitNs) {
        final long endNs = clock.nanoTime() + limitNs;
        final JavaInterpreter interpreter = backend.javaInterpreter();
        if (interpreter != null) {
            small.accept(plan);
            backend.preparePass(plan, output);
            final List<CpuOp> ops = interpreter.distinctOps();
            final int[] quiet = new int[ops.size()];
            int cold = quiet.length;
            while (cold > 0 && clock.nanoTime() < endNs) {
                cold = runRound(interpreter, ops, quiet);
            }
        }
        return runTicks(whole, endNs);
    }

    /** Runs the ops that are not quiet yet; returns how many these are. */
    private int runRound(final JavaInterpreter interpreter, final List<CpuOp> ops, final int[] quiet) {
        int cold = 0;
        for (int i = 0; i < quiet.length; i++) {
            if (quiet[i] < QUIET_CALLS) {
                quiet[i] = runsQuietly(interpreter, ops.get(i)) ? quiet[i] + 1 : 0;
                cold++;
            }
        }
        return cold;
    }

    private boolean runTicks(final Consumer<TickPlan> whole, final long endNs) {
        int quiet = 0;
        while (quiet < QUIET_ROUNDS && clock.nanoTime() < endNs) {
            whole.accept(plan);
            final long before = allocated();
            runTick();
            quiet = allocated() == before ? quiet + 1 : 0;
        }
        return quiet >= QUIET_ROUNDS;
    }

    private boolean runsQuietly(final JavaInterpreter interpreter, final CpuOp op) {
        final long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < CALLS; i++) {
            interpreter.runUnits(op);
        }
        return threads.getCurrentThreadAllocatedBytes() == before;
    }

    private void runTick() {
        final long ticket = backend.submit(plan, output);
        final boolean inline = ids.length == 1;
        while (backend.poll(ticket) == Backend.PENDING) {
            if (!inline) {
                LockSupport.parkNanos(POLL_PARK_NS);
            }
        }
    }

    private long allocated() {
        long sum = 0;
        for (final long id : ids) {
            sum += threads.getThreadAllocatedBytes(id);
        }
        return sum;
    }
}
