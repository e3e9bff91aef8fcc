package dev.tactus.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Compiles C and C++ for a test. */
public final class NativeBuild {
    private static final int TIMEOUT_SECONDS = 600;

    private NativeBuild() {}

    /**
     * What a command did.
     *
     * @param code its exit code
     * @param output both of its streams
     */
    public record Outcome(int code, String output) {}

    /** Whether this machine compiles and loads what the tests need. */
    public static boolean isAvailable() {
        return System.getProperty("os.name").startsWith("Linux")
                && onPath("g++").isPresent();
    }

    /** A program on the path. */
    public static Optional<Path> onPath(final String program) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":"))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Runs a command in {@code folder}. */
    public static Outcome run(final Path folder, final List<String> command) throws IOException, InterruptedException {
        final Path output = Files.createTempFile(folder, "output", ".txt");
        try {
            final Process process = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(command + " did not end within " + TIMEOUT_SECONDS + " s");
            }
            return new Outcome(process.exitValue(), Files.readString(output));
        } finally {
            Files.delete(output);
        }
    }

    /**
     * Compiles C into a shared library.
     *
     * @return {@code folder/name/soname}, with that SONAME
     */
    public static Path library(final Path folder, final String name, final String soname, final String source)
            throws IOException, InterruptedException {
        final Path target = Files.createDirectories(folder.resolve(name)).resolve(soname);
        final Path file = Files.writeString(folder.resolve(name + ".c"), source);
        final Outcome outcome = run(
                folder,
                List.of(
                        "g++",
                        "-x",
                        "c",
                        "-shared",
                        "-fPIC",
                        "-O1",
                        "-Wl,-soname," + soname,
                        "-o",
                        target.toString(),
                        file.toString()));
        if (outcome.code() != 0) {
            throw new AssertionError("g++ on " + file + ": " + outcome.output());
        }
        return target;
    }
}
