package dev.tactus.bench;

import dev.tactus.app.capacity.CapacityMeasurement;
import dev.tactus.app.capacity.CapacityPoint;
import dev.tactus.bench.latency.LiveSetting;
import dev.tactus.bench.latency.OverloadBench;
import dev.tactus.bench.latency.OverloadJson;
import dev.tactus.bench.latency.OverloadTarget;
import dev.tactus.bench.latency.SoakBench;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.engine.model.InteractionConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus bench overload}: what admission and the ladder do when more sessions come than fit. */
@Command(
        name = "overload",
        description = {
            "Offer sessions by the clock, from half of what fits on this machine to three times that, once with",
            "admission and once with the ladder alone. How many fit is measured first, as tactus capacity does.",
            "A tick is missed when it comes out later than 200 ms after its end, or is skipped."
        },
        showDefaultValues = true)
public final class OverloadCommand implements Callable<Integer> {
    private static final double NS_PER_SECOND = 1e9;

    @Spec
    private CommandSpec spec;

    @Mixin
    private final LiveOptions live = new LiveOptions();

    @Option(
            names = "--capacity",
            paramLabel = "N",
            showDefaultValue = Visibility.NEVER,
            description = "Sessions that fit; measured by default.")
    private Integer capacity;

    @Option(
            names = "--factors",
            split = ",",
            paramLabel = "F",
            description = "Offered sessions over those that fit; a line each.")
    private List<Double> factors = List.of(0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0);

    @Option(names = "--seconds", paramLabel = "N", description = "How long each point counts.")
    private long seconds = 20;

    @Option(names = "--settle", paramLabel = "SECONDS", description = "Time before it that does not count.")
    private double settle = 5;

    @Option(
            names = "--fill",
            paramLabel = "SECONDS",
            description = "Longest time, settling included, until contexts are full.")
    private double fill = 60;

    @Option(
            names = "--search",
            paramLabel = "SECONDS",
            description = "How long each number of sessions counts while it is measured how many fit.")
    private double search = 8;

    @Option(names = "--calibration", paramLabel = "SECONDS", description = "Most seconds to calibrate before that.")
    private double calibration = 4;

    @Option(
            names = "--context",
            paramLabel = "N",
            showDefaultValue = Visibility.NEVER,
            description = "Positions that sessions remember; the global window of the model by default.")
    private Integer context;

    @Option(names = "--phases", paramLabel = "N", description = "Slots of the period.")
    private int phases = 8;

    @Option(names = "--mode", paramLabel = "MODE", description = "Threads of the engine: shared or dedicated.")
    private ThreadingMode mode = ThreadingMode.SHARED;

    @Option(
            names = {"--out", "--json"},
            paramLabel = "FILE",
            description = "Write the results there, too; ./tactus bench report draws them.")
    private Path json;

    /** Measures capacity and both curves, and prints a table of each. */
    @Override
    public Integer call() throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        final OverloadBench.Plan plan = plan();
        final LiveSetting setting = live.setting();
        try (BenchModel model = live.open()) {
            final InteractionConfig own = model.interaction();
            final InteractionConfig interaction = context == null ? own : own.withContext(own.sinkPositions(), context);
            final String name = String.format(
                    Locale.ROOT,
                    "%s, %.1fM parameters",
                    live.modelName(),
                    model.load().weights().parameters() / 1e6);
            out.println("model     " + name);
            out.println("machine   " + Machine.line());
            out.println("sessions  " + sessions(setting, interaction));
            out.flush();
            final CapacityMeasurement.Result measured =
                    capacity == null ? measure(model, interaction, setting, plan) : null;
            final int fits = fits(measured);
            out.println("capacity  " + (measured == null ? fits + ", as given" : capacityText(measured)));
            out.flush();
            final List<OverloadBench.Point> points = points(model, interaction, setting, fits, plan);
            for (final OverloadBench.Policy policy : OverloadBench.Policy.values()) {
                print(out, policy, points);
            }
            out.println();
            OverloadTarget.verdicts(points).forEach(verdict -> out.println("target   " + verdict));
            out.flush();
            if (json != null) {
                Files.write(json, OverloadJson.write(fields(name, setting, points), fits, measured, points));
            }
        }
        return 0;
    }

    private OverloadBench.Plan plan() {
        if (capacity != null && capacity < 1) {
            throw new IllegalArgumentException("--capacity is " + capacity + ": expected 1 or more");
        }
        return new OverloadBench.Plan(
                factors,
                ns(settle),
                ns(fill),
                seconds,
                one -> one.phases(phases).threadingMode(mode));
    }

    private static long ns(final double seconds) {
        return (long) (seconds * NS_PER_SECOND);
    }

    private String sessions(final LiveSetting setting, final InteractionConfig interaction) {
        return String.format(
                Locale.ROOT,
                "%d rows in, %d decode passes, %.0f %% of them speak in every tick, context %d, %d slots, %d threads",
                setting.rows(),
                setting.passes(),
                100 * setting.speaking(),
                interaction.globalWindow(),
                phases,
                setting.threads());
    }

    private CapacityMeasurement.Result measure(
            final BenchModel model,
            final InteractionConfig interaction,
            final LiveSetting setting,
            final OverloadBench.Plan plan) {
        final CapacityMeasurement.Times times =
                new CapacityMeasurement.Times(ns(calibration), ns(fill), ns(settle), ns(search));
        final ProgressLine line = new ProgressLine(spec.commandLine().getErr());
        final long startNs = System.nanoTime();
        final CapacityMeasurement.Listener listener = new CapacityMeasurement.Listener() {
            @Override
            public void onProgress(final String what) {
                line.show("capacity: " + what + ", second " + (System.nanoTime() - startNs) / 1_000_000_000);
            }

            @Override
            public void onLaunch(final EngineContext launched, final Engine engine) {
                // the curves say what ran
            }

            @Override
            public void onPoint(final CapacityPoint point) {
                // the JSON has them
            }
        };
        final CapacityMeasurement.Result result =
                OverloadBench.capacity(model.load(), interaction, setting, plan, times, listener);
        line.end();
        return result;
    }

    private int fits(final CapacityMeasurement.Result measured) {
        if (measured == null) {
            return capacity;
        }
        if (measured.holds() == 0) {
            throw new IllegalStateException(
                    "not even 1 session held its deadline: try a smaller model, or say --capacity");
        }
        return measured.holds();
    }

    private static String capacityText(final CapacityMeasurement.Result measured) {
        return String.format(
                Locale.ROOT,
                "%d measured%s, %d predicted, steal %s",
                measured.holds(),
                measured.isOutOfMemory() ? " (there is no memory for more)" : "",
                measured.predicted(),
                measured.contention().stealText());
    }

    private List<OverloadBench.Point> points(
            final BenchModel model,
            final InteractionConfig interaction,
            final LiveSetting setting,
            final int fits,
            final OverloadBench.Plan plan) {
        final ProgressLine line = new ProgressLine(spec.commandLine().getErr());
        final int of = factors.size() * OverloadBench.Policy.values().length;
        final List<OverloadBench.Point> points = OverloadBench.run(
                model.load(),
                interaction,
                setting,
                fits,
                plan,
                (policy, offered, done) -> line.show(
                        "point " + (done + 1) + " of " + of + ": " + offered + " sessions, " + policy.label()));
        line.end();
        return points;
    }

    private static void print(
            final PrintWriter out, final OverloadBench.Policy policy, final List<OverloadBench.Point> points) {
        out.println();
        out.println(
                policy == OverloadBench.Policy.ADMISSION
                        ? "admission on"
                        : "admission off, the ladder takes from all of them");
        out.println("of fit  offered  admitted    ticks  missed %  in a row  skipped %  steps %   p50 ms   p99 ms"
                + "  p99.9 ms  device/200  behind  heap B   steal");
        final List<String> notes = new ArrayList<>();
        final List<String> refusals = new ArrayList<>();
        for (final OverloadBench.Point point : points) {
            if (point.policy() == policy) {
                print(out, point);
                note(notes, point.result().warmUpNote());
                note(notes, point.result().launchNote());
                refusals.add(point.result().refusal());
            }
        }
        refusals.stream()
                .filter(refusal -> !refusal.isEmpty())
                .findFirst()
                .ifPresent(refusal -> note(notes, "the first refusal: " + refusal));
        notes.forEach(note -> out.println("note: " + note));
    }

    private static void note(final List<String> notes, final String note) {
        if (!note.isEmpty() && !notes.contains(note)) {
            notes.add(note);
        }
    }

    private static void print(final PrintWriter out, final OverloadBench.Point point) {
        final SoakBench.Look look = point.look();
        final double all = Math.max(1, look.ticks());
        out.printf(
                Locale.ROOT,
                "%6.2f %8d %9d %8d %9.3f %9d %10.3f %8.2f %8.1f %8.1f %9.1f %11.1f %7d %7.0f %7s%n",
                point.factor(),
                point.offered(),
                point.result().admitted(),
                look.ticks(),
                100 * look.missed() / all,
                look.missedInARow(),
                100 * look.skipped() / all,
                100 * look.stepped() / all,
                look.p50Ms(),
                look.p99Ms(),
                look.p999Ms(),
                look.deviceMs(),
                look.behind(),
                look.heapPerTick(),
                Double.isNaN(look.steal()) ? "unknown" : String.format(Locale.ROOT, "%.1f %%", 100 * look.steal()));
    }

    private Map<String, Object> fields(
            final String name, final LiveSetting setting, final List<OverloadBench.Point> points) {
        final Map<String, Object> fields = new LinkedHashMap<>(Machine.head("overload", spec));
        fields.put("model", name);
        fields.put("kernels", points.isEmpty() ? "" : points.get(0).result().backend());
        fields.put("threads", setting.threads());
        fields.put("rows", setting.rows());
        fields.put("passes", setting.passes());
        fields.put("speaking", setting.speaking());
        fields.put("phases", phases);
        fields.put("mode", mode.name().toLowerCase(Locale.ROOT));
        return fields;
    }
}
