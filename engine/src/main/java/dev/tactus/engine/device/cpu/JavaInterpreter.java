package dev.tactus.engine.device.cpu;

import dev.tactus.engine.model.StepProgram;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.NanoClock;

/**
 * Interprets a program op by op with a {@link dev.tactus.kernel.KernelSet}: each worker its share of the units, with a
 * barrier only where an op depends on what came before; before an op that has nothing to do it waits until one has. A
 * worker that failed still comes to every barrier, so that nobody waits for ever.
 */
final class JavaInterpreter implements Interpreter {
    private final NanoClock clock;
    private final CpuOp[] ops;
    private final boolean[] barrierInBase;
    private final boolean[] barrierInAdapted;
    private final int preprocessOps;
    private final long[] scratch;
    private final int workers;
    private final PassBarrier barrier;
    private final FailureSink failures;
    private CpuPass pass;
    private long startedNs;
    private long preprocessedNs;
    private long fusedNs;

    /** Where a worker's failure is kept, and where the others look whether there is one. */
    interface FailureSink {
        /** The first failure; null while there is none. */
        Throwable failure();

        /** Keeps a failure. */
        void fail(Throwable cause);
    }

    JavaInterpreter(
            final StepProgram program,
            final CpuMemory memory,
            final NanoClock clock,
            final int workers,
            final PassBarrier barrier,
            final FailureSink failures) {
        this.clock = clock;
        this.preprocessOps = program.preprocessOps();
        this.ops = new CpuOp[program.ops().size()];
        this.barrierInBase = new boolean[ops.length];
        this.barrierInAdapted = new boolean[ops.length];
        final CpuBinder binder = new CpuBinder(memory.addresses(), program, memory.factors(), memory.sums());
        for (int i = 0; i < ops.length; i++) {
            ops[i] = program.ops().get(i).accept(binder);
            barrierInBase[i] = program.barrierBefore(i, false);
            barrierInAdapted[i] = program.barrierBefore(i, true);
        }
        this.scratch = memory.scratch();
        this.workers = workers;
        this.barrier = barrier;
        this.failures = failures;
    }

    @Override
    public int ops() {
        return ops.length;
    }

    @Override
    public void begin(final CpuPass newPass) {
        pass = newPass;
    }

    @Override
    public void run(final int worker) {
        final boolean[] barrierBefore = pass.isAdapted() ? barrierInAdapted : barrierInBase;
        boolean wanted = false;
        for (int i = 0; i < ops.length; i++) {
            final int units = ops[i].units(pass);
            wanted |= barrierBefore[i];
            if (wanted && units > 0) {
                barrier.await(worker);
                wanted = false;
            }
            if (worker == 0) {
                markStage(i);
            }
            runShare(ops[i], units, worker);
        }
    }

    @Override
    public void runOp(final int op) {
        markStage(op);
        ops[op].run(pass, scratch[0], 0, ops[op].units(pass));
    }

    private void runShare(final CpuOp op, final int units, final int worker) {
        if (failures.failure() != null) {
            return;
        }
        try {
            final int index = op.isSharedBackwards() ? workers - 1 - worker : worker;
            final int from = (int) ((long) units * index / workers);
            final int to = (int) ((long) units * (index + 1) / workers);
            if (from < to) {
                op.run(pass, scratch[worker], from, to);
            }
        } catch (final RuntimeException | Error ex) {
            failures.fail(ex);
        }
    }

    /** Notes when a stage ends: before the first op of the next one. */
    private void markStage(final int op) {
        if (op == 0) {
            startedNs = clock.nanoTime();
            preprocessedNs = startedNs;
        }
        if (op == preprocessOps) {
            preprocessedNs = clock.nanoTime();
        }
        if (op == ops.length - 1) {
            fusedNs = clock.nanoTime();
        }
    }

    @Override
    public long preprocessNs() {
        return preprocessedNs - startedNs;
    }

    @Override
    public long fuseNs() {
        return fusedNs - preprocessedNs;
    }

    /**
     * Runs the first and the last unit of an op on the caller's thread: rows of another kind, the row with an output.
     */
    void runUnits(final CpuOp op) {
        final int units = op.units(pass);
        if (units > 0) {
            op.run(pass, scratch[0], 0, 1);
            op.run(pass, scratch[0], units - 1, units);
        }
    }

    /** One op for each way of working that the program has: layers repeat the same ones. */
    List<CpuOp> distinctOps() {
        final Map<String, CpuOp> distinct = new LinkedHashMap<>();
        for (final CpuOp op : ops) {
            distinct.putIfAbsent(op.kind(), op);
        }
        return List.copyOf(distinct.values());
    }
}
