package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Breaks off a run in a process of its own with a real signal. */
@DisabledOnOs(OS.WINDOWS)
class InterruptTest {
    private static final long PATIENCE_S = 60;
    private static final int SIGINT = 2;
    private static final int SIGTERM = 15;
    private static final int HEX = 16;

    @TempDir
    private Path folder;

    private Path model;

    @BeforeEach
    void makeModel() throws IOException {
        model = Fixture.modelWithTokenizer(Fixture.model(folder));
    }

    @Test
    void shouldCloseItsFilesOnASignalInTheMiddleOfARun() throws Exception {
        final Path out = folder.resolve("o");
        final Process process = start(out, "--seconds", "1000000", "--sessions", "2");
        try {
            await(process, () -> lines(out.resolve("events.jsonl.partial")) >= 6);
            assertEquals(128 + signal(process), exitCode(process), () -> read("err"));
        } finally {
            process.destroyForcibly();
        }
        assertEquals("", read("err"));
        assertTrue(read("out").contains("broken off"), () -> read("out"));
        assertTrue(read("out").contains("ticks of 2 sessions"), () -> read("out"));
        assertWhole(out, 2);
    }

    @Test
    void shouldNotWaitForAPipeThatSaysNothing() throws Exception {
        final Path out = folder.resolve("o");
        final Process process = start(out, "--text", "-");
        try {
            await(process, () -> Files.exists(out.resolve("ledger.csv.partial")));
            assertEquals(128 + signal(process), exitCode(process), () -> read("err"));
        } finally {
            process.destroyForcibly();
        }
        assertEquals("", read("err"));
        assertWhole(out, 1);
    }

    private void assertWhole(final Path out, final int sessions) throws IOException {
        assertFalse(Files.exists(out.resolve("events.jsonl.partial")));
        final String events = Files.readString(out.resolve("events.jsonl"));
        assertTrue(events.endsWith("\n"));
        final List<JsonNode> parsed =
                events.lines().map(JsonMapper.shared()::readTree).toList();
        final List<JsonNode> ends = parsed.stream()
                .filter(event -> event.get("event").asString().equals("end"))
                .toList();
        assertEquals(sessions, ends.size(), events);
        final String ledger = Files.readString(out.resolve("ledger.csv"));
        assertTrue(ledger.endsWith("\n"));
        assertEquals(
                1,
                ledger.lines()
                        .map(line -> line.split(",", -1).length)
                        .distinct()
                        .count());
        assertEquals(parsed.size() - sessions, ledger.lines().count() - 1, "as many rows as tick events");
    }

    private Process start(final Path out, final String... options) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // what the jar's manifest says; --add-modules, which the tests themselves run with, prints a warning
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED");
        command.add("--add-exports=java.base/jdk.internal.module=ALL-UNNAMED");
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.tactus.app.Main", "run"));
        command.addAll(List.of("--model", model.toString(), "--out", out.toString(), "--kernels", "reference"));
        command.addAll(List.of(options));
        return new ProcessBuilder(command)
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile())
                .start();
    }

    private void await(final Process process, final java.util.function.BooleanSupplier condition)
            throws InterruptedException {
        final long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while (!condition.getAsBoolean()) {
            assertTrue(process.isAlive(), () -> "it ended by itself: " + read("out") + read("err"));
            assertTrue(System.nanoTime() < endNs, "it never got that far");
            Thread.sleep(20);
        }
    }

    /** Sends SIGINT, or SIGTERM where SIGINT is ignored, which a shell does for what it runs in the background. */
    private static int signal(final Process process) throws IOException, InterruptedException {
        final int signal = ignoresInterrupt(process.pid()) ? SIGTERM : SIGINT;
        final Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
        assertEquals(0, kill.waitFor());
        return signal;
    }

    private static boolean ignoresInterrupt(final long pid) throws IOException {
        final Path status = Path.of("/proc", Long.toString(pid), "status");
        if (!Files.exists(status)) {
            return false;
        }
        final String ignored = Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .findFirst()
                .orElse("SigIgn: 0");
        return (Long.parseUnsignedLong(ignored.substring("SigIgn:".length()).strip(), HEX) & 1L << SIGINT - 1) != 0;
    }

    private static int exitCode(final Process process) throws InterruptedException {
        assertTrue(process.waitFor(PATIENCE_S, TimeUnit.SECONDS), "it does not end");
        return process.exitValue();
    }

    private static long lines(final Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file).size() : 0;
        } catch (final IOException ex) {
            return 0;
        }
    }

    private String read(final String name) {
        try {
            return Files.readString(folder.resolve(name));
        } catch (final IOException ex) {
            return ex.toString();
        }
    }
}
