package dev.tactus.bench;

import dev.tactus.bench.latency.PhaseBench;
import dev.tactus.engine.EngineContext;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus bench phases}: what spreading sessions over slots of the period does to their latency. */
@Command(
        name = "phases",
        description =
                "Measure, by the clock and in turns, the latency of sessions that all tick together against that of"
                        + " sessions spread over slots of the period. Latency is from a tick's end to its emit.",
        showDefaultValues = true)
public final class PhasesCommand implements Callable<Integer> {
    private static final double MS = 1e6;

    @Spec
    private CommandSpec spec;

    @Mixin
    private final LiveOptions live = new LiveOptions();

    @Option(names = "--sessions", paramLabel = "N", description = "Sessions.")
    private int sessions = 16;

    @Option(names = "--phases", split = ",", paramLabel = "N", description = "Slots of the period, a line each.")
    private int[] phases = {1, 2, 4, 8};

    @Option(names = "--seconds", paramLabel = "N", description = "Seconds of each turn.")
    private int seconds = 10;

    @Option(names = "--turns", paramLabel = "N", description = "Turns of each number of slots.")
    private int turns = 3;

    /** Measures and prints one table. */
    @Override
    public Integer call() {
        final PrintWriter out = spec.commandLine().getOut();
        final ProgressLine line = new ProgressLine(spec.commandLine().getErr());
        try (BenchModel model = live.open()) {
            final PhaseBench.Scenario scenario = new PhaseBench.Scenario(live.setting(), sessions, seconds, turns);
            final long of = (long) turns * phases.length;
            final long[] done = {0};
            final List<PhaseBench.Result> results = PhaseBench.run(
                    model.load(), model.interaction(), scenario, phases, () -> line.show("turn", ++done[0], of));
            line.end();
            out.printf(
                    "%d sessions, %.1fM parameters, %s%n%n",
                    sessions, model.load().weights().parameters() / 1e6, Machine.line());
            out.println(
                    "slots   latency ms: p50     p99   p99.9     max    ticks/s   missed   device ms/period   steal");
            results.forEach(result -> print(out, result));
            if (results.size() > 1) {
                final PhaseBench.Result first = results.get(0);
                final PhaseBench.Result last = results.get(results.size() - 1);
                out.printf(
                        "%np99 of %d slots is 1/%.1f of that of %d; ticks/s are %.1f %% of it%n",
                        last.phases(), (double) p99(first) / p99(last), first.phases(), 100 * rate(last) / rate(first));
            }
        }
        out.flush();
        return 0;
    }

    private static long p99(final PhaseBench.Result result) {
        return result.latency().getValueAtPercentile(99);
    }

    private static double rate(final PhaseBench.Result result) {
        return result.ticks() / result.seconds();
    }

    private static void print(final PrintWriter out, final PhaseBench.Result result) {
        out.printf(
                "%5d %16.2f %7.2f %7.2f %7.2f %10.1f %8d %10.1f of %d %7.1f %%%n",
                result.phases(),
                result.latency().getValueAtPercentile(50) / MS,
                p99(result) / MS,
                result.latency().getValueAtPercentile(99.9) / MS,
                result.latency().getMaxValue() / MS,
                rate(result),
                result.missed(),
                result.deviceMs(),
                EngineContext.PERIOD_NS / 1_000_000,
                100 * result.steal());
    }
}
