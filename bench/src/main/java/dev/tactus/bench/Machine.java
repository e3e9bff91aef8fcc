package dev.tactus.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The machine a figure was measured on: no figure is worth anything without it. */
final class Machine {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    private Machine() {}

    /** One line: the CPU's name, the CPUs that may be used, the JDK. */
    static String line() {
        return cpu() + ", " + Runtime.getRuntime().availableProcessors() + " CPUs, JDK " + Runtime.version();
    }

    private static String cpu() {
        try {
            for (final String line : Files.readAllLines(CPU_INFO)) {
                if (line.startsWith("model name")) {
                    return line.substring(line.indexOf(':') + 1).strip();
                }
            }
        } catch (final IOException ex) {
            return System.getProperty("os.arch"); // no such file outside Linux
        }
        return System.getProperty("os.arch");
    }
}
