package dev.tactus.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.c.Isa;
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

/** The kernel bench runs with tiny shapes, so that it cannot rot; what it measures is not looked at. */
class KernelsSmokeTest {
    private static final String[] TINY = {
        "kernels", "--tiny", "--bytes", "64K", "--rounds", "1", "--threads", "2", "--warm-up", "0", "--sample", "0"
    };

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(final String... more) {
        final List<String> args = new ArrayList<>(List.of(TINY));
        args.addAll(List.of(more));
        return execute(args);
    }

    private int execute(final List<String> args) {
        final CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return line.execute(args.toArray(String[]::new));
    }

    private void assertPrinted(final List<String> expected) {
        for (final String text : expected) {
            assertTrue(out.toString().contains(text), () -> "no \"" + text + "\" in\n" + out);
        }
    }

    @Test
    void shouldMeasureEveryOpAndWriteJson() throws IOException {
        final Path json = folder.resolve("kernels.json");
        final int code = run("--json", json.toString());

        assertEquals(0, code, err::toString);
        assertPrinted(List.of("machine", "CPU steal", "gemv", "packed", "attention", "rms_norm", "swiglu", "sample"));
        assertPrinted(List.of("vector", "exact bf16", "exact f32", "head-keys/µs"));
        assertFalse(out.toString().contains("target"), "the targets are about other shapes");
        assertTrue(Files.readString(json).contains("\"median_ns\""), "the JSON has no results");
        if (NativeKernels.load().isAvailable()) {
            final String isa = NativeKernels.load().detected().label();
            assertPrinted(List.of("c/" + isa, "fast-bf16", "fast-int8", "train", "read cache", "fma"));
        } else {
            assertPrinted(List.of("no C kernels"));
        }
    }

    @Test
    void shouldMeasureEveryInstructionSetOfThisMachine() {
        for (final Isa isa : NativeKernels.load().supported()) {
            assertEquals(0, run("--isa", isa.label(), "--only", "c/"), err::toString);
            assertPrinted(List.of("c/" + isa.label()));
        }
    }

    @Test
    void shouldMeasureOnlyWhatIsAskedFor() {
        assertEquals(0, run("--only", "swiglu.*vector"), err::toString);
        assertPrinted(List.of("swiglu"));
        for (final String other : List.of("gemv", "rms_norm", "fma", "c/")) {
            assertFalse(out.toString().contains(other), () -> other + " was not asked for:\n" + out);
        }
    }

    @Test
    void shouldSayWhatCanBeAskedFor() {
        assertEquals(1, run("--only", "convolution"));
        assertTrue(err.toString().contains("try gemv"), err::toString);
        assertEquals(1, run("--isa", "neon"));
        assertTrue(err.toString().contains("avx512-vnni"), err::toString);
        assertEquals(1, execute(List.of("kernels", "--rounds", "0")));
        assertTrue(err.toString().contains("0 rounds"), err::toString);
    }
}
