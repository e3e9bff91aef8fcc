package dev.tactus.bench;

import dev.tactus.bench.latency.SoakBench;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.scheduler.MissedTickPolicy;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus bench soak}: sessions by the clock for a long time, or more of them than fit. */
@Command(
        name = "soak",
        description =
                "Run sessions by the clock and look at what must not grow: missed ticks, latency, heap per period,"
                        + " memory of the process, distance from the clock.",
        showDefaultValues = true)
public final class SoakCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private final LiveOptions live = new LiveOptions();

    @Option(names = "--sessions", paramLabel = "N", description = "Sessions that are offered.")
    private int sessions = 16;

    @Option(names = "--phases", paramLabel = "N", description = "Slots of the period.")
    private int phases = 8;

    @Option(names = "--minutes", paramLabel = "N", description = "How long, after settling.")
    private double minutes = 1;

    @Option(names = "--look", paramLabel = "SECONDS", description = "Time between two looks, a line each.")
    private long look = 10;

    @Option(names = "--admission", description = "Let in only what the cost model says will fit.")
    private boolean admission;

    @Option(names = "--no-ladder", description = "Give nothing up when ticks run late.")
    private boolean noLadder;

    @Option(names = "--mode", paramLabel = "MODE", description = "Threads of the engine: shared or dedicated.")
    private ThreadingMode mode = ThreadingMode.SHARED;

    @Option(names = "--lock-memory", description = "Lock the engine's memory into RAM.")
    private boolean lockMemory;

    /** Runs, a line per look, and a line of sums. */
    @Override
    public Integer call() {
        final PrintWriter out = spec.commandLine().getOut();
        try (BenchModel model = live.open()) {
            out.printf(
                    "%d sessions offered, %.1fM parameters, admission %s, ladder %s; %s%n%n",
                    sessions,
                    model.load().weights().parameters() / 1e6,
                    admission ? "on" : "off",
                    noLadder ? "off" : "on",
                    Machine.line());
            out.println("     s  open   ticks  missed  in a row  steps  skips   p50 ms   p99 ms  device/200"
                    + "  heap B   RSS MB  behind  steal");
            out.flush();
            final SoakBench.Result result = SoakBench.run(
                    model.load(),
                    model.interaction(),
                    live.setting(),
                    SoakBench.Plan.of(sessions, Math.max(look, Math.round(minutes * 60)), look),
                    this::engine,
                    one -> print(out, one));
            out.println();
            sum(out, result);
        }
        out.flush();
        return 0;
    }

    private EngineContext engine(final EngineContext context) {
        return context.phases(phases)
                .threadingMode(mode)
                .admission(admission)
                .lockMemory(lockMemory)
                .missedTicks(noLadder ? MissedTickPolicy.OFF : MissedTickPolicy.DEFAULT);
    }

    private static void print(final PrintWriter out, final SoakBench.Look one) {
        out.printf(
                "%6d %5d %7d %7d %9d %6d %6d %8.1f %8.1f %11.1f %7.0f %8d %7d %5.1f%%%n",
                one.second(),
                one.open(),
                one.ticks(),
                one.missed(),
                one.missedInARow(),
                one.stepped(),
                one.skipped(),
                one.p50Ms(),
                one.p99Ms(),
                one.deviceMs(),
                one.heapPerTick(),
                one.residentMb(),
                one.behind(),
                100 * one.steal());
        out.flush();
    }

    private static void sum(final PrintWriter out, final SoakBench.Result result) {
        final long ticks = result.sum(SoakBench.Look::ticks);
        final long missed = result.sum(SoakBench.Look::missed);
        out.printf(
                "admitted %d; missed %,d of %,d session ticks (%.3f %%), %d of them after a missed one%n",
                result.admitted(),
                missed,
                ticks,
                100.0 * missed / Math.max(1, ticks),
                result.sum(SoakBench.Look::missedInARow));
        if (!result.refusal().isEmpty()) {
            out.println("the first refusal: " + result.refusal());
        }
        for (final String note : new String[] {result.warmUpNote(), result.launchNote()}) {
            if (!note.isEmpty()) {
                out.println("note: " + note);
            }
        }
    }
}
