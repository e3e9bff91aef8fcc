package dev.tactus.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.c.NativeKernels;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The training bench runs with a tiny model, so that it cannot rot; what it measures is not looked at. */
class TrainSmokeTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(final String... more) {
        final List<String> args = new ArrayList<>(List.of("train", "--tiny"));
        args.addAll(List.of(more));
        final CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return line.execute(args.toArray(String[]::new));
    }

    private void assertPrinted(final String... expected) {
        for (final String text : expected) {
            assertTrue(out.toString().contains(text), () -> "no \"" + text + "\" in\n" + out);
        }
    }

    @Test
    void shouldMeasureEveryStageAndWriteJson() throws IOException {
        final Path json = folder.resolve("train.json");
        final int code = run("--rounds", "2", "--threads", "1,2", "--json", json.toString());

        assertEquals(0, code, err::toString);
        assertPrinted("model", "machine", "CPU steal", "2 sequences of 24 positions");
        assertPrinted("forward", "loss", "backward", "AdamW", "step", "positions/s");
        assertPrinted("memory   1 thread", "memory   2 threads", "bytes per parameter", "activations");
        assertFalse(out.toString().contains("target"), "the targets are about another model");
        final String written = Files.readString(json);
        for (final String field : List.of("\"threads\" : 1", "\"threads\" : 2", "\"median_ns\"", "\"state_bytes\"")) {
            assertTrue(written.contains(field), () -> "no " + field + " in\n" + written);
        }
        assertPrinted(NativeKernels.load().isAvailable() ? "gemm 512³" : "no C kernels");
    }

    @Test
    void shouldSayWhatCannotBeMeasured() {
        assertEquals(1, run("--rounds", "0"));
        assertTrue(err.toString().contains("0 rounds"), err::toString);
        assertEquals(1, run("--threads", "0,2"));
        assertTrue(err.toString().contains("[0, 2] threads"), err::toString);
    }
}
