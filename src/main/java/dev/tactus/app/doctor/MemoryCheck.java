package dev.tactus.app.doctor;

import com.sun.management.OperatingSystemMXBean;
import dev.tactus.posix.Posix;
import dev.tactus.posix.PosixException;
import dev.tactus.posix.ResourceLimit;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Memory, and how much of it may be kept from being paged out. */
public final class MemoryCheck {
    private static final long CAP_IPC_LOCK = 1L << 14;
    private static final int HEX = 16;
    private static final String RAISE = "raise it with ulimit -l unlimited, LimitMEMLOCK=infinity in a systemd unit, or"
            + " --ulimit memlock=-1 for a container";

    private MemoryCheck() {}

    /** The machine's (or container's) memory and the limit on locking. */
    public static List<Finding> findings() {
        return List.of(memory(), Posix.isSupported() ? locking() : unsupported());
    }

    private static Finding memory() {
        final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return Finding.ok(
                "memory",
                "%s, %s free; Java heap up to %s, pages of %s"
                        .formatted(
                                Finding.size(system.getTotalMemorySize()),
                                Finding.size(system.getFreeMemorySize()),
                                Finding.size(Runtime.getRuntime().maxMemory()),
                                Posix.isSupported() ? Finding.size(Posix.pageBytes()) : "unknown size"));
    }

    private static Finding unsupported() {
        return Finding.note("memory locking", "not offered on this system", "use Linux or macOS");
    }

    private static Finding locking() {
        final ResourceLimit limit = Posix.memoryLockLimit();
        final String failure = tryOnePage();
        if (!failure.isEmpty()) {
            return Finding.note("memory locking", failure, RAISE);
        }
        if (limit.softBytes() == ResourceLimit.UNLIMITED) {
            return Finding.ok("memory locking", "unlimited: media slots and rings can stay in memory for good");
        }
        if (ignoresLimits()) {
            return Finding.ok("memory locking", "unlimited for this user (the limit of others is " + size(limit) + ")");
        }
        return Finding.note(
                "memory locking",
                "up to " + size(limit) + ": what does not fit can be paged out, and a tick may then wait for a disk",
                RAISE);
    }

    private static String size(final ResourceLimit limit) {
        return Finding.size(limit.softBytes());
    }

    /** Locks one page and lets go of it; empty when that worked. */
    private static String tryOnePage() {
        final int page = Posix.pageBytes();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment segment = arena.allocate(page, page);
            Posix.lock(segment);
            Posix.unlock(segment);
            return "";
        } catch (final PosixException ex) {
            return "not possible: " + ex.call() + " failed with errno " + ex.errno();
        }
    }

    /** Whether the process has CAP_IPC_LOCK, which the limit does not apply to. */
    private static boolean ignoresLimits() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("CapEff:"))
                    .anyMatch(line -> (Long.parseUnsignedLong(
                                            line.substring("CapEff:".length()).strip(), HEX)
                                    & CAP_IPC_LOCK)
                            != 0);
        } catch (final IOException ex) {
            return false;
        }
    }
}
