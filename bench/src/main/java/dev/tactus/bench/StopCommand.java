package dev.tactus.bench;

import dev.tactus.bench.latency.StopBench;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus bench stop}: how soon a session that speaks is quiet when it is told to stop. */
@Command(
        name = "stop",
        description = "Stop a speaking session at every millisecond of its tick, beside others that go on, and measure"
                + " what it still puts out. Exit code 1 when anything comes after the end of that tick.",
        showDefaultValues = true)
public final class StopCommand implements Callable<Integer> {
    private static final double MS = 1e6;
    private static final int[] PERCENTILES = {10, 50, 90, 99, 100};

    @Spec
    private CommandSpec spec;

    @Mixin
    private final LiveOptions live = new LiveOptions();

    @Option(names = "--others", paramLabel = "N", description = "Sessions that go on speaking beside it.")
    private int others = 7;

    @Option(names = "--offsets", paramLabel = "N", description = "Places in the tick, evenly spread.")
    private int offsets = 200;

    /** Measures and prints both distributions. */
    @Override
    public Integer call() {
        final PrintWriter out = spec.commandLine().getOut();
        final ProgressLine line = new ProgressLine(spec.commandLine().getErr());
        try (BenchModel model = live.open()) {
            final long[] done = {0};
            final StopBench.Result result = StopBench.run(
                    model.load(),
                    model.interaction(),
                    live.setting(),
                    others,
                    offsets,
                    () -> line.show("stop", ++done[0], offsets));
            line.end();
            out.printf(
                    "%d stops, one at each 1/%d of the tick, %d others speaking; %s%n%n",
                    result.stops(), offsets, others, Machine.line());
            out.println("ms after the stop          p10     p50     p90     p99     max");
            print(out, "last output", result.lastOutput());
            print(out, "end told", result.end());
            out.printf("%noutput after the end of the tick: %d of %d%n", result.late(), result.stops());
            out.flush();
            return result.late() == 0 ? 0 : 1;
        }
    }

    private static void print(final PrintWriter out, final String name, final Histogram times) {
        out.printf("%-22s", name);
        for (final int percentile : PERCENTILES) {
            out.printf("%8.1f", times.getValueAtPercentile(percentile) / MS);
        }
        out.println();
    }
}
