package dev.tactus.bench.gpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeLibrary;
import dev.tactus.bindings.NativeSymbols;
import dev.tactus.cuda.CudaDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where graphs began and ended on the GPU, as {@code bench/gpu/trace.c} marks them, which stands before the driver when
 * {@link CudaDriver#LIBRARY_PROPERTY} names it.
 */
final class GraphTrace {
    /**
     * One launch of a graph.
     *
     * @param graph which
     * @param nodes kernels of it
     * @param beginMs the GPU's time, from the first launch that was marked
     * @param endMs likewise
     */
    record Span(long graph, long nodes, double beginMs, double endMs) {}

    private final MethodHandle start;
    private final MethodHandle stop;
    private final MethodHandle read;

    private GraphTrace(final NativeLibrary library) {
        start = NativeSymbols.bind(library, "tactus_trace_start", FunctionDescriptor.ofVoid(), false);
        stop = NativeSymbols.bind(library, "tactus_trace_stop", FunctionDescriptor.of(JAVA_INT), false);
        read = NativeSymbols.bind(
                library,
                "tactus_trace_read",
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS),
                false);
    }

    /** What stands before the driver; empty where nothing does. */
    static Optional<GraphTrace> find() {
        final NativeLibrary library = NativeLibrary.open(CudaDriver.load().library());
        return library.find("tactus_trace_start").isPresent() ? Optional.of(new GraphTrace(library)) : Optional.empty();
    }

    /** Marks every launch from now on. */
    void start() {
        try {
            start.invokeExact();
        } catch (final Throwable ex) {
            throw new IllegalStateException("tactus_trace_start", ex);
        }
    }

    /** Ends it. The calling thread owns a context of the GPU, everything that was launched is done. */
    List<Span> stop() {
        try (Arena arena = Arena.ofConfined()) {
            final int launches = (int) stop.invokeExact();
            final MemorySegment graph = arena.allocate(JAVA_LONG);
            final MemorySegment nodes = arena.allocate(JAVA_LONG);
            final MemorySegment begin = arena.allocate(JAVA_FLOAT);
            final MemorySegment end = arena.allocate(JAVA_FLOAT);
            final List<Span> spans = new ArrayList<>();
            double beforeMs = 0;
            for (int i = 0; i < launches; i++) {
                // from the launch before: the driver's times are floats, and lose microseconds over a long run
                final int result = (int) read.invokeExact(Math.max(0, i - 1), i, graph, nodes, begin, end);
                if (result != 0) {
                    throw new IllegalStateException("the times of launch " + i + " cannot be read: error " + result);
                }
                spans.add(new Span(
                        graph.get(JAVA_LONG, 0),
                        nodes.get(JAVA_LONG, 0),
                        beforeMs + begin.get(JAVA_FLOAT, 0),
                        beforeMs + end.get(JAVA_FLOAT, 0)));
                beforeMs = spans.getLast().beginMs();
            }
            return spans;
        } catch (final RuntimeException | Error ex) {
            throw ex;
        } catch (final Throwable ex) {
            throw new IllegalStateException("tactus_trace_read", ex);
        }
    }
}
