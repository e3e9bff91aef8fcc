package dev.tactus.bench;

import dev.tactus.app.VectorModule;
import dev.tactus.app.Version;
import dev.tactus.app.cli.Failures;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The {@code tactus bench} command.
 *
 * <p>Exit codes are those of {@link dev.tactus.app.Main}: 0 when the bench ran, however fast; 1 when it could not, or
 * found wrong results; 2 when the line made no sense.
 */
@Command(
        name = "tactus bench",
        description = "Measures tactus on this machine.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        scope = ScopeType.INHERIT,
        exitCodeOnInvalidInput = dev.tactus.app.Main.EXIT_USAGE,
        exitCodeOnExecutionException = dev.tactus.app.Main.EXIT_FAILED,
        subcommands = {
            TickCommand.class,
            KernelsCommand.class,
            GpuCommand.class,
            TrainCommand.class,
            StartupCommand.class,
            ElementaryCommand.class,
            MicroCommand.class,
            PhasesCommand.class,
            StopCommand.class,
            SoakCommand.class,
            OverloadCommand.class,
            StressCommand.class,
            ReportCommand.class
        })
public final class Main implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--debug", description = "Show the stack trace of an error.", scope = ScopeType.INHERIT)
    private boolean debug;

    /** Runs the command line and ends the JVM with its exit code. */
    public static void main(final String[] args) {
        VectorModule.load();
        System.exit(commandLine().execute(args));
    }

    /** The whole command line with its error handling, as {@link #main} and the tests run it. */
    public static CommandLine commandLine() {
        final Main main = new Main();
        return new CommandLine(main)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpWidth(100)
                .setParameterExceptionHandler(Main::onUsageError)
                .setExecutionExceptionHandler((ex, line, parsed) -> main.onFailure(ex, line));
    }

    /** Without a subcommand there is nothing to run: shows what there is. */
    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    private static int onUsageError(final CommandLine.ParameterException ex, final String[] args) {
        final CommandLine line = ex.getCommandLine();
        final String name = line.getCommandSpec().qualifiedName();
        line.getErr().println(name + ": " + ex.getMessage() + " (see " + name + " --help)");
        line.getErr().flush();
        return dev.tactus.app.Main.EXIT_USAGE;
    }

    private int onFailure(final Exception ex, final CommandLine line) {
        final PrintWriter err = line.getErr();
        if (debug) {
            ex.printStackTrace(err);
        } else {
            final boolean expected = Failures.isBadInput(ex) || ex instanceof IllegalArgumentException;
            final String message = ex.getMessage() == null ? ex.toString() : ex.getMessage();
            final String name = line.getCommandSpec().qualifiedName();
            err.println(name + ": " + message + (expected ? "" : " (--debug shows where)"));
        }
        err.flush();
        return dev.tactus.app.Main.EXIT_FAILED;
    }
}
