package dev.tactus.app.train;

import dev.tactus.app.cli.Failures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** The user's own program that looks at a checkpoint. What it prints is kept; its failure is a line, not an end. */
final class EvaluationCommand {
    private static final long POLL_MS = 50;

    private EvaluationCommand() {}

    /**
     * Runs the command to its end.
     *
     * @param folder for what it prints; made if it is missing
     * @param stop whether to end it early
     * @return a line about it
     */
    static String run(final List<String> command, final Path folder, final long step, final BooleanSupplier stop) {
        final Path output = folder.resolve(String.format(Locale.ROOT, "step-%06d.txt", step));
        final String about = "step " + step + ": evaluate.command: ";
        Process process = null;
        try {
            Files.createDirectories(folder);
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            process.getOutputStream().close();
            while (!process.waitFor(POLL_MS, TimeUnit.MILLISECONDS)) {
                if (stop.getAsBoolean()) {
                    return about + "ended early, as the run is";
                }
            }
            final int code = process.exitValue();
            return about + (code == 0 ? "done" : "failed with exit code " + code) + ", its output is in " + output;
        } catch (final IOException ex) {
            return about + "failed: " + Failures.reason(ex);
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
            return about + "ended early, as the run is";
        } finally {
            if (process != null) {
                process.destroy();
            }
        }
    }
}
