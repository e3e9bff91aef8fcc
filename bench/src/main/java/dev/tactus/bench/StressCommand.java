package dev.tactus.bench;

import dev.tactus.bench.stress.StressResult;
import dev.tactus.bench.stress.StressRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.openjdk.jcstress.annotations.Expect;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tactus bench stress}: what two threads hand each other, under jcstress. */
@Command(
        name = "stress",
        description = {
            "Run the stress tests (jcstress): slot hand-over, ring records, session reuse, seals, speech slots.",
            "Exits with 1 when an outcome is forbidden.",
            "Arguments after -- go to jcstress as they are: -- -time 50 -iters 1"
        },
        showDefaultValues = true)
public final class StressCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--mode", paramLabel = "MODE", description = "How thorough: ${COMPLETION-CANDIDATES}.")
    private StressRun.Mode mode = StressRun.Mode.QUICK;

    @Option(names = "--test", paramLabel = "REGEX", description = "Tests with this in their names; all by default.")
    private Pattern test = Pattern.compile("");

    @Option(names = "--out", paramLabel = "DIR", description = "An empty or new folder for the reports.")
    private Path out;

    @Parameters(arity = "0..*", paramLabel = "ARGS", hidden = true)
    private List<String> arguments = List.of();

    /** Runs the tests and prints what came. */
    @Override
    public Integer call() throws IOException, InterruptedException {
        final PrintWriter to = spec.commandLine().getOut();
        final Path folder = out == null ? Files.createTempDirectory("tactus-stress") : empty(out);
        to.println("machine  " + Machine.line());
        final List<StressResult> results = new StressRun(folder, mode, test, arguments).run(line -> {
            to.println("running  " + line);
            to.flush();
        });
        to.printf("%n%-28s%14s  %s%n", "test", "rounds", "verdict");
        for (final StressResult result : results) {
            print(to, result);
        }
        to.printf("%nreports  %s%n", folder);
        to.flush();
        return results.stream().allMatch(StressResult::isGood) ? 0 : 1;
    }

    private static Path empty(final Path folder) throws IOException {
        Files.createDirectories(folder);
        try (Stream<Path> entries = Files.list(folder)) {
            if (entries.findAny().isPresent()) {
                throw new IllegalArgumentException("--out " + folder + " is not empty: name another folder");
            }
        }
        return folder;
    }

    private static void print(final PrintWriter to, final StressResult result) {
        final String verdict = result.verdict() == StressResult.Verdict.NOT_RUN
                ? "not run: it has more actors than there are processors"
                : result.verdict().name().toLowerCase(Locale.ROOT);
        to.printf(Locale.ROOT, "%-28s%,14d  %s%n", result.test(), result.rounds(), verdict);
        for (final StressResult.Outcome outcome : result.outcomes()) {
            if (outcome.expect() != Expect.ACCEPTABLE) {
                to.printf(
                        Locale.ROOT,
                        "    %-12s%,12d × %s: %s%n",
                        outcome.expect().name().toLowerCase(Locale.ROOT).replace("acceptable_", ""),
                        outcome.count(),
                        outcome.id(),
                        outcome.why());
            }
        }
    }
}
