package dev.tactus.bench.latency;

import dev.tactus.app.doctor.CpuContention;
import dev.tactus.engine.ledger.Stage;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What was measured with one number of sessions. Durations are nanoseconds.
 *
 * @param scenario what was asked for
 * @param kernels the kernels that ran, as {@code cpu/vector}
 * @param note what the launch had to say about them; empty when nothing
 * @param launchNs how long the launch took, warm-up included
 * @param settledAfter ticks until the engine's threads allocated nothing; -1 when they still did in the end
 * @param contextFrom positions per session before the first tick that counts
 * @param contextTo and after the last one
 * @param whole per beat: start of the seal to the last emit
 * @param device per beat: what the device worked
 * @param overhead per beat: whole less device
 * @param stageNs mean per session tick, from the seal on
 * @param unattributedNs mean per session tick of what no stage accounts for
 * @param heapBytesPerTick heap bytes per beat and thread of the engine, by the thread's name
 * @param macsPerSecond multiply-accumulates over device time
 * @param weightBytesPerSecond bytes of matrices, read once per pass, over device time
 * @param missed session ticks that came after their deadline
 * @param contention who else wanted the CPUs
 */
public record TickResult(
        TickScenario scenario,
        String kernels,
        String note,
        long launchNs,
        long settledAfter,
        long contextFrom,
        long contextTo,
        Histogram whole,
        Histogram device,
        Histogram overhead,
        Map<Stage, Double> stageNs,
        double unattributedNs,
        Map<String, Double> heapBytesPerTick,
        double macsPerSecond,
        double weightBytesPerSecond,
        long missed,
        CpuContention.Shares contention) {
    /** A percentile in milliseconds; 100 is the largest value. */
    public static double millis(final Histogram histogram, final double percentile) {
        return histogram.getValueAtPercentile(percentile) / 1e6;
    }

    /** A percentile in microseconds. */
    public static double micros(final Histogram histogram, final double percentile) {
        return histogram.getValueAtPercentile(percentile) / 1e3;
    }
}
