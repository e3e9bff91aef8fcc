package dev.tactus.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.cuda.CudaUnavailableException.Cause;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever stands between this machine and a GPU is said in one message, with what to do about it. */
class CudaUnavailableTest {
    private static final DeviceNodes NONE = new DeviceNodes(List.of(), List.of());
    private static final DeviceNodes ONE = new DeviceNodes(List.of("/dev/nvidia0"), List.of());
    private static final DeviceNodes LOCKED = new DeviceNodes(List.of("/dev/nvidia0"), List.of("/dev/nvidia0"));

    /** Not the driver's own name: a library stays loaded, and whoever asks for the driver later must not get a fake. */
    private static final String FAKE = "libfake-driver.so";

    @TempDir
    private Path folder;

    @Test
    void shouldSayThatThereIsNoDriver() {
        // a name that no machine has, in place of the driver's own
        final CudaUnavailableException ex = refusal("libcuda-absent.so.1", NONE);
        assertEquals(Cause.NO_LIBRARY, ex.kind());
        assertContains(ex, "libcuda-absent.so.1", "the system's loader does not find it", "-Dtactus.cuda.library");
    }

    @Test
    void shouldSayHowToGetADriver() {
        final List<String> attempts = List.of("libcuda.so.1: the system's loader does not find it");
        final CudaUnavailableException ex = DriverProbe.absent(CudaDriver.DEFAULT_LIBRARY, attempts, NONE);
        assertEquals(Cause.NO_LIBRARY, ex.kind());
        assertContains(
                ex, attempts.getFirst(), "no device file", "install the NVIDIA driver 580 or newer", "--gpus all");
        assertContains(
                DriverProbe.absent(CudaDriver.DEFAULT_LIBRARY, attempts, LOCKED),
                "may not open /dev/nvidia0",
                "user part",
                "NVIDIA_DRIVER_CAPABILITIES");
    }

    @Test
    void shouldNameAFileThatIsNoLibrary() throws IOException {
        final Path text = Files.writeString(folder.resolve("libcuda.so.1"), "no library");
        assertContains(refusal(text.toString(), NONE), text.toString(), "not a library", "correct or drop");
        assertContains(refusal(folder + "/none.so", NONE), "no such file", "correct or drop");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "13000 | 100 | 0 | NO_DEVICE  | cuInit failed with CUDA_ERROR_NO_DEVICE (100)       | nvidia-smi",
                "13000 | 0   | 0 | NO_DEVICE  | the driver sees no GPU                              | --gpus all",
                "12080 | 0   | 1 | TOO_OLD    | the driver speaks CUDA 12.8 and the kernels need 13.0 | 580 or newer",
                "12080 | 803 | 1 | TOO_OLD    | CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803)             | 580 or newer",
                "13000 | 34  | 1 | REFUSED    | CUDA_ERROR_STUB_LIBRARY (34)                        | toolkit's stub",
                "13000 | 800 | 1 | NO_PERMISSION | CUDA_ERROR_NOT_PERMITTED (800)                   | /dev/nvidia*",
                "13000 | 803 | 1 | REFUSED    | CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803)             | restart",
                "13000 | 999 | 1 | REFUSED    | CUDA_ERROR_UNKNOWN (999)                            | nvidia-smi as"
                        + " root",
                "13000 | 555 | 1 | REFUSED    | an error without a name (555)                       | nvidia-smi",
            })
    void shouldSayWhyTheDriverRefuses(
            final int version,
            final int init,
            final int devices,
            final Cause cause,
            final String reason,
            final String remedy)
            throws IOException, InterruptedException {
        final CudaUnavailableException ex = refusal(fake("a", version, init, devices, ""), ONE);
        assertEquals(cause, ex.kind());
        assertContains(ex, reason, remedy);
    }

    /** The driver itself says only that it sees no device; the files say why. */
    @Test
    void shouldBlameTheRightsOfTheDeviceFiles() throws IOException, InterruptedException {
        final CudaUnavailableException ex = refusal(fake("a", 13_000, 100, 0, ""), LOCKED);
        assertEquals(Cause.NO_PERMISSION, ex.kind());
        assertContains(ex, "CUDA_ERROR_NO_DEVICE", "may not open /dev/nvidia0", "group");
    }

    @Test
    void shouldSayEverythingThatIsWrongAtOnce() throws IOException, InterruptedException {
        final CudaUnavailableException ex = refusal(fake("a", 11_040, 304, 0, ""), LOCKED);
        assertEquals(3, ex.reasons().size(), ex::getMessage);
        assertContains(ex, "CUDA 11.4", "CUDA_ERROR_OPERATING_SYSTEM (304)", "may not open");
        for (final String reason : ex.reasons()) {
            assertTrue(ex.getMessage().contains(reason), ex::getMessage);
        }
        assertTrue(ex.getMessage().endsWith(ex.remedy()), ex::getMessage);
    }

    @Test
    void shouldUseTheDriversOwnNameOfAnError() throws IOException, InterruptedException {
        final String names = "int cuGetErrorName(int e, const char **s) { *s = \"CUDA_ERROR_OF_TOMORROW\"; return 0; }";
        assertContains(refusal(fake("a", 13_000, 4242, 0, names), ONE), "CUDA_ERROR_OF_TOMORROW (4242)");
    }

    @Test
    void shouldNameWhatALibraryLacks() throws IOException, InterruptedException {
        final Path library = NativeBuild.library(folder, "b", FAKE, "int cuInit(unsigned f) { return 0; }");
        final CudaUnavailableException ex = refusal(library.toString(), ONE);
        assertEquals(Cause.NOT_A_DRIVER, ex.kind());
        assertContains(ex, "cuDriverGetVersion", library.toString());
    }

    @Test
    void shouldFindTheDeviceFilesThatMayNotBeOpened() throws IOException {
        for (final String name : List.of("nvidia0", "nvidia11", "nvidiactl", "nvidia-uvm", "nvidia-caps", "null")) {
            Files.createFile(folder.resolve(name));
        }
        final DeviceNodes nodes = DeviceNodes.in(folder, node -> node.endsWith("nvidia0"));
        assertEquals(4, nodes.present().size(), nodes::toString);
        assertEquals(List.of(folder + "/nvidia-uvm", folder + "/nvidia11", folder + "/nvidiactl"), nodes.forbidden());
        assertEquals(List.of(), DeviceNodes.in(folder).forbidden());
        assertEquals(NONE, DeviceNodes.in(folder.resolve("absent")));
    }

    private static CudaUnavailableException refusal(final String library, final DeviceNodes nodes) {
        return assertThrows(CudaUnavailableException.class, () -> CudaDriver.load(library, nodes));
    }

    /** A driver with nothing but what is asked before it is trusted. */
    private String fake(final String name, final int version, final int init, final int devices, final String more)
            throws IOException, InterruptedException {
        assumeTrue(NativeBuild.isAvailable(), "needs Linux and g++");
        return NativeBuild.library(
                        folder,
                        name,
                        FAKE,
                        "int cuInit(unsigned f) { return " + init + "; }\n"
                                + "int cuDriverGetVersion(int *v) { *v = " + version + "; return 0; }\n"
                                + "int cuDeviceGetCount(int *n) { *n = " + devices + "; return 0; }\n" + more)
                .toString();
    }

    private static void assertContains(final CudaUnavailableException ex, final String... parts) {
        for (final String part : parts) {
            assertTrue(ex.getMessage().contains(part), () -> "\"" + part + "\" in: " + ex.getMessage());
        }
    }
}
