package dev.tactus.bench;

import dev.tactus.app.cli.DefaultModel;
import dev.tactus.app.cli.KernelOptions;
import dev.tactus.bench.latency.LiveSetting;
import dev.tactus.engine.model.RandomModel;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model, how many sessions and what each of them does: for benches that run by the clock. */
final class LiveOptions {
    @Option(names = "--model", paramLabel = "DIR", description = DefaultModel.DESCRIPTION)
    private Path model;

    @Option(names = "--params", paramLabel = "N", description = "Instead: a random model of about N parameters (25M).")
    private String params;

    @Option(names = "--threads", paramLabel = "N", description = "Threads that compute; all CPUs when 0.")
    private int threads;

    @Option(names = "--rows", paramLabel = "N", description = "Rows of a session in the prefill.")
    private int rows = 10;

    @Option(names = "--passes", paramLabel = "N", description = "Decode passes of a tick.")
    private int passes = 1;

    @Option(
            names = "--speaking",
            paramLabel = "SHARE",
            description = "Share of the sessions that speaks in every tick, 0 to 1.")
    private double speaking;

    @Mixin
    private final KernelOptions kernels = new KernelOptions();

    /** The model that is named, a random one, or that which comes with Tactus. */
    BenchModel open() {
        return params != null
                ? BenchModel.random(RandomModel.parameterCount(params))
                : BenchModel.of(DefaultModel.or(model));
    }

    /** The model as people name it. */
    String modelName() {
        return params != null ? "random" : DefaultModel.or(model).toString();
    }

    /** What sessions do. */
    LiveSetting setting() {
        if (speaking < 0 || speaking > 1) {
            throw new IllegalArgumentException("--speaking is " + speaking + ": expected 0 to 1");
        }
        return new LiveSetting(
                rows,
                passes,
                speaking,
                threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
                kernels.selection());
    }
}
