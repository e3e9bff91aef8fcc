package dev.tactus.bench.gpu;

import dev.tactus.cuda.CudaEvent;
import dev.tactus.cuda.CudaGraph;
import dev.tactus.cuda.CudaGraphExec;
import dev.tactus.cuda.CudaStream;
import dev.tactus.cuda.PinnedMemory;
import dev.tactus.kernel.cuda.CudaLaunch;
import dev.tactus.kernel.cuda.CudaRows;
import dev.tactus.kernel.cuda.RowLaunches;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.HdrHistogram.Histogram;

/**
 * How long a graph of kernels that do next to nothing takes the calling thread, by the CPU's clock. On the software
 * driver every graph runs, and the histograms stay empty.
 *
 * @param nodes kernels of the graph
 * @param launch the call that launches it, nanoseconds
 * @param event from before the launch until a poll sees the event behind it
 * @param word likewise until a poll sees a pinned word that the stream writes behind it
 */
public record GraphLatency(int nodes, Histogram launch, Histogram event, Histogram word) {
    /** Nodes of the larger graph: about as many as a decode pass has. */
    static final int MANY = 201;

    private static final int D = 64;
    private static final long LONGEST_NS = 10_000_000_000L;
    private static final int DIGITS = 3;
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private GraphLatency(final int nodes) {
        this(
                nodes,
                new Histogram(LONGEST_NS, DIGITS),
                new Histogram(LONGEST_NS, DIGITS),
                new Histogram(LONGEST_NS, DIGITS));
    }

    static GraphLatency measure(final GpuDevice device, final int nodes, final int launches) {
        final GraphLatency result = new GraphLatency(nodes);
        final CudaStream stream = device.stream();
        final long buffer = device.random("vector", (long) D * Float.BYTES);
        final CudaLaunch small = new RowLaunches(device.kernels())
                .rmsNorm(buffer, buffer, buffer, D, 1, 1e-6f, false, new CudaRows(device.ints("row", 1), 1));
        final Runnable work = () -> {
            for (int i = 0; i < nodes; i++) {
                small.launch(stream);
            }
        };
        final PinnedMemory word = device.pinned("word", Integer.BYTES);
        try (CudaEvent done = device.context().openEvent("done", false);
                CudaGraph graph = stream.capture("small", work);
                CudaGraphExec exec = graph.instantiate()) {
            exec.upload(stream);
            for (int i = 1; i <= launches; i++) {
                final boolean counts = !device.isSoft() && i > launches / 10;
                result.pollEvent(stream, exec, done, counts);
                result.pollWord(stream, exec, word, i, counts);
            }
        }
        return result;
    }

    private void pollEvent(
            final CudaStream stream, final CudaGraphExec exec, final CudaEvent done, final boolean counts) {
        final long startNs = System.nanoTime();
        exec.launch(stream);
        final long launchedNs = System.nanoTime();
        done.record(stream);
        while (!done.isDone()) {
            Thread.onSpinWait();
        }
        final long endNs = System.nanoTime();
        if (counts) {
            launch.recordValue(launchedNs - startNs);
            event.recordValue(endNs - startNs);
        }
    }

    /** The software driver works when it is asked, so it is asked where times do not count. */
    private void pollWord(
            final CudaStream stream,
            final CudaGraphExec exec,
            final PinnedMemory memory,
            final int value,
            final boolean counts) {
        final long startNs = System.nanoTime();
        exec.launch(stream);
        stream.write(memory.deviceAddress(), value);
        while ((int) INT.getAcquire(memory.segment(), 0L) != value) {
            if (!counts) {
                stream.isDone();
            }
            Thread.onSpinWait();
        }
        final long endNs = System.nanoTime();
        if (counts) {
            word.recordValue(endNs - startNs);
        }
        stream.synchronize();
    }
}
