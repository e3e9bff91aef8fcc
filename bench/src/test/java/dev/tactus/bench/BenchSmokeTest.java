package dev.tactus.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.bench.latency.StartupBench;
import dev.tactus.bench.latency.TickBench;
import dev.tactus.bench.latency.TickResult;
import dev.tactus.bench.latency.TickScenario;
import dev.tactus.bench.latency.TickTarget;
import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.KernelSelection;
import dev.tactus.engine.ledger.Stage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;

/** Every bench runs once with tiny parameters, so that none can rot; what it measures is not looked at. */
class BenchSmokeTest {
    private static final long TINY = 1_000_000;
    private static final long SETTLE_NS = 100_000_000;
    private static BenchModel model;

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void writeModel() {
        model = BenchModel.random(TINY);
    }

    @AfterAll
    static void deleteModel() {
        model.close();
        assertFalse(Files.exists(model.directory()), "the model was left behind");
    }

    private int run(final String... args) {
        final CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return line.execute(args);
    }

    private static TickScenario scenario(final int sessions, final int rows, final int passes) {
        return new TickScenario(
                sessions, 0, 2, rows, passes, 100, 4, SETTLE_NS, KernelSelection.of(KernelChoice.REFERENCE), 0);
    }

    private static TickResult measure(final TickScenario scenario) {
        return TickBench.run(model.load(), model.interaction(), scenario, (phase, done, of) -> {});
    }

    @Test
    void shouldMeasureSessionsThatSpeak() {
        Path mini = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(mini.resolve("models"))) {
            mini = mini.getParent();
        }
        final String model = mini.resolve("models/mini").toString();
        final String[] command = {
            "tick",
            "--model",
            model,
            "--sessions",
            "2",
            "--speaking",
            "1",
            "--rows",
            "10",
            "--passes",
            "3",
            "--context",
            "40",
            "--ticks",
            "3",
            "--settle",
            "0",
            "--threads",
            "2"
        };
        assertEquals(0, run(command), err::toString);
        assertTrue(out.toString().lines().anyMatch(line -> line.matches("of them speaking +1")), out::toString);
        assertTrue(out.toString().lines().anyMatch(line -> line.matches(" +speak +[1-9][0-9.,]*")), out::toString);
    }

    @Test
    void shouldPrintTableAndWriteJsonForTinyModel() throws IOException {
        final Path json = folder.resolve("tick.json");
        final int code = run(
                "tick",
                "--params",
                "1M",
                "--sessions",
                "1,2",
                "--context",
                "40",
                "--ticks",
                "3",
                "--settle",
                "0",
                "--kernels",
                "reference",
                "--threads",
                "2",
                "--json",
                json.toString());

        assertEquals(0, code, err::toString);
        final String table = out.toString();
        for (final String expected : List.of(
                "machine",
                "cpu/reference",
                "1 session ",
                "2 sessions",
                "whole tick, ms",
                "overhead, µs",
                "preprocess",
                "unattributed",
                "tactus-device",
                "tactus-worker-1",
                "tactus-tick",
                "GMAC/s",
                "CPU steal")) {
            assertTrue(table.contains(expected), () -> "no \"" + expected + "\" in\n" + table);
        }
        assertFalse(table.contains("target"), "the targets are about another model");
        assertTrue(Files.readString(json).contains("\"overhead_ns\""), "the JSON has no results");
    }

    @Test
    void shouldAccountForWholeBeat() {
        final TickResult result = measure(scenario(2, 24, 3));

        assertEquals(4, result.whole().getTotalCount());
        assertTrue(result.contextFrom() >= 100, () -> "context from " + result.contextFrom());
        assertEquals(4 * (24 + 3), result.contextTo() - result.contextFrom());
        assertTrue(
                result.whole().getMean() > result.device().getMean(), "the device worked longer than the beat lasted");
        double sum = result.unattributedNs();
        for (final double ns : result.stageNs().values()) {
            sum += ns;
        }
        // the session emitted first does not wait for the other one
        assertTrue(sum <= 1.01 * result.whole().getMean(), "the stages are longer than the beat");
        assertTrue(sum >= 0.5 * result.whole().getMean(), "the stages are shorter than half the beat");
        assertTrue(result.stageNs().get(Stage.FUSE) > 0, "no prefill was timed");
        assertTrue(result.macsPerSecond() > 0 && result.weightBytesPerSecond() > 0, "no work was counted");
    }

    @Test
    void shouldMeasureTickWithoutTextAndWithoutDecodePasses() {
        assertEquals(4, measure(scenario(1, 18, 0)).device().getTotalCount());
    }

    @Test
    void shouldSayWhichRowsCanBeHad() {
        final int code = run("tick", "--model", model.directory().toString(), "--rows", "19", "--sessions", "1");

        assertEquals(1, code);
        assertTrue(err.toString().contains("expected 18"), err::toString);
        assertTrue(err.toString().contains("20 to 35"), err::toString);
    }

    @Test
    void shouldSayWhetherTargetsWereReached() {
        final TickResult result = measure(scenario(1, 24, 1));

        final String verdict = TickTarget.ONE_SESSION.verdict(List.of(result)).orElseThrow();
        final boolean reached = TickResult.millis(result.whole(), 50) <= 45;
        assertTrue(verdict.contains(reached ? "reached" : "missed"), verdict);
        assertTrue(TickTarget.EIGHT_SESSIONS.verdict(List.of(result)).isEmpty(), "eight sessions were not measured");
    }

    @Test
    void shouldSweepElementaryFunctions() {
        final int code = run("elementary", "--function", "EXP,SIN", "--stride", "1000003", "--threads", "2");

        assertEquals(0, code, () -> out + "\n" + err);
        assertTrue(out.toString().contains("same bits"), out::toString);
    }

    @Test
    void shouldTimeFirstLineOfLauncher() throws IOException, InterruptedException {
        final StartupBench bench = new StartupBench(
                List.of("/bin/sh", "-c", "echo hello; sleep 0.05; echo tick 0; exec sleep 10"),
                Pattern.compile("^tick"));

        final long ns = bench.run();

        assertEquals("tick 0", bench.firstLine());
        assertTrue(ns > TimeUnit.MILLISECONDS.toNanos(50), () -> "took " + ns + " ns");
        assertTrue(ns < TimeUnit.SECONDS.toNanos(8), () -> "waited for the end of the command: " + ns + " ns");
    }

    @Test
    void shouldRunEveryMicroBench() throws RunnerException {
        final Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include("dev\\.tactus\\.bench\\.micro\\.")
                        .forks(0)
                        .warmupIterations(0)
                        .measurementIterations(1)
                        .measurementTime(TimeValue.milliseconds(10))
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .param("params", "1M")
                        .param("warmUpMs", "0")
                        .param("passes", "1")
                        .param("kernels", KernelChoice.REFERENCE.name())
                        .param("rows", "24")
                        .param("n", "33")
                        .param("k", "70")
                        .param("context", "300")
                        .param("sessions", "2")
                        .build())
                .run();

        // linear runs for both weight types
        assertEquals(5, results.size(), () -> "benches run: " + results);
        for (final RunResult result : results) {
            assertTrue(result.getPrimaryResult().getScore() > 0, () -> result.getParams() + " measured nothing");
        }
    }

    @Test
    void shouldRunMicroBenchWithVectorKernels() throws RunnerException {
        final Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include("LinearBenchmark")
                        .forks(0)
                        .warmupIterations(0)
                        .measurementIterations(1)
                        .measurementTime(TimeValue.milliseconds(10))
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .param("kernels", KernelChoice.VECTOR.name())
                        .param("rows", "8")
                        .param("n", "33")
                        .param("k", "70")
                        .build())
                .run();

        assertEquals(2, results.size(), () -> "benches run: " + results);
    }
}
