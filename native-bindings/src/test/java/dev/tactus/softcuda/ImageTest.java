package dev.tactus.softcuda;

import static dev.tactus.softcuda.SoftDriver.INVALID_IMAGE;
import static dev.tactus.softcuda.SoftDriver.INVALID_VALUE;
import static dev.tactus.softcuda.SoftDriver.SUCCESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Compiled images: what they say of their kernels counts, and must agree with what runs. */
class ImageTest {
    private static final int FATBIN_LZ4 = 0x2000;
    private static final int FATBIN_ZSTD = 0x8000;

    private final Arena arena = Arena.ofConfined();
    private SoftDriver driver;

    @BeforeEach
    void open() {
        driver = SoftDriver.open();
    }

    @AfterEach
    void close() {
        if (driver != null) {
            driver.close();
        }
        arena.close();
    }

    private MemorySegment image(final byte[] bytes) {
        return arena.allocate(bytes.length, 16).copyFrom(MemorySegment.ofArray(bytes));
    }

    private int load(final byte[] image) {
        driver.cell().fill((byte) 0);
        return driver.call("cuModuleLoadData", driver.cell(), image(image));
    }

    private long function(final String name) {
        return driver.make("cuModuleGetFunction", driver.cell().get(JAVA_LONG, 0), name);
    }

    @Test
    void shouldTakeBoundsFromACubin() {
        assertEquals(SUCCESS, load(Cubin.of("fault_parameters", 128, List.of(8, 4))), driver::message);
        final long function = function("fault_parameters");
        assertEquals(128, attribute(function, 0), "threads");
        assertEquals(17, attribute(function, 4), "registers");
        assertEquals(1024, attribute(function, 1), "static shared memory");
        assertEquals(90, attribute(function, 6), "architecture");
        final long out = driver.device(512);
        assertEquals(SUCCESS, driver.launch(function, 0, 1, 128, 0, out, 128), driver::message);
        driver.check("cuCtxSynchronize");
        assertEquals(1.0f, driver.downloadFloats(out, 128)[127]);
        assertEquals(INVALID_VALUE, driver.launch(function, 0, 1, 129, 0, out, 129));
        assertTrue(driver.message().contains("its launch bound is 128"), driver::message);
        assertEquals(INVALID_VALUE, driver.launch(function, 0, 1, 128, 48 * 1024, out, 128));
        assertTrue(driver.message().contains("beside 1024 static ones"), driver::message);
    }

    private int attribute(final long function, final int attribute) {
        return (int) driver.make("cuFuncGetAttribute", attribute, function);
    }

    @Test
    void shouldRefuseAnotherLayoutOfParameters() {
        assertEquals(INVALID_IMAGE, load(Cubin.of("fault_parameters", 128, List.of(8, 8))));
        assertTrue(
                driver.message()
                        .contains("parameter 1 of kernel fault_parameters has 8 bytes in the image and 4 in the "
                                + "host build"),
                driver::message);
        assertEquals(INVALID_IMAGE, load(Cubin.of("fault_parameters", 128, List.of(8))));
        assertTrue(driver.message().contains("takes 1 parameters in the image and 2"), driver::message);
    }

    @Test
    void shouldNameAKernelThatTheHostBuildLacks() {
        assertEquals(SUCCESS, load(Cubin.of("kernel_of_nobody", 128, List.of(8))), driver::message);
        final long module = driver.cell().get(JAVA_LONG, 0);
        assertEquals(500, driver.call("cuModuleGetFunction", driver.cell(), module, "kernel_of_nobody"));
        assertTrue(driver.message().contains("no library of kernels that was loaded has it"), driver::message);
        assertEquals(500, driver.call("cuModuleGetFunction", driver.cell(), module, "kernel_of_none"));
        assertTrue(driver.message().contains("the module has no kernel kernel_of_none"), driver::message);
    }

    @Test
    void shouldReadFatbinsAsTheyAreAndCompressed() {
        final byte[] cubin = Cubin.of("fault_parameters", 96, List.of(8, 4));
        for (final int flags : new int[] {0, FATBIN_LZ4}) {
            assertEquals(SUCCESS, load(Cubin.fatbin(cubin, flags)), driver::message);
            assertEquals(96, attribute(function("fault_parameters"), 0), "flags " + flags);
        }
        assertEquals(INVALID_IMAGE, load(Cubin.fatbin(cubin, FATBIN_ZSTD)));
        assertTrue(driver.message().contains("nvcc -no-compress"), driver::message);
    }

    @Test
    void shouldRefuseWhatIsNoImage() {
        assertEquals(INVALID_IMAGE, load(new byte[64]));
        assertTrue(driver.message().contains("neither a cubin nor a fatbin"), driver::message);
        assertEquals("CUDA_ERROR_INVALID_IMAGE", driver.name(INVALID_IMAGE));
    }
}
