package dev.tactus.bench.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.kernel.cuda.CudaKernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The bench of a GPU runs once on softcuda with the kernels, as the build has put it, and tells no times of it. A
 * process of its own, since a process uses one driver.
 */
class GpuSmokeTest {
    private static final Path SOFTCUDA = Path.of(System.getProperty("tactus.softcuda", "../kernels/target/softcuda"))
            .toAbsolutePath()
            .normalize();
    private static final Path TRACE = Path.of("gpu", "trace.c").toAbsolutePath();
    private static final int SECONDS = 240;
    private static final Pattern TIME = Pattern.compile("\"[a-z0-9_]*(_ns|per_second|share|histogram)[a-z0-9_]*\" :");

    @TempDir
    private Path folder;

    private String run(final List<String> command, final int expected) throws IOException, InterruptedException {
        final Path output = folder.resolve("output.txt");
        final ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment()
                .put(
                        "SOFTCUDA_KERNELS",
                        SOFTCUDA.resolve("libtactus-kernels-soft.so").toString());
        final Process process = builder.start();
        final boolean ended = process.waitFor(SECONDS, TimeUnit.SECONDS);
        process.destroyForcibly();
        final String text = Files.readString(output);
        assertTrue(ended, () -> command + " did not end within " + SECONDS + " s: " + text);
        assertEquals(expected, process.exitValue(), text);
        return text;
    }

    private String bench(final Path driver, final int expected, final String... arguments)
            throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                "--add-modules=jdk.incubator.vector",
                "-XX:+UseSerialGC",
                "-Dtactus.cuda.library=" + driver,
                "-cp",
                System.getProperty("java.class.path"),
                "dev.tactus.bench.Main",
                "gpu"));
        command.addAll(List.of(arguments));
        return run(command, expected);
    }

    private static Path softcuda() {
        final Path driver = SOFTCUDA.resolve("libcuda.so.1");
        assumeTrue(
                Files.exists(driver) && Files.exists(SOFTCUDA.resolve("libtactus-kernels-soft.so")),
                () -> "no softcuda with the kernels in " + SOFTCUDA + ": g++ 12 or newer is needed");
        assumeTrue(CudaKernels.arePackaged(), "this build has no CUDA kernels");
        return driver;
    }

    private static void assertContains(final String text, final String... parts) {
        for (final String part : parts) {
            assertTrue(text.contains(part), () -> "no \"" + part + "\" in\n" + text);
        }
    }

    @Test
    void shouldRunEverythingAndTellNoTimesOfSoftcuda() throws IOException, InterruptedException {
        final Path json = folder.resolve("gpu.json");
        final String out = bench(softcuda(), 0, "--tiny", "--commit", "c0ffee", "--out", json.toString());
        assertContains(out, "(softcuda: no times)", "attention, decode", "sampling", "flow head", "vocoder", "dMel");
        assertContains(out, "whole tick p99 ≤ 20 ms: not measured, softcuda: no times");
        assertContains(out, "EXACT bits equal to the CPU's: met, 3,072 of 3,072 logits", "on softcuda");
        final String written = Files.readString(json);
        assertContains(written, "\"label\" : \"softcuda: no times\"", "\"commit\" : \"c0ffee\"", "\"different\" : 0");
        assertContains(written, "\"context_from\"", "\"outcome\" : \"not measured\"", "\"problems\" : [ ]");
        assertFalse(written.contains("\"not_measured\""), written);
        assertFalse(TIME.matcher(written).find(), written);
        assertFalse(written.contains("NaN"), written);
    }

    @Test
    void shouldCountTheGraphsOfATickWhereTheyAreMarked() throws IOException, InterruptedException {
        final Path driver = softcuda();
        final Path trace = folder.resolve("libtactus-trace.so");
        run(
                List.of(
                        "gcc",
                        "-std=c11",
                        "-Wall",
                        "-Wextra",
                        "-Werror",
                        "-shared",
                        "-fPIC",
                        "-O1",
                        "-o",
                        trace.toString(),
                        TRACE.toString(),
                        "-Wl,--no-as-needed",
                        driver.toString(),
                        "-Wl,-rpath," + driver.getParent(),
                        "-ldl"),
                0);
        final Path json = folder.resolve("traced.json");
        bench(trace, 0, "--tiny", "--out", json.toString());
        // a gather, a prefill and a decode pass
        final String marked = Files.readString(json);
        assertEquals(2, marked.split("\"graphs_per_tick\" : 3.0", -1).length - 1, marked);
    }

    @Test
    void shouldSayWhyThereIsNoGpu() throws IOException, InterruptedException {
        final String out = bench(folder.resolve("libcuda.so.1"), 1, "--tiny");
        assertContains(out, "tactus bench gpu: ", "no such file");
        assertFalse(out.contains("target"), out);
    }
}
