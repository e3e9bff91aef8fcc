package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Trains in processes of their own, which are killed, interrupted or given a disk that is full. */
@DisabledOnOs(OS.WINDOWS)
class TrainProcessTest {
    private static final long PATIENCE_S = 90;
    private static final int STEPS = 40;

    @TempDir
    private Path folder;

    private Path recipe() throws IOException {
        return TrainFixture.tiny(
                folder.resolve("r.json"),
                "\"steps\": 8",
                "\"steps\": " + STEPS,
                "\"every\": 4,\n",
                "\"every\": 50,\n",
                "\"sequences\": 2",
                "\"sequences\": 12");
    }

    @Test
    void shouldEndInTheSameBitsAfterAKillAndAnInterrupt() throws Exception {
        final Path recipe = recipe();
        final Path whole = folder.resolve("whole");
        Outcome.good("train", "--recipe", recipe, "--out", whole, "--quiet");
        final Path parts = folder.resolve("parts");
        final Process killed = start(List.of(), recipe, parts);
        try {
            await(killed, () -> rows(parts) > 7);
        } finally {
            killed.destroyForcibly().waitFor();
        }
        final long rows = rows(parts);
        assertTrue(rows > 7 && rows < STEPS, rows + " rows");
        final Process interrupted = start(List.of(), recipe, parts, "--resume");
        try {
            await(interrupted, () -> rows(parts) > rows + 2 || read("out").contains("step " + STEPS));
            assertEquals(130, interruptAndWait(interrupted), () -> read("err") + read("out"));
        } finally {
            interrupted.destroyForcibly();
        }
        assertEquals("", read("err"));
        assertTrue(read("out").contains("going on behind step "), () -> read("out"));
        assertTrue(read("out").contains("go on with: tactus train --recipe " + recipe), () -> read("out"));
        Outcome.good("train", "--recipe", recipe, "--out", parts, "--resume", "--quiet");
        assertEquals(TrainFixture.losses(whole), TrainFixture.losses(parts));
        assertArrayEquals(
                Files.readAllBytes(whole.resolve("model/model.safetensors")),
                Files.readAllBytes(parts.resolve("model/model.safetensors")));
    }

    @Test
    void shouldKeepTheLastGoodCheckpointWhenTheDiskIsFull() throws Exception {
        final Path recipe = TrainFixture.tiny(folder.resolve("r.json"));
        final Path whole = folder.resolve("whole");
        Outcome.good("train", "--recipe", recipe, "--out", whole, "--quiet");
        final Path out = folder.resolve("full");
        // a limit on the size of files fails in the middle of a checkpoint, as a full disk does
        final long blocks = Files.size(whole.resolve("checkpoints/step-000008.state")) / 512 / 2;
        final Process limited = start(List.of("sh", "-c", "ulimit -f " + blocks + "; exec \"$@\"", "sh"), recipe, out);
        assertTrue(limited.waitFor(PATIENCE_S, TimeUnit.SECONDS), "it does not end");
        assertEquals(Main.EXIT_FAILED, limited.exitValue(), () -> read("err") + read("out"));
        assertEquals(1, read("err").lines().count(), read("err"));
        assertTrue(read("err").contains("step-000003.state: checkpoint not written: "), read("err"));
        assertTrue(read("err").contains("there is no checkpoint yet"), read("err"));
        assertEquals(List.of(), TrainFixture.names(out.resolve("checkpoints")));
        Outcome.good("train", "--recipe", recipe, "--out", out, "--resume", "--quiet");
        assertEquals(TrainFixture.losses(whole), TrainFixture.losses(out));
    }

    private Process start(final List<String> prefix, final Path recipe, final Path out, final String... options)
            throws IOException {
        final List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:-UsePerfData");
        // a killed process leaves its temporary files
        command.add("-Djava.io.tmpdir=" + folder);
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED");
        command.add("--add-exports=java.base/jdk.internal.module=ALL-UNNAMED");
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.tactus.app.Main", "train"));
        command.addAll(List.of("--recipe", recipe.toString(), "--out", out.toString()));
        command.addAll(List.of(options));
        return new ProcessBuilder(command)
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile())
                .start();
    }

    private void await(final Process process, final BooleanSupplier condition) throws InterruptedException {
        final long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while (!condition.getAsBoolean()) {
            assertTrue(process.isAlive(), () -> "it ended by itself: " + read("out") + read("err"));
            assertTrue(System.nanoTime() < endNs, "it never got that far");
            Thread.sleep(5);
        }
    }

    /** SIGINT, as Ctrl-C; a shell may have told us to ignore it, and then it is SIGTERM, whose code is another. */
    private static int interruptAndWait(final Process process) throws IOException, InterruptedException {
        final String status = Files.readString(Path.of("/proc", Long.toString(process.pid()), "status"));
        final String ignored = status.lines()
                .filter(line -> line.startsWith("SigIgn:"))
                .findFirst()
                .orElse("SigIgn: 0");
        final boolean deaf = (Long.parseUnsignedLong(ignored.substring(7).strip(), 16) & 2) != 0;
        final Process kill = new ProcessBuilder("kill", deaf ? "-15" : "-2", Long.toString(process.pid())).start();
        assertEquals(0, kill.waitFor());
        assertTrue(process.waitFor(PATIENCE_S, TimeUnit.SECONDS), "it does not end");
        return process.exitValue() == 143 && deaf ? 130 : process.exitValue();
    }

    private static long rows(final Path out) {
        try {
            return Files.exists(out.resolve("losses.csv"))
                    ? Files.readAllLines(out.resolve("losses.csv")).size() - 1
                    : 0;
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
