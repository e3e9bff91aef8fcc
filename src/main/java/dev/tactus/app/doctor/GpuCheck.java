package dev.tactus.app.doctor;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.tactus.bindings.NativeBindingException;
import dev.tactus.bindings.NativeLibrary;
import dev.tactus.bindings.NativeSymbols;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Whether there is an NVIDIA driver, asked through the driver itself. */
public final class GpuCheck {
    private static final String DRIVER = "libcuda.so.1";
    private static final String CPU_ONLY = "this version of tactus runs on the CPU only";

    private GpuCheck() {}

    /** The driver's CUDA version and the number of GPUs, or why there is none. */
    public static Finding finding() {
        final NativeLibrary driver;
        try {
            driver = NativeLibrary.open(DRIVER);
        } catch (final NativeBindingException ex) {
            return Finding.note(
                    "GPU",
                    "no NVIDIA driver: " + ex.reasons().getFirst(),
                    "nothing to do: " + CPU_ONLY + "; a GPU would need the NVIDIA driver installed (in a container:"
                            + " --gpus all)");
        }
        try (Arena arena = Arena.ofConfined()) {
            return ask(driver, arena.allocate(JAVA_INT));
        } catch (final NativeBindingException ex) {
            return Finding.note("GPU", ex.getMessage(), "update the NVIDIA driver; until then " + CPU_ONLY);
        }
    }

    private static Finding ask(final NativeLibrary driver, final MemorySegment number) {
        final int initialised = call(driver, "cuInit", FunctionDescriptor.of(JAVA_INT, JAVA_INT), 0);
        final FunctionDescriptor toPointer = FunctionDescriptor.of(JAVA_INT, ADDRESS);
        final int asked = call(driver, "cuDriverGetVersion", toPointer, number);
        final String version = asked == 0 ? "CUDA " + version(number.get(JAVA_INT, 0)) : "a driver of unknown version";
        if (initialised != 0) {
            return Finding.note(
                    "GPU",
                    version + ", but cuInit failed with " + initialised + meaning(initialised),
                    "check nvidia-smi; " + CPU_ONLY);
        }
        final int counted = call(driver, "cuDeviceGetCount", toPointer, number);
        final String count = counted == 0 ? number.get(JAVA_INT, 0) + " visible" : "error " + counted + " on counting";
        return Finding.note("GPU", version + ", " + count, "not used yet: " + CPU_ONLY);
    }

    private static int call(
            final NativeLibrary driver,
            final String symbol,
            final FunctionDescriptor descriptor,
            final Object argument) {
        final MethodHandle handle = NativeSymbols.bind(driver, symbol, descriptor, false);
        try {
            return (int) handle.invokeWithArguments(argument);
        } catch (final RuntimeException | Error ex) {
            throw ex;
        } catch (final Throwable ex) {
            throw new AssertionError(symbol + " is bound with a wrong signature", ex);
        }
    }

    /** The driver counts 1000 per major and 10 per minor version. */
    private static String version(final int number) {
        return number / 1000 + "." + number % 1000 / 10;
    }

    private static String meaning(final int error) {
        return switch (error) {
            case 3 -> " (CUDA_ERROR_NOT_INITIALIZED)";
            case 34 -> " (CUDA_ERROR_STUB_LIBRARY: a stub stands in for the driver)";
            case 35 -> " (CUDA_ERROR_INSUFFICIENT_DRIVER)";
            case 100 -> " (CUDA_ERROR_NO_DEVICE: no GPU is visible)";
            case 999 -> " (CUDA_ERROR_UNKNOWN: often a driver that was updated without a restart)";
            default -> "";
        };
    }
}
