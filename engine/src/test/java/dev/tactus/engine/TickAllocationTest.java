package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.engine.device.cuda.SoftGpu;
import dev.tactus.engine.model.RandomModel;
import dev.tactus.kernel.c.NativeKernels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Once frozen, a tick allocates nothing on the tick, device and worker threads; and the measurement would see it if it
 * did.
 */
class TickAllocationTest {
    private static final Pattern RESULT = Pattern.compile("bytes per round: (-?\\d+)");
    private static final String C1 = "-XX:TieredStopAtLevel=1";

    @TempDir
    Path directory;

    @Test
    void shouldAllocateNothingUnderC2WithVectorKernels() throws Exception {
        assertEquals(0, measure("VECTOR", "clean"));
    }

    @Test
    void shouldAllocateNothingUnderC1WithReferenceKernels() throws Exception {
        assertEquals(0, measure("REFERENCE", "clean", C1));
    }

    @Test
    void shouldAllocateNothingUnderC1WithCKernels() throws Exception {
        requireCKernels();
        assertEquals(0, measure("C", "clean", C1));
    }

    @Test
    void shouldAllocateNothingUnderC2WithCKernels() throws Exception {
        requireCKernels();
        assertEquals(0, measure("C", "clean"));
    }

    @Test
    void shouldAllocateNothingWhereASessionSpeaks() throws Exception {
        final Path speaking = directory.resolve("speaking");
        RandomModel.write(speaking, 1_000_000, 5, false, true);
        requireCKernels();
        assertEquals(0, measure(speaking, "C", "clean"));
        assertEquals(0, measure(speaking, "REFERENCE", "clean", C1));
    }

    @Test
    void shouldAllocateNothingOnAGpu() throws Exception {
        SoftGpu.require();
        final Path speaking = directory.resolve("speaking on a GPU");
        RandomModel.write(speaking, 1_000_000, 5, false, true);
        assertEquals(0, measure(speaking, TickAllocationMain.CUDA, "clean", C1));
    }

    @Test
    void shouldSeeAnAllocationPlantedOnAGpu() throws Exception {
        SoftGpu.require();
        assertTrue(measure(TickAllocationMain.CUDA, "planted", C1) > 0);
    }

    private static void requireCKernels() {
        assumeTrue(
                NativeKernels.load().isAvailable(),
                () -> "no C kernels: " + NativeKernels.load().reasons());
    }

    @Test
    void shouldSeeAPlantedAllocation() throws Exception {
        assertTrue(measure("REFERENCE", "planted", C1) > 0);
    }

    private static long measure(final String kernels, final String plant, final String... flags)
            throws IOException, InterruptedException {
        return measure(GoldenCase.directory("multimodal-moe"), kernels, plant, flags);
    }

    private static long measure(final Path model, final String kernels, final String plant, final String... flags)
            throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED");
        command.add("--add-modules=jdk.incubator.vector");
        command.addAll(SoftGpu.properties());
        command.addAll(List.of(flags));
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(TickAllocationMain.class.getName());
        command.add(model.toString());
        command.add(kernels);
        command.add(plant);
        final Process process =
                new ProcessBuilder(command).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        final Matcher matcher = RESULT.matcher(output);
        assertTrue(matcher.find(), output);
        return Long.parseLong(matcher.group(1));
    }
}
