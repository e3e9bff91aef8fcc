package dev.tactus.bench;

import dev.tactus.app.doctor.CpuContention;
import dev.tactus.bench.latency.StartupBench;
import dev.tactus.engine.model.RandomModel;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tactus bench startup}: from the shell prompt to the first tick. */
@Command(
        name = "startup",
        description = {
            "Measure from starting the launcher to the line of the first tick.",
            "Arguments after -- replace those of the launcher: -- run --model {model} --seconds 2"
        },
        showDefaultValues = true)
public final class StartupCommand implements Callable<Integer> {
    private static final double TARGET_S = 2;
    private static final long TARGET_PARAMETERS = 5_000_000;

    @Spec
    private CommandSpec spec;

    @Option(names = "--params", paramLabel = "N", description = "A random model of about N parameters.")
    private String params = "5M";

    @Option(names = "--runs", paramLabel = "N", description = "Starts that count; one before them does not.")
    private int runs = 5;

    @Option(names = "--launcher", paramLabel = "FILE", description = "The launcher; found from the jar by default.")
    private Path launcher;

    @Option(names = "--line", paramLabel = "REGEX", description = "What the first line about a tick looks like.")
    private Pattern line = Pattern.compile("^\\s*0\\.2 s\\b");

    @Parameters(arity = "0..*", paramLabel = "ARGS", hidden = true)
    private List<String> arguments = List.of("run", "--model", "{model}", "--seconds", "2");

    /** Starts the launcher again and again; prints the median. */
    @Override
    public Integer call() throws IOException, InterruptedException {
        if (runs < 1) {
            throw new IllegalArgumentException("--runs is " + runs + ": expected 1 or more");
        }
        final long parameters = RandomModel.parameterCount(params);
        final PrintWriter out = spec.commandLine().getOut();
        try (BenchModel model = BenchModel.random(parameters)) {
            final StartupBench bench = new StartupBench(command(model.directory()), line);
            final ProgressLine progress = new ProgressLine(spec.commandLine().getErr());
            // the first start may build the jar and writes caches
            progress.show("start", 0, runs);
            bench.run();
            final CpuContention contention = CpuContention.start();
            final double[] seconds = new double[runs];
            for (int i = 0; i < runs; i++) {
                progress.show("start", i + 1L, runs);
                seconds[i] = bench.run() / 1e9;
            }
            progress.end();
            print(out, bench, parameters, seconds, contention.shares().steal());
        }
        return 0;
    }

    private static void print(
            final PrintWriter out,
            final StartupBench bench,
            final long parameters,
            final double[] seconds,
            final double steal) {
        Arrays.sort(seconds);
        final double median = (seconds[(seconds.length - 1) / 2] + seconds[seconds.length / 2]) / 2;
        out.println("machine  " + Machine.line());
        out.println("first    " + bench.firstLine());
        out.printf(
                Locale.ROOT,
                "startup  median %.2f s, fastest %.2f s, slowest %.2f s of %d starts, CPU steal %.0f %%%n",
                median,
                seconds[0],
                seconds[seconds.length - 1],
                seconds.length,
                100 * steal);
        if (parameters == TARGET_PARAMETERS) {
            out.printf(
                    Locale.ROOT,
                    "target   first tick within %.0f s: %s, %.2f s%n",
                    TARGET_S,
                    median <= TARGET_S ? "reached" : "missed",
                    median);
        }
        out.flush();
    }

    private List<String> command(final Path model) {
        final List<String> command = new ArrayList<>();
        command.add(launcher().toString());
        for (final String argument : arguments) {
            command.add(argument.replace("{model}", model.toString()));
        }
        return command;
    }

    /** The launcher stands three folders above the jar: {@code bench/target/tactus-bench.jar}. */
    private Path launcher() {
        if (launcher != null) {
            return launcher.toAbsolutePath();
        }
        try {
            final Path jar = new File(StartupCommand.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toPath()
                    .toAbsolutePath();
            final Path beside = jar.getParent().getParent().getParent().resolve("tactus");
            if (Files.isExecutable(beside)) {
                return beside;
            }
        } catch (final URISyntaxException | NullPointerException ex) {
            throw new IllegalStateException("cannot tell where the launcher is: name it with --launcher", ex);
        }
        throw new IllegalStateException("there is no launcher beside this build: name it with --launcher");
    }
}
