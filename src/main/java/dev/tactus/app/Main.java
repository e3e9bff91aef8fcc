package dev.tactus.app;

import dev.tactus.app.cli.Failures;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code tactus} command: parses the line, runs one subcommand, turns a failure into one line and an exit code.
 *
 * <p>Exit codes: 0 when the command did what was asked, 1 when it could not, 2 when the line or a file it names made no
 * sense, 130 when Ctrl-C broke a run off.
 */
@Command(
        name = "tactus",
        description = "An engine for interaction models: it listens, watches, reads and answers every 200 ms.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        scope = ScopeType.INHERIT,
        exitCodeOnInvalidInput = Main.EXIT_USAGE,
        exitCodeOnExecutionException = Main.EXIT_FAILED,
        subcommands = {
            RunCommand.class,
            TrainCommand.class,
            EvalCommand.class,
            LogitsCommand.class,
            SimCommand.class,
            CapacityCommand.class,
            ModelCommand.class,
            DoctorCommand.class
        })
public final class Main implements Runnable {
    /** The command did what was asked. */
    public static final int EXIT_OK = 0;

    /** The command could not do what was asked; one line on standard error says why. */
    public static final int EXIT_FAILED = 1;

    /** The command line, or a file it names, made no sense; one line on standard error says what would. */
    public static final int EXIT_USAGE = 2;

    /** Ctrl-C broke a run off; its files are closed and whole. */
    public static final int EXIT_INTERRUPTED = 130;

    @Spec
    private CommandSpec spec;

    @Option(names = "--debug", description = "Show the stack trace of an error.", scope = ScopeType.INHERIT)
    private boolean debug;

    /** Runs the command line and ends the JVM with its exit code. */
    public static void main(final String[] args) {
        // the tokenizer's library logs through SLF4J, which complains on standard error when nobody listens
        System.setProperty("slf4j.internal.verbosity", "ERROR");
        // text of models is UTF-8, and an unset LANG must not turn it into question marks
        final PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        final PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        System.exit(commandLine().setOut(out).setErr(err).execute(args));
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
        line.getErr().println("tactus: " + oneLine(ex) + suggestion(ex) + " (see " + name + " --help)");
        line.getErr().flush();
        return EXIT_USAGE;
    }

    private static String suggestion(final CommandLine.ParameterException ex) {
        return ex instanceof UnmatchedArgumentException unmatched
                        && !unmatched.getSuggestions().isEmpty()
                ? ", did you mean " + String.join(" or ", unmatched.getSuggestions()) + "?"
                : "";
    }

    private int onFailure(final Exception ex, final CommandLine line) {
        final PrintWriter err = line.getErr();
        if (debug) {
            ex.printStackTrace(err);
        } else {
            err.println("tactus: " + oneLine(ex) + (isExpected(ex) ? "" : " (internal error: --debug shows where)"));
        }
        err.flush();
        return Failures.isBadInput(ex) ? EXIT_USAGE : EXIT_FAILED;
    }

    /** Whether the error is one that tells the user what to do, rather than a defect of ours. */
    private static boolean isExpected(final Exception ex) {
        return ex.getMessage() != null
                && !(ex instanceof NullPointerException)
                && !(ex instanceof IndexOutOfBoundsException)
                && !(ex instanceof ClassCastException);
    }

    private static String oneLine(final Exception ex) {
        final String message = ex.getMessage();
        final String text = isExpected(ex) && !message.isBlank() ? message : ex.toString();
        return text.strip().replaceAll("\\s*\\R\\s*", "; ");
    }
}
