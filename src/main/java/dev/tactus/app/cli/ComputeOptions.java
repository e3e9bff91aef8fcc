package dev.tactus.app.cli;

import dev.tactus.engine.KernelSelection;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of every command that computes. */
public final class ComputeOptions {
    private static final int MOST_THREADS = 256;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute, 1 to 256. Default: all processors. The bits do not depend on it.")
    private Integer threads;

    @Mixin
    private final KernelOptions kernels = new KernelOptions();

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

    /**
     * Which kernels.
     *
     * @throws BadInputException when an option names none, or what this machine cannot run
     */
    public KernelSelection kernels() {
        return kernels.selection();
    }
}
