package dev.tactus.app.doctor;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Who else wanted this machine's CPUs while a bench ran: other guests of its host (steal), and other processes on it. A
 * figure measured beside either is worse than the code. From the first line of {@code /proc/stat} (proc(5)): user,
 * nice, system, idle, iowait, irq, softirq, steal, in ticks of 10 ms.
 */
public final class CpuContention {
    private static final Path STAT = Path.of("/proc/stat");
    private static final int IDLE = 4;
    private static final int IOWAIT = 5;
    private static final int STEAL = 8;
    private static final double TICK_NS = 1e7;
    private static final double PERCENT = 100;

    /**
     * Shares of all CPU time, 0 to 1; NaN where the system does not say.
     *
     * @param steal taken by other guests
     * @param others used by other processes and the kernel
     */
    public record Shares(double steal, double others) {
        /** The steal as people read it. */
        public String stealText() {
            return Double.isNaN(steal) ? "unknown" : String.format(Locale.ROOT, "%.1f %%", PERCENT * steal);
        }
    }

    private final OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final long[] start = read();
    private final long ownNs = process.getProcessCpuTime();

    private CpuContention() {}

    /** Starts to watch. */
    public static CpuContention start() {
        return new CpuContention();
    }

    /** The shares since the start. */
    public Shares shares() {
        final long[] now = read();
        if (start.length == 0 || now.length == 0) {
            return new Shares(Double.NaN, Double.NaN);
        }
        long total = 0;
        for (int i = 1; i <= STEAL; i++) {
            total += now[i] - start[i];
        }
        final long steal = now[STEAL] - start[STEAL];
        final long idle = now[IDLE] - start[IDLE] + now[IOWAIT] - start[IOWAIT];
        final double own = (process.getProcessCpuTime() - ownNs) / TICK_NS;
        return total == 0
                ? new Shares(0, 0)
                : new Shares((double) steal / total, Math.max(0, total - idle - steal - own) / total);
    }

    /** The counters, from index 1 on; empty without such a file. */
    private static long[] read() {
        try {
            final String[] fields = Files.readAllLines(STAT).get(0).trim().split(" +");
            final long[] ticks = new long[STEAL + 1];
            for (int i = 1; i <= STEAL; i++) {
                ticks[i] = Long.parseLong(fields[i]);
            }
            return ticks;
        } catch (final IOException | RuntimeException ex) {
            return new long[0]; // not Linux: the report says unknown
        }
    }
}
