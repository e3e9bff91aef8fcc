package dev.tactus.app.cli;

import dev.tactus.engine.KernelChoice;
import picocli.CommandLine.Option;

/** The options of every command that computes. */
public final class ComputeOptions {
    private static final int MOST_THREADS = 256;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute, 1 to 256. Default: all processors. The bits do not depend on it.")
    private Integer threads;

    @Option(
            names = "--kernels",
            paramLabel = "KIND",
            defaultValue = "auto",
            description = "auto, reference (plain Java) or vector (Vector API). Default: ${DEFAULT-VALUE}."
                    + " The bits do not depend on it.")
    private KernelChoice kernels;

    /**
     * Threads that compute.
     *
     * @throws BadInputException when the option is out of range
     */
    public int threads() {
        if (threads == null) {
            return Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
        }
        if (threads < 1 || threads > MOST_THREADS) {
            throw BadInputException.of("--threads", threads, "1 to " + MOST_THREADS);
        }
        return threads;
    }

    /** Which kernels. */
    public KernelChoice kernels() {
        return kernels;
    }
}
