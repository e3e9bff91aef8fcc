package dev.tactus.bench.gpu;

import dev.tactus.cuda.CudaEvent;
import dev.tactus.cuda.CudaGraph;
import dev.tactus.cuda.CudaGraphExec;
import dev.tactus.cuda.CudaStream;
import java.util.Arrays;

/**
 * Measures ops as a tick runs them: captured in a graph, one behind the other, by the GPU's own clock. A graph has
 * every copy of the op once, so that operands come from memory and the CPU's part is spread over many calls.
 */
final class GpuTimer implements AutoCloseable {
    private static final double NS_PER_MS = 1e6;
    private static final long WARM_UP_NS = 1_000_000_000L;

    private final GpuDevice device;
    private final GpuScenario scenario;
    private final CudaEvent start;
    private final CudaEvent end;

    GpuTimer(final GpuDevice device, final GpuScenario scenario) {
        this.device = device;
        this.scenario = scenario;
        this.start = device.context().openEvent("start", true);
        this.end = device.context().openEvent("end", true);
    }

    /** Runs a case until the GPU's clocks have risen, which they do in a fraction of a second. */
    void warmUp(final GpuCase c) {
        final long startNs = System.nanoTime();
        do {
            run(c);
        } while (!device.isSoft() && System.nanoTime() - startNs < WARM_UP_NS);
    }

    /** Runs a case; on the software driver once, without times. */
    GpuLine run(final GpuCase c) {
        final CudaStream stream = device.stream();
        try (CudaGraph graph = stream.capture(c.op(), () -> c.copies().forEach(copy -> copy.put(stream)));
                CudaGraphExec exec = graph.instantiate()) {
            if (device.isSoft()) {
                exec.launch(stream);
                stream.synchronize();
                return line(c, new double[] {Double.NaN});
            }
            time(exec, 1);
            final double once = time(exec, 1);
            final int launches = (int) Math.max(1, Math.ceil(scenario.sampleNs() / once));
            final double[] calls = new double[scenario.rounds()];
            for (int i = 0; i < calls.length; i++) {
                calls[i] = time(exec, launches) / launches / c.copies().size();
            }
            Arrays.sort(calls);
            return line(c, calls);
        }
    }

    private double time(final CudaGraphExec exec, final int launches) {
        final CudaStream stream = device.stream();
        start.record(stream);
        for (int i = 0; i < launches; i++) {
            exec.launch(stream);
        }
        end.record(stream);
        end.synchronize();
        return end.millisecondsSince(start) * NS_PER_MS;
    }

    private static GpuLine line(final GpuCase c, final double[] sorted) {
        return new GpuLine(
                c.op(),
                c.shape(),
                c.numerics(),
                c.rows(),
                c.bytes(),
                c.operand(),
                sorted[sorted.length / 2],
                sorted[sorted.length / 10],
                sorted[sorted.length - 1 - sorted.length / 10]);
    }

    @Override
    public void close() {
        start.close();
        end.close();
    }
}
