package dev.tactus.engine.device.cuda;

import dev.tactus.cuda.CudaEvent;
import dev.tactus.cuda.CudaGraph;
import dev.tactus.cuda.CudaGraphExec;
import dev.tactus.cuda.CudaStream;
import dev.tactus.engine.device.cpu.CpuMemory;
import dev.tactus.kernel.cuda.CudaLaunch;
import java.util.ArrayList;
import java.util.List;
import org.agrona.CloseHelper;

/**
 * The graphs of an engine, captured at launch, and the marks behind them; what varies from tick to tick they read from
 * memory.
 *
 * <pre>
 *   gather            the plan, page tables, preprocessing of media
 *   prefill 8, 16, …  embedding, layers, logits, draw, and what comes next
 *   decode            the same for one row per session, without media and without speech
 *   decode and speak  with the flow head and the vocoder
 *   vocoder           the sound of the last blocks alone
 * </pre>
 */
final class PassGraphs implements AutoCloseable {
    private static final int SMALLEST_BUCKET = 8;

    private final CudaGraphExec gather;
    private final int[] buckets;
    private final CudaGraphExec[] prefills;
    private final CudaGraphExec decode;
    private final CudaGraphExec speaking;
    private final CudaGraphExec vocoder;
    private final CudaEvent gathered;
    private final CudaEvent passed;
    private final List<AutoCloseable> all = new ArrayList<>();

    private PassGraphs(final GraphBinder binder, final CpuMemory.Rows most) {
        try {
            gathered = open(binder, "gathered");
            passed = open(binder, "passed");
            gather = capture(binder, "gather", binder.gather(GraphScope.gather(most)));
            buckets = buckets(most.pass());
            prefills = new CudaGraphExec[buckets.length];
            for (int i = 0; i < buckets.length; i++) {
                final GraphScope scope = GraphScope.prefill(most, buckets[i]);
                prefills[i] = capture(binder, scope.name(), binder.pass(scope));
            }
            final GraphScope silent = GraphScope.decode(most, false);
            final GraphScope aloud = GraphScope.decode(most, true);
            decode = binder.draws() ? capture(binder, silent.name(), binder.pass(silent)) : null;
            speaking = binder.speaks() ? capture(binder, aloud.name(), binder.pass(aloud)) : null;
            vocoder = binder.speaks() ? capture(binder, "vocoder", binder.vocoder(aloud)) : null;
            binder.stream().synchronize();
        } catch (final RuntimeException | Error ex) {
            CloseHelper.quietCloseAll(all);
            throw ex;
        }
    }

    private CudaEvent open(final GraphBinder binder, final String name) {
        final CudaEvent event = binder.stream().context().openEvent(name, false);
        all.add(event);
        return event;
    }

    /** Captures the graphs of a program; the calling thread has entered the GPU. */
    static PassGraphs capture(final GraphBinder binder, final CpuMemory.Rows most) {
        return new PassGraphs(binder, most);
    }

    /** Captures a graph, and runs it once without any rows, so that a kernel that cannot run is found at launch. */
    private CudaGraphExec capture(final GraphBinder binder, final String name, final List<CudaLaunch> launches) {
        final CudaStream stream = binder.stream();
        try (CudaGraph graph = stream.capture(name, () -> launches.forEach(launch -> launch.launch(stream)))) {
            final CudaGraphExec exec = graph.instantiate();
            all.add(exec);
            exec.launch(stream);
            return exec;
        }
    }

    /** Powers of two from {@value #SMALLEST_BUCKET} on, and the most rows there may be. */
    static int[] buckets(final int most) {
        final List<Integer> sizes = new ArrayList<>();
        for (int size = SMALLEST_BUCKET; size < most; size *= 2) {
            sizes.add(size);
        }
        sizes.add(most);
        return sizes.stream().mapToInt(Integer::intValue).toArray();
    }

    CudaGraphExec gather() {
        return gather;
    }

    /** Marks the end of the gather of a tick. */
    CudaEvent gathered() {
        return gathered;
    }

    /** Marks the end of the last pass that was launched. */
    CudaEvent passed() {
        return passed;
    }

    /** The smallest prefill that holds so many rows. */
    CudaGraphExec prefill(final int rows) {
        for (int i = 0; i < buckets.length; i++) {
            if (rows <= buckets[i]) {
                return prefills[i];
            }
        }
        throw new IllegalArgumentException(rows + " rows in a pass: expected at most " + buckets[buckets.length - 1]);
    }

    /** A decode pass, in which someone speaks or nobody does. */
    CudaGraphExec decode(final boolean speaks) {
        return speaks ? speaking : decode;
    }

    /** The sound of blocks that an earlier pass made. */
    CudaGraphExec vocoder() {
        return vocoder;
    }

    /** Closes all of it. Calling it again does nothing. */
    @Override
    public void close() {
        CloseHelper.closeAll(all);
    }
}
