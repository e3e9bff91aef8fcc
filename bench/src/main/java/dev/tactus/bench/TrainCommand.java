package dev.tactus.bench;

import dev.tactus.app.doctor.CpuContention;
import dev.tactus.bench.train.TrainBench;
import dev.tactus.bench.train.TrainJson;
import dev.tactus.bench.train.TrainReport;
import dev.tactus.bench.train.TrainResult;
import dev.tactus.bench.train.TrainScenario;
import dev.tactus.bench.train.TrainTarget;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.RandomModel;
import dev.tactus.engine.model.TextConfig;
import dev.tactus.kernel.c.NativeKernels;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus bench train}: how fast a training step is, by its stages, and what memory it takes. */
@Command(
        name = "train",
        description = {
            "Measure training steps of a random model on text: forward, loss, backward and AdamW apart.",
            "The columns \"of gemm\" and \"of fma\" are shares of what as many threads reach in the same run",
            "with one float32 product, and with float32 fma alone."
        },
        showDefaultValues = true)
public final class TrainCommand implements Callable<Integer> {
    private static final long NS_PER_MS = 1_000_000;
    private static final double BUSY = 0.1;

    /** Fewest parameters that a random model has, its encoders included. */
    private static final long FEWEST = 1_000_000;

    private static final int TINY_POSITIONS = 24;

    @Spec
    private CommandSpec spec;

    @Option(names = "--params", paramLabel = "N", description = "About how many parameters, those of encoders apart.")
    private String params = "6M";

    @Option(names = "--positions", paramLabel = "N", description = "Positions of a sequence.")
    private int positions = TrainTarget.POSITIONS;

    @Option(names = "--sequences", paramLabel = "N", description = "Sequences of a batch.")
    private int sequences = 4;

    @Option(
            names = "--threads",
            split = ",",
            paramLabel = "N",
            showDefaultValue = CommandLine.Help.Visibility.NEVER,
            description = "Threads that compute, in turns; 1 and all CPUs by default.")
    private List<Integer> threads = List.of(1, Runtime.getRuntime().availableProcessors());

    @Option(names = "--warm-up", paramLabel = "N", description = "Steps of every number of threads before any counts.")
    private int warmUp = 3;

    @Option(names = "--rounds", paramLabel = "N", description = "Steps of every number of threads that count.")
    private int rounds = 9;

    @Option(names = "--sample", paramLabel = "MS", description = "Least time of a measurement of a peak.")
    private long sampleMs = 50;

    @Option(names = "--tiny", description = "A model and a batch too small for figures, to see that the bench runs.")
    private boolean tiny;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the results there, too.")
    private Path json;

    /** Measures, prints one table and which targets were reached. */
    @Override
    public Integer call() throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        final TrainScenario scenario = scenario();
        try (BenchModel model = textModel(tiny ? 1 : RandomModel.parameterCount(params))) {
            final ProgressLine line = new ProgressLine(spec.commandLine().getErr());
            final CpuContention contention = CpuContention.start();
            final List<TrainResult> results = TrainBench.run(
                    model.directory(),
                    scenario,
                    Thread.ofPlatform().daemon().factory(),
                    (phase, done, of) ->
                            line.show(phase.name().toLowerCase(Locale.ROOT).replace('_', ' ') + ": step", done, of));
            final CpuContention.Shares shares = contention.shares();
            line.end();
            final String name =
                    modelName(model.directory(), results.get(0).memory().parameters());
            out.println("model    " + name);
            out.println("machine  " + Machine.line());
            out.println("run      " + run(scenario, shares));
            printWarnings(out, shares);
            out.println();
            out.print(TrainReport.table(results));
            out.println();
            out.print(TrainReport.notes(results));
            printTargets(out, results);
            out.flush();
            if (json != null) {
                Files.write(json, TrainJson.write(fields(name, scenario, shares), results));
            }
        }
        return 0;
    }

    private TrainScenario scenario() {
        return new TrainScenario(
                tiny ? 2 : sequences,
                tiny ? TINY_POSITIONS : positions,
                threads,
                tiny ? 0 : warmUp,
                rounds,
                tiny ? 0 : sampleMs * NS_PER_MS);
    }

    /** A random model has encoders beside its text part: as many parameters more as those have. */
    private static BenchModel textModel(final long parameters) {
        final long all = Math.max(FEWEST, parameters);
        final BenchModel first = BenchModel.random(all);
        final long encoders;
        try {
            encoders = first.load().weights().parameters() - TrainBench.textParameters(first.directory());
        } catch (final RuntimeException ex) {
            first.close();
            throw ex;
        }
        final long wanted = Math.max(FEWEST, parameters + encoders);
        if (wanted == all) {
            return first;
        }
        first.close();
        return BenchModel.random(wanted);
    }

    private static String modelName(final Path directory, final long parameters) {
        final TextConfig text = ModelConfig.read(directory).text();
        return String.format(
                Locale.ROOT,
                "random, text alone, %.1fM parameters: d %d, %d layers, MLP %d, vocabulary %d",
                parameters / 1e6,
                text.hidden(),
                text.layers().size(),
                text.denseIntermediate(),
                text.unpaddedVocab());
    }

    private static String run(final TrainScenario scenario, final CpuContention.Shares shares) {
        return String.format(
                Locale.ROOT,
                "%d sequences of %d positions, %d rounds, CPU steal %s, other processes %s",
                scenario.sequences(),
                scenario.positions(),
                scenario.rounds(),
                percent(shares.steal()),
                percent(shares.others()));
    }

    private static void printWarnings(final PrintWriter out, final CpuContention.Shares shares) {
        final NativeKernels library = NativeKernels.load();
        if (!library.isAvailable()) {
            out.println("note     no C kernels, and no peaks: " + String.join("; ", library.reasons()));
        }
        if (shares.others() > BUSY) {
            out.println("note     other processes were busy: lines of several threads say little");
        }
    }

    private void printTargets(final PrintWriter out, final List<TrainResult> results) {
        final boolean standard = !tiny
                && RandomModel.parameterCount(params) == TrainTarget.PARAMETERS
                && positions == TrainTarget.POSITIONS;
        if (standard) {
            out.println();
            for (final TrainTarget target : TrainTarget.values()) {
                target.verdict(results).ifPresent(verdict -> out.println("target   " + verdict));
            }
        }
    }

    private static String percent(final double share) {
        return Double.isNaN(share) ? "unknown" : String.format(Locale.ROOT, "%.0f %%", 100 * share);
    }

    private static Map<String, Object> fields(
            final String name, final TrainScenario scenario, final CpuContention.Shares shares) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("bench", "train");
        fields.put("model", name);
        fields.put("machine", Machine.line());
        fields.put("cpu_steal", Double.isNaN(shares.steal()) ? null : shares.steal());
        fields.put("cpu_others", Double.isNaN(shares.others()) ? null : shares.others());
        fields.put("sequences", scenario.sequences());
        fields.put("positions_per_sequence", scenario.positions());
        fields.put("rounds", scenario.rounds());
        return fields;
    }
}
