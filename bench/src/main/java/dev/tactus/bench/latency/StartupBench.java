package dev.tactus.bench.latency;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/** Starts a command, waits for a line of a certain look on its output, and ends it. */
public final class StartupBench {
    private static final int LINES_SHOWN = 20;

    private final List<String> command;
    private final Pattern awaited;
    private String firstLine = "";

    /**
     * A bench of one command.
     *
     * @param command the program and its arguments
     * @param awaited what is to be found in the line that ends the measurement
     */
    public StartupBench(final List<String> command, final Pattern awaited) {
        this.command = List.copyOf(command);
        this.awaited = awaited;
    }

    /**
     * Nanoseconds from before the process is made to the line.
     *
     * @throws IOException when the command cannot be started, or ends without the line; the message has what it said
     */
    public long run() throws IOException, InterruptedException {
        final long startNs = System.nanoTime();
        final Process process =
                new ProcessBuilder(command).redirectErrorStream(true).start();
        try (BufferedReader lines = new BufferedReader(process.inputReader(StandardCharsets.UTF_8))) {
            final StringBuilder said = new StringBuilder();
            int count = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (awaited.matcher(line).find()) {
                    firstLine = line;
                    return System.nanoTime() - startNs;
                }
                if (count++ < LINES_SHOWN) {
                    said.append(System.lineSeparator()).append(line);
                }
            }
            throw new IOException(String.join(" ", command) + " ended with " + process.waitFor() + " and no line like "
                    + awaited + ":" + said);
        } finally {
            process.destroy();
            process.waitFor();
        }
    }

    /** The line that ended the last measurement. */
    public String firstLine() {
        return firstLine;
    }
}
