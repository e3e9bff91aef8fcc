package dev.tactus.bench.gpu;

import java.util.List;
import java.util.Optional;

/**
 * What was measured on a GPU.
 *
 * @param device its name
 * @param driver the CUDA version that its driver speaks
 * @param soft whether it is the software driver of the tests, on which nothing has a time
 * @param lines ops alone; the copy first
 * @param latencies launches of graphs
 * @param bits empty where it could not be asked
 * @param ticks ticks of engines
 * @param problems what failed, and why; empty when nothing did
 */
public record GpuResults(
        String device,
        String driver,
        boolean soft,
        List<GpuLine> lines,
        List<GraphLatency> latencies,
        Optional<BitCheck> bits,
        List<TickRun> ticks,
        List<String> problems) {
    /** Whether everything ran, and no bit differs. */
    public boolean isGood() {
        final boolean ran = ticks.stream()
                .allMatch(run -> run.result().isPresent() || run.reason().equals(TickRuns.TIME_WAS_UP));
        return problems.isEmpty()
                && ran
                && bits.filter(check -> check.different() == 0).isPresent();
    }

    /** Copied bytes per nanosecond, read and written; NaN where times say nothing. */
    public double copyRate() {
        return lines.isEmpty() || !lines.getFirst().op().equals(GpuCase.COPY)
                ? Double.NaN
                : lines.getFirst().gigabytesPerSecond();
    }

    /** The share of the copy's rate that an op reaches; NaN where times say nothing. */
    public double share(final GpuLine line) {
        return line.gigabytesPerSecond() / copyRate();
    }

    /** What a kernel that does nothing takes inside a graph, with its gap, in nanoseconds; NaN likewise. */
    public double nodeNs() {
        return nodeNs(latencies);
    }

    static double nodeNs(final List<GraphLatency> latencies) {
        if (latencies.size() < 2 || latencies.getFirst().event().getTotalCount() == 0) {
            return Double.NaN;
        }
        final GraphLatency one = latencies.getFirst();
        final GraphLatency many = latencies.getLast();
        final double ns = many.event().getValueAtPercentile(50) - one.event().getValueAtPercentile(50);
        return Math.max(0, ns) / (many.nodes() - one.nodes());
    }
}
