package dev.tactus.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code tactus model}: looks at checkpoints and makes random ones. */
@Command(
        name = "model",
        description = "Look at a model, or make a random one.",
        subcommands = {InspectCommand.class, RandomCommand.class})
public final class ModelCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    /** Without a subcommand there is nothing to do: shows what there is. */
    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
