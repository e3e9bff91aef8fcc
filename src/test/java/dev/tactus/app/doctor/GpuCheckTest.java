package dev.tactus.app.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.app.doctor.Finding.Level;
import dev.tactus.engine.device.cuda.GpuProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the doctor says of a GPU, with drivers of which each has one thing wrong. */
class GpuCheckTest {
    private static final String PROPERTY = "tactus.cuda.library";
    private static final Path SOFTCUDA =
            Path.of(System.getProperty("tactus.softcuda", "../native-bindings/target/softcuda"), "libcuda.so.1");
    private static final String CPU = "; until then tactus runs on the CPU only";
    private static final int COMPILER_SECONDS = 120;

    @TempDir
    private Path folder;

    private String before;

    @BeforeEach
    void keepProperty() {
        before = System.getProperty(PROPERTY);
    }

    @AfterEach
    void restoreProperty() {
        if (before == null) {
            System.clearProperty(PROPERTY);
        } else {
            System.setProperty(PROPERTY, before);
        }
    }

    @Test
    void shouldSayThatThereIsNoLibcuda() {
        System.setProperty(PROPERTY, folder.resolve("libcuda.so.1").toString());
        final Finding finding = only();
        assertContains(finding.text(), "none can be used: the driver's library cannot be loaded", "no such file");
        assertContains(finding.remedy(), "correct or drop -D" + PROPERTY, CPU);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "13000 | 100 | 0 | cuInit failed with CUDA_ERROR_NO_DEVICE (100) | check that nvidia-smi lists a GPU",
                "13000 | 0   | 0 | the driver sees no GPU                        | CUDA_VISIBLE_DEVICES",
                "12040 | 0   | 1 | speaks CUDA 12.4 and the kernels need 13.0    | update the NVIDIA driver to 580",
                "13000 | 34  | 1 | CUDA_ERROR_STUB_LIBRARY (34)                  | remove the toolkit's stub library",
                "13000 | 800 | 1 | CUDA_ERROR_NOT_PERMITTED (800)                | let this user open the /dev/nvidia*",
                "13000 | 803 | 1 | CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803)       | restart the machine",
            })
    void shouldSayWhatStandsInTheWay(
            final int version, final int init, final int devices, final String text, final String remedy)
            throws IOException, InterruptedException {
        System.setProperty(PROPERTY, driver(version, init, devices).toString());
        final Finding finding = only();
        assertContains(finding.text(), "none can be used: ", text);
        assertContains(finding.remedy(), remedy, CPU);
    }

    /** The software driver of native-bindings' tests stands for a GPU. */
    @Test
    void shouldDescribeAGpu() {
        assumeTrue(Files.exists(SOFTCUDA), "softcuda is not built: run the tests of native-bindings first");
        System.setProperty(PROPERTY, SOFTCUDA.toAbsolutePath().normalize().toString());
        final List<Finding> findings = GpuCheck.findings();
        assertEquals(
                List.of("GPU driver", "GPU", "pinned memory"),
                findings.stream().map(Finding::subject).toList(),
                findings::toString);
        for (final Finding finding : findings) {
            assertEquals(Level.OK, finding.level(), finding::toString);
        }
        assertContains(findings.get(0).text(), "CUDA 13.0", "libcuda.so.1");
        assertContains(findings.get(1).text(), "softcuda", "compute capability 9.0", "GiB of memory", "free");
        assertContains(findings.get(2).text(), "reads and writes host memory in place");
    }

    @Test
    void shouldSayThatTheCpuGoesOn() {
        final Finding finding = GpuCheck.finding(new GpuProbe.Line("GPU", "too old", "buy another"));
        assertEquals(new Finding(Level.NOTE, "GPU", "too old", "buy another" + CPU), finding);
        assertEquals(Finding.ok("GPU", "fine"), GpuCheck.finding(new GpuProbe.Line("GPU", "fine", "")));
    }

    private static Finding only() {
        final List<Finding> findings = GpuCheck.findings();
        assertEquals(1, findings.size(), findings::toString);
        assertEquals(Level.NOTE, findings.getFirst().level());
        assertEquals("GPU", findings.getFirst().subject());
        return findings.getFirst();
    }

    /** A driver with nothing but what is asked before it is trusted. */
    private Path driver(final int version, final int init, final int devices) throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.name").startsWith("Linux"), "needs Linux");
        final Path source = Files.writeString(
                folder.resolve("driver.c"),
                "int cuInit(unsigned f) { return " + init + "; }\n"
                        + "int cuDriverGetVersion(int *v) { *v = " + version + "; return 0; }\n"
                        + "int cuDeviceGetCount(int *n) { *n = " + devices + "; return 0; }\n");
        final Path library = folder.resolve("libfake-driver.so");
        final Process compiler;
        try {
            compiler = new ProcessBuilder("gcc", "-shared", "-fPIC", "-o", library.toString(), source.toString())
                    .inheritIO()
                    .start();
        } catch (final IOException ex) {
            assumeTrue(false, "needs gcc: " + ex.getMessage());
            throw ex;
        }
        assertTrue(compiler.waitFor(COMPILER_SECONDS, TimeUnit.SECONDS) && compiler.exitValue() == 0, "gcc");
        return library;
    }

    private static void assertContains(final String text, final String... parts) {
        for (final String part : parts) {
            assertTrue(text.contains(part), () -> "\"" + part + "\" in: " + text);
        }
    }
}
