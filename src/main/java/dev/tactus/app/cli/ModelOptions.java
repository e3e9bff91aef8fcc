package dev.tactus.app.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The model of a command's sessions, and what may stand beside it. */
public final class ModelOptions {
    @Option(names = "--model", paramLabel = "DIR", description = DefaultModel.DESCRIPTION)
    private Path model;

    @Option(
            names = "--adapter",
            paramLabel = "DIR",
            description = "A LoRA adapter of the model, as PEFT writes it, for all sessions.")
    private Path adapter;

    @Option(
            names = "--interaction",
            paramLabel = "FILE|default",
            description = "The turn grammar, for a model whose config.json has no interaction_config.")
    private String interaction;

    /**
     * The folder of the model: the one that is named, or that which comes with Tactus.
     *
     * @throws BadInputException in one line when there is neither
     */
    public Path folder() {
        return DefaultModel.or(model);
    }

    /** The folder of the adapter; null for none. */
    public Path adapter() {
        return adapter;
    }

    /** A file or {@code default}; null for the model's own. */
    public String interaction() {
        return interaction;
    }
}
