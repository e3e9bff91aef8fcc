package dev.tactus.app;

import dev.tactus.app.cli.OutputPath;
import dev.tactus.app.model.SizeTable;
import dev.tactus.engine.model.RandomModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus model random}: a checkpoint with random weights, to try and to measure with. */
@Command(
        name = "random",
        description = "Write a model with random weights, which hears, sees and has an interaction_config, and print"
                + " its exact table of sizes. It has learned nothing: it is for trying the engine and for benches.")
public final class RandomCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--params",
            paramLabel = "N",
            required = true,
            description = "Parameters, as 25M or 1.5B: 1M to 2B, met within 8 percent.")
    private String parameters;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "A new or an empty folder.")
    private Path out;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Of the weights; the same seed gives the same bytes. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--experts", description = "All but the first two layers are mixtures of 8 experts.")
    private boolean experts;

    @Option(names = "--voice", description = "With a head that speaks: audio_out in the configuration, and tensors.")
    private boolean voice;

    /** Writes the model and prints its table. */
    @Override
    public Integer call() throws IOException {
        final long count = RandomModel.parameterCount(parameters);
        OutputPath.requireDirectory("--out", out);
        final RandomModel.Summary summary = RandomModel.write(out, count, seed, experts, voice);
        final PrintWriter screen = spec.commandLine().getOut();
        SizeTable.ofRandom(summary).forEach(screen::println);
        screen.flush();
        return Main.EXIT_OK;
    }
}
