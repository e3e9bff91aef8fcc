package dev.tactus.engine.device.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.tactus.cuda.CudaContext;
import dev.tactus.cuda.CudaDevice;
import dev.tactus.cuda.CudaDriver;
import dev.tactus.cuda.CudaException;
import dev.tactus.cuda.CudaStream;
import dev.tactus.cuda.CudaUnavailableException;
import dev.tactus.cuda.PinnedMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * What this machine's GPUs are and whether the engine can use them, for a report. It opens each GPU for a moment, on
 * the calling thread, and leaves nothing behind.
 */
public final class GpuProbe {
    private static final int OLDEST_COMPUTE_MAJOR = 8;
    private static final int WORD = 0x7ac705;
    private static final double GIB = 1L << 30;

    private GpuProbe() {}

    /**
     * One finding.
     *
     * @param subject the part that was looked at, a word or two
     * @param text what was found
     * @param remedy what to do, as a clause; empty where the part can be used as it is
     */
    public record Line(String subject, String text, String remedy) {
        /** Whether the part can be used as it is. */
        public boolean usable() {
            return remedy.isEmpty();
        }
    }

    /** The driver, each GPU, and whether it reads and writes host memory in place; or why there is none. */
    public static List<Line> look() {
        final CudaDriver driver;
        try {
            driver = CudaDriver.load();
        } catch (final CudaUnavailableException ex) {
            return List.of(unavailable(ex));
        }
        final List<Line> lines = new ArrayList<>();
        lines.add(new Line("GPU driver", "CUDA " + driver.versionText() + ", " + driver.library(), ""));
        for (int i = 0; i < driver.deviceCount(); i++) {
            lines.addAll(look(driver, i));
        }
        return lines;
    }

    static Line unavailable(final CudaUnavailableException ex) {
        return new Line("GPU", "none can be used: " + String.join("; ", ex.reasons()), ex.remedy());
    }

    private static List<Line> look(final CudaDriver driver, final int ordinal) {
        final String subject = driver.deviceCount() == 1 ? "GPU" : "GPU " + ordinal;
        try {
            final CudaDevice device = driver.device(ordinal);
            try (CudaContext context = device.openContext()) {
                return List.of(new Line(subject, text(device, context), age(device)), mapping(context));
            }
        } catch (final CudaException ex) {
            return List.of(new Line(subject, "cannot be opened: " + ex.getMessage(), "check nvidia-smi"));
        }
    }

    private static String text(final CudaDevice device, final CudaContext context) {
        return "%s, compute capability %s, %d multiprocessors, %.1f GiB of memory, %.1f GiB free"
                .formatted(
                        device.name(),
                        device.computeCapability(),
                        device.multiprocessors(),
                        device.totalBytes() / GIB,
                        context.freeBytes() / GIB);
    }

    private static String age(final CudaDevice device) {
        return device.computeMajor() >= OLDEST_COMPUTE_MAJOR
                ? ""
                : "use a GPU of compute capability " + OLDEST_COMPUTE_MAJOR + ".0 or newer, which the kernels need";
    }

    /** Lets the GPU write one word of pinned host memory, and reads it. */
    private static Line mapping(final CudaContext context) {
        final String subject = "pinned memory";
        try (PinnedMemory word = context.allocatePinned("probe", Integer.BYTES);
                CudaStream stream = context.openStream("probe")) {
            stream.write(word.deviceAddress(), WORD);
            stream.synchronize();
            return word.segment().get(JAVA_INT, 0) == WORD
                    ? new Line(subject, "the GPU reads and writes host memory in place", "")
                    : new Line(subject, "what the GPU writes into host memory does not arrive", "check the driver");
        } catch (final CudaException ex) {
            return new Line(
                    subject,
                    "cannot be mapped: " + ex.getMessage(),
                    "raise the limit on locked memory (ulimit -l) and check the driver");
        }
    }
}
