package dev.tactus.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import picocli.CommandLine.Model.CommandSpec;

/** The machine a figure was measured on: no figure is worth anything without it. */
final class Machine {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    private Machine() {}

    /** One line: the CPU's name, the CPUs that may be used, the JDK. */
    static String line() {
        return cpu() + ", " + Runtime.getRuntime().availableProcessors() + " CPUs, JDK " + Runtime.version();
    }

    /**
     * What every JSON of a bench begins with: which bench, the machine, when, and the line that started it.
     *
     * @param spec of the command that runs
     */
    static Map<String, Object> head(final String bench, final CommandSpec spec) {
        final Map<String, Object> head = new LinkedHashMap<>();
        head.put("bench", bench);
        head.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        head.put("command", command(spec));
        head.put("machine", line());
        head.put("facts", facts());
        return head;
    }

    private static String command(final CommandSpec spec) {
        final StringJoiner words = new StringJoiner(" ").add("./tactus bench");
        for (final String word : spec.root().commandLine().getParseResult().originalArgs()) {
            words.add(word.matches("[\\w./:,=+@%-]+") ? word : "'" + word.replace("'", "'\\''") + "'");
        }
        return words.toString();
    }

    /** The same and more as fields: name to value, in an order that reads well. */
    static Map<String, Object> facts() {
        final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        final Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("cpu", cpu());
        facts.put("cpus", Runtime.getRuntime().availableProcessors());
        facts.put("memory_bytes", system.getTotalMemorySize());
        facts.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put("jdk", Runtime.version().toString());
        return facts;
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
