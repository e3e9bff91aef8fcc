package dev.tactus.app;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.ComputeOptions;
import dev.tactus.app.cli.OutputPath;
import dev.tactus.app.model.LogitsJob;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus logits}: the logits of every position of a given sequence. */
@Command(
        name = "logits",
        sortOptions = false,
        description = "Run a given sequence of ids, audio bins and pixels through a model and write the logits of every"
                + " position.",
        footer = {
            "",
            "F.safetensors of --inputs holds input_ids [T] I32 or I64, and, where the ids have placeholders for them,",
            "audio_bins [A, mels] I32 and pixels [P, 2, patch, patch, 3] F32, already normalised, in order.",
            "The output holds logits [T, unpadded vocabulary] F32. Nothing is evicted."
        })
public final class LogitsCommand implements Callable<Integer> {
    private static final int MOST_ROWS = 4096;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ComputeOptions compute;

    @Option(names = "--model", paramLabel = "DIR", required = true, description = "The model.")
    private Path model;

    @Option(names = "--adapter", paramLabel = "DIR", description = "A LoRA adapter of the model, as PEFT writes it.")
    private Path adapter;

    @Option(names = "--inputs", paramLabel = "F.safetensors", required = true, description = "The sequence.")
    private Path inputs;

    @Option(names = "--out", paramLabel = "F.safetensors", required = true, description = "Where the logits go.")
    private Path out;

    @Option(
            names = "--rows",
            paramLabel = "N",
            defaultValue = "64",
            description =
                    "Most positions per pass, 1 to 4096. Default: ${DEFAULT-VALUE}. The bits do not depend on" + " it.")
    private int rows;

    /** Runs, and prints one line. */
    @Override
    public Integer call() throws IOException {
        VectorModule.load();
        if (rows < 1 || rows > MOST_ROWS) {
            throw BadInputException.of("--rows", rows, "1 to " + MOST_ROWS);
        }
        OutputPath.requireFile("--out", out);
        final LogitsJob job = new LogitsJob(model, adapter, inputs, out, rows, compute.threads(), compute.kernels());
        spec.commandLine().getOut().println(job.run());
        return Main.EXIT_OK;
    }
}
