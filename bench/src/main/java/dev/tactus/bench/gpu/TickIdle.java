package dev.tactus.bench.gpu;

import java.util.ArrayList;
import java.util.List;

/**
 * How much of its ticks a GPU does nothing, from the first graph's begin to the last one's end.
 *
 * @param ticks that were looked at
 * @param graphs of a tick
 * @param kernels of a tick
 * @param between share of the time between one graph and the next
 * @param most the same and the gaps between kernels inside graphs, each taken for as long as a kernel that does nothing
 *     takes with its gap: no tick is idle for longer
 */
public record TickIdle(int ticks, double graphs, double kernels, double between, double most) {
    /**
     * From the launches of an engine.
     *
     * @param spans in order; a tick begins with the graph that was launched first
     * @param last ticks that are looked at, the last ones
     * @param nodeNs what a kernel that does nothing takes inside a graph
     */
    static TickIdle of(final List<GraphTrace.Span> spans, final int last, final double nodeNs) {
        final List<List<GraphTrace.Span>> ticks = new ArrayList<>();
        for (final GraphTrace.Span span : spans) {
            if (span.graph() == spans.getFirst().graph()) {
                ticks.add(new ArrayList<>());
            }
            ticks.getLast().add(span);
        }
        final List<List<GraphTrace.Span>> counted = ticks.subList(Math.max(0, ticks.size() - last), ticks.size());
        double wholeMs = 0;
        double idleMs = 0;
        long graphs = 0;
        long kernels = 0;
        for (final List<GraphTrace.Span> tick : counted) {
            wholeMs += tick.getLast().endMs() - tick.getFirst().beginMs();
            graphs += tick.size();
            for (int i = 0; i < tick.size(); i++) {
                kernels += tick.get(i).nodes();
                if (i > 0) {
                    idleMs +=
                            Math.max(0, tick.get(i).beginMs() - tick.get(i - 1).endMs());
                }
            }
        }
        final double inside = kernels * nodeNs / 1e6;
        return new TickIdle(
                counted.size(),
                (double) graphs / counted.size(),
                (double) kernels / counted.size(),
                idleMs / wholeMs,
                Math.min(1, (idleMs + inside) / wholeMs));
    }
}
