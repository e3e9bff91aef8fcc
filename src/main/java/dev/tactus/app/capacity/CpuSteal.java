package dev.tactus.app.capacity;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The share of the CPUs' time that other guests of the host took: a figure measured beside it is worse than the code.
 * From the first line of {@code /proc/stat} (proc(5)): user, nice, system, idle, iowait, irq, softirq, steal.
 */
final class CpuSteal {
    private static final Path STAT = Path.of("/proc/stat");
    private static final int STEAL = 8;
    private static final double PERCENT = 100;

    private final long[] start = read();

    /** The share since this was made, 0 to 1; NaN where the system does not say. */
    double share() {
        final long[] now = read();
        if (start.length == 0 || now.length == 0) {
            return Double.NaN;
        }
        long total = 0;
        for (int i = 1; i <= STEAL; i++) {
            total += now[i] - start[i];
        }
        return total == 0 ? 0 : (double) (now[STEAL] - start[STEAL]) / total;
    }

    /** As people read it. */
    String text() {
        final double share = share();
        return Double.isNaN(share) ? "unknown" : String.format(Locale.ROOT, "%.1f %%", PERCENT * share);
    }

    private static long[] read() {
        try {
            final String[] fields = Files.readAllLines(STAT).get(0).trim().split(" +");
            final long[] ticks = new long[STEAL + 1];
            for (int i = 1; i <= STEAL; i++) {
                ticks[i] = Long.parseLong(fields[i]);
            }
            return ticks;
        } catch (final IOException | RuntimeException ex) {
            return new long[0]; // not Linux
        }
    }
}
