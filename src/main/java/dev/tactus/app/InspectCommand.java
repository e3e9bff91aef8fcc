package dev.tactus.app;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.model.ModelReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tactus model inspect}: what a checkpoint holds, needs and lacks. */
@Command(
        name = "inspect",
        description = "Say what a model holds, what a session of it keeps, what an engine needs, and what is missing.")
public final class InspectCommand implements Callable<Integer> {
    private static final int MOST_SESSIONS = 4096;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "The model: a folder with config.json and weights.")
    private Path model;

    @Option(
            names = "--interaction",
            paramLabel = "FILE|default",
            description = "The turn grammar. Default: the model's own, or default when it has none.")
    private String interaction;

    @Option(
            names = "--sessions",
            paramLabel = "N",
            defaultValue = "1",
            description = "Sessions at a time, for the memory of an engine. Default: ${DEFAULT-VALUE}.")
    private int sessions;

    /** Prints the report. */
    @Override
    public Integer call() {
        VectorModule.load();
        if (sessions < 1 || sessions > MOST_SESSIONS) {
            throw BadInputException.of("--sessions", sessions, "1 to " + MOST_SESSIONS);
        }
        final PrintWriter out = spec.commandLine().getOut();
        ModelReport.lines(model, interaction, sessions).forEach(out::println);
        out.flush();
        return Main.EXIT_OK;
    }
}
