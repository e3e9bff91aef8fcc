package dev.tactus.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeBindingException;
import dev.tactus.bindings.NativeCall;
import dev.tactus.bindings.NativeLibrary;
import dev.tactus.bindings.NativeSymbols;
import dev.tactus.cuda.CudaUnavailableException.Cause;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds out whether a driver library can be used, and if not, everything that stands in the way. It binds its four
 * calls by hand, since the generated bindings must not be touched before a usable driver is loaded.
 */
final class DriverProbe {
    /** Longer than any name or text of an error. */
    static final long LONGEST_TEXT = 4096;

    static final FunctionDescriptor INIT = FunctionDescriptor.of(JAVA_INT, JAVA_INT);
    static final FunctionDescriptor GET_VERSION = FunctionDescriptor.of(JAVA_INT, JAVA_LONG);
    static final FunctionDescriptor GET_COUNT = FunctionDescriptor.of(JAVA_INT, JAVA_LONG);
    static final FunctionDescriptor GET_ERROR_NAME = FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG);

    private static final String INSTALL = "install the NVIDIA driver 580 or newer (in a container: start it with --gpus"
            + " all and the NVIDIA container toolkit)";
    private static final String UPDATE =
            "update the NVIDIA driver to 580 or newer (CUDA " + CudaDriver.versionText(CudaDriver.OLDEST_VERSION) + ")";

    private DriverProbe() {}

    /** What a usable driver says of itself. */
    record Answer(int version, int deviceCount) {}

    /** Loads the library, or says why it cannot be. */
    static NativeLibrary open(final String name, final DeviceNodes nodes) {
        try {
            return NativeLibrary.open(name);
        } catch (final NativeBindingException ex) {
            throw absent(name, ex.reasons(), nodes);
        }
    }

    /** Why there is no library of this name, and how to get one. */
    static CudaUnavailableException absent(final String name, final List<String> attempts, final DeviceNodes nodes) {
        final List<String> reasons = new ArrayList<>();
        reasons.add("the driver's library cannot be loaded (" + String.join("; ", attempts) + ")");
        if (!name.equals(CudaDriver.DEFAULT_LIBRARY)) {
            return new CudaUnavailableException(
                    Cause.NO_LIBRARY, reasons, "correct or drop -D" + CudaDriver.LIBRARY_PROPERTY + "=" + name);
        }
        reasons.addAll(forbidden(nodes));
        if (nodes.present().isEmpty()) {
            reasons.add("there is no device file of an NVIDIA GPU");
            return new CudaUnavailableException(Cause.NO_LIBRARY, reasons, INSTALL);
        }
        return new CudaUnavailableException(
                Cause.NO_LIBRARY,
                reasons,
                "install the driver's user part beside its kernel module (in a container: --gpus all with"
                        + " NVIDIA_DRIVER_CAPABILITIES=compute,utility)");
    }

    /** Initialises the driver and counts its GPUs, or says everything that is wrong with it. */
    static Answer ask(final NativeLibrary library, final DeviceNodes nodes) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment number = arena.allocate(JAVA_INT);
            final List<String> reasons = new ArrayList<>();
            final int versionError = call(library, "cuDriverGetVersion", GET_VERSION, number.address());
            final int version = versionError == 0 ? number.get(JAVA_INT, 0) : 0;
            if (version < CudaDriver.OLDEST_VERSION) {
                reasons.add("the driver speaks CUDA " + CudaDriver.versionText(version) + " and the kernels need "
                        + CudaDriver.versionText(CudaDriver.OLDEST_VERSION));
            }
            final int initError = call(library, "cuInit", INIT, 0);
            if (initError != 0) {
                reasons.add("cuInit failed with " + name(library, initError));
            }
            final int countError =
                    initError == 0 ? call(library, "cuDeviceGetCount", GET_COUNT, number.address()) : initError;
            if (initError == 0 && countError != 0) {
                reasons.add("cuDeviceGetCount failed with " + name(library, countError));
            }
            final int devices = countError == 0 ? number.get(JAVA_INT, 0) : 0;
            if (countError == 0 && devices == 0) {
                reasons.add("the driver sees no GPU");
            }
            if (!reasons.isEmpty()) {
                throw unavailable(version, countError, reasons, nodes);
            }
            return new Answer(version, devices);
        } catch (final NativeBindingException ex) {
            throw notADriver(ex.getMessage());
        }
    }

    private static CudaUnavailableException unavailable(
            final int version, final int error, final List<String> reasons, final DeviceNodes nodes) {
        reasons.addAll(forbidden(nodes));
        if (version < CudaDriver.OLDEST_VERSION) {
            return new CudaUnavailableException(Cause.TOO_OLD, reasons, UPDATE);
        }
        if (!nodes.forbidden().isEmpty() || error == DriverError.NOT_PERMITTED.number()) {
            return new CudaUnavailableException(
                    Cause.NO_PERMISSION,
                    reasons,
                    "let this user open the /dev/nvidia* files (add it to their group, often video or render; in a"
                            + " container: --gpus all)");
        }
        if (error == 0 || error == DriverError.NO_DEVICE.number()) {
            return new CudaUnavailableException(
                    Cause.NO_DEVICE,
                    reasons,
                    "check that nvidia-smi lists a GPU and that CUDA_VISIBLE_DEVICES does not hide it (in a container:"
                            + " --gpus all)");
        }
        return new CudaUnavailableException(Cause.REFUSED, reasons, DriverError.remedy(error));
    }

    /** The library is loaded and is no complete driver. */
    static CudaUnavailableException notADriver(final String why) {
        return new CudaUnavailableException(
                Cause.NOT_A_DRIVER,
                List.of(why),
                "install the NVIDIA driver 580 or newer; a library that stands in for it must be named"
                        + " libcuda.so.1 in its SONAME and have every function");
    }

    /** Another library than the one in use was asked for. */
    static CudaUnavailableException otherDriver(final String wanted, final String used) {
        return new CudaUnavailableException(
                Cause.OTHER_DRIVER,
                List.of("this process uses the driver " + used + " and cannot use " + wanted + " as well"),
                "start another process for the other driver");
    }

    private static List<String> forbidden(final DeviceNodes nodes) {
        return nodes.forbidden().isEmpty()
                ? List.of()
                : List.of("this user may not open " + String.join(", ", nodes.forbidden()));
    }

    /** The driver's own name for an error where it has one. */
    private static String name(final NativeLibrary library, final int error) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment out = arena.allocate(JAVA_LONG);
            final int result = call(library, "cuGetErrorName", GET_ERROR_NAME, error, out.address());
            final long address = out.get(JAVA_LONG, 0);
            if (result == 0 && address != 0) {
                final String text = MemorySegment.ofAddress(address)
                        .reinterpret(LONGEST_TEXT)
                        .getString(0);
                return text + " (" + error + ")";
            }
            return DriverError.name(error) + " (" + error + ")";
        } catch (final NativeBindingException ex) {
            return DriverError.name(error) + " (" + error + ")";
        }
    }

    private static int call(
            final NativeLibrary library,
            final String symbol,
            final FunctionDescriptor descriptor,
            final Object... arguments) {
        final MethodHandle handle = NativeSymbols.bind(library, symbol, descriptor, false);
        try {
            return (int) handle.invokeWithArguments(arguments);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature(symbol, ex);
        }
    }
}
