package dev.tactus.bench;

import dev.tactus.app.cli.KernelOptions;
import dev.tactus.bench.latency.TickBench;
import dev.tactus.bench.latency.TickJson;
import dev.tactus.bench.latency.TickReport;
import dev.tactus.bench.latency.TickResult;
import dev.tactus.bench.latency.TickScenario;
import dev.tactus.bench.latency.TickTarget;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.RandomModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus bench tick}: how long a tick lasts, and what the time goes to. */
@Command(
        name = "tick",
        description = "Measure ticks of 1, 8, … sessions: latency, overhead, stages, heap, throughput.",
        showDefaultValues = true)
public final class TickCommand implements Callable<Integer> {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long WARM_UP_NS = SECOND_NS;

    @Spec
    private CommandSpec spec;

    @ArgGroup
    private final Source source = new Source();

    @Option(
            names = "--sessions",
            split = ",",
            paramLabel = "N",
            description = "Sessions that tick together; a column each.")
    private int[] sessions = {1, 8};

    @Option(
            names = "--speaking",
            split = ",",
            paramLabel = "N",
            description = "How many of them speak in every tick, for each of --sessions; 0 when none is named.")
    private int[] speaking = {};

    @Option(names = "--threads", paramLabel = "N", description = "Threads that compute; all CPUs when 0.")
    private int threads;

    @Option(names = "--context", paramLabel = "N", description = "Positions per session before ticks count.")
    private int context = TickTarget.CONTEXT;

    @Option(names = "--rows", paramLabel = "N", description = "Rows of a session in the prefill.")
    private int rows = TickTarget.ROWS;

    @Option(names = "--passes", paramLabel = "N", description = "Decode passes of a tick.")
    private int passes = TickTarget.PASSES;

    @Option(names = "--ticks", paramLabel = "N", description = "Ticks that count.")
    private int ticks = 100;

    @Option(
            names = "--settle",
            paramLabel = "SECONDS",
            description = "Longest time for ticks before all others, until the engine's threads allocate nothing.")
    private int settle = 30;

    @Mixin
    private final KernelOptions kernels = new KernelOptions();

    @Option(names = "--json", paramLabel = "FILE", description = "Write the results there, too.")
    private Path json;

    /** Where the model comes from. */
    private static final class Source {
        @Option(names = "--model", paramLabel = "DIR", description = "A model directory.")
        private Path model;

        @Option(names = "--params", paramLabel = "N", description = "A random model of about N parameters (25M).")
        private String params;

        private Source() {}

        private long parameters() {
            return params == null ? TickTarget.PARAMETERS : RandomModel.parameterCount(params);
        }

        private BenchModel open() {
            return model != null ? BenchModel.of(model) : BenchModel.random(parameters());
        }
    }

    /** Measures every number of sessions, one after the other, and prints one table. */
    @Override
    public Integer call() throws IOException {
        if (speaking.length != 0 && speaking.length != sessions.length) {
            throw new IllegalArgumentException("--speaking: found " + speaking.length + " numbers, allowed "
                    + sessions.length + ", one for each of --sessions");
        }
        final PrintWriter out = spec.commandLine().getOut();
        final List<TickResult> results = new ArrayList<>();
        try (BenchModel bench = source.open()) {
            final LoadedModel model = bench.load();
            final InteractionConfig interaction = bench.interaction();
            final ProgressLine line = new ProgressLine(spec.commandLine().getErr());
            for (int i = 0; i < sessions.length; i++) {
                final int count = sessions[i];
                final TickBench.Progress progress = (phase, done, of) -> show(line, count, phase, done, of);
                results.add(TickBench.run(model, interaction, scenario(i), progress));
                line.end();
            }
            final String name = modelName(model);
            out.println(head(name));
            out.println(machine(results));
            out.println();
            out.print(TickReport.table(results));
            printTargets(out, results);
            out.flush();
            if (json != null) {
                Files.write(json, TickJson.write(fields(name), results));
            }
        }
        return 0;
    }

    private static void show(
            final ProgressLine line, final int count, final TickBench.Phase phase, final long done, final long of) {
        final String who = count == 1 ? "1 session, " : count + " sessions, ";
        switch (phase) {
            case SETTLING -> line.show(who + "settling: second", done / SECOND_NS, of / SECOND_NS);
            case FILLING -> line.show(who + "filling the context: tick", done, of);
            default -> line.show(who + "measuring: tick", done, of);
        }
    }

    private TickScenario scenario(final int column) {
        final int computing = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        final long settleNs = settle * SECOND_NS;
        return new TickScenario(
                sessions[column],
                speaking.length == 0 ? 0 : speaking[column],
                computing,
                rows,
                passes,
                context,
                ticks,
                settleNs,
                kernels.selection(),
                WARM_UP_NS);
    }

    private String modelName(final LoadedModel model) {
        final String count = String.format("%.1fM parameters", model.weights().parameters() / 1e6);
        return source.model != null ? source.model + " (" + count + ")" : "random, " + count;
    }

    private String head(final String name) {
        return String.format(
                "model    %s%ntick     %d rows in, %d decode passes, %d threads",
                name, rows, passes, scenario(0).threads());
    }

    private static String machine(final List<TickResult> results) {
        return "machine  " + Machine.line() + ", kernels " + results.get(0).kernels();
    }

    private void printTargets(final PrintWriter out, final List<TickResult> results) {
        final boolean standard = source.model == null
                && source.parameters() == TickTarget.PARAMETERS
                && rows == TickTarget.ROWS
                && passes == TickTarget.PASSES
                && context == TickTarget.CONTEXT;
        if (standard) {
            out.println();
            for (final TickTarget target : TickTarget.values()) {
                target.verdict(results).ifPresent(verdict -> out.println("target   " + verdict));
            }
        }
    }

    private static Map<String, Object> fields(final String name) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("bench", "tick");
        fields.put("model", name);
        fields.put("machine", Machine.line());
        return fields;
    }
}
