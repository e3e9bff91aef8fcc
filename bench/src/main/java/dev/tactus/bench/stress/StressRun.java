package dev.tactus.bench.stress;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openjdk.jcstress.infra.collectors.DiskReadCollector;
import org.openjdk.jcstress.infra.collectors.InProcessCollector;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.grading.ReportUtils;
import org.openjdk.jcstress.infra.runners.TestList;

/**
 * Runs jcstress in a process of its own, since it writes its files where it stands, and reads what it found. Tests on a
 * whole engine are run apart from the others, a few states at a time.
 */
public final class StressRun {
    /** Options that every JVM needs which loads the engine. */
    private static final String JVM_ARGS = "--enable-native-access=ALL-UNNAMED"
            + " --add-exports=java.base/jdk.internal.misc=ALL-UNNAMED"
            + " --add-modules=jdk.incubator.vector";

    /** States between two meetings of the actors, and meetings until states are made anew: on whole engines. */
    private static final List<String> FEW_STATES = List.of("-strideSize", "4", "-strideCount", "4");

    private static final String RESULTS = ".bin.gz";

    private final Path folder;
    private final Mode mode;
    private final Pattern chosen;
    private final List<String> arguments;

    /** How thorough jcstress is. */
    public enum Mode {
        /** Every test once per compiler: does it run at all. */
        SANITY,
        /** A second per test and compiler. */
        QUICK,
        /** Five seconds per test and compiler, and more under the compilers' own stress options. */
        DEFAULT
    }

    /**
     * A run that was not started.
     *
     * @param folder where results go; it is there and empty
     * @param chosen what is found in the names of the tests to run
     * @param arguments of jcstress, after those that are chosen here
     */
    public StressRun(final Path folder, final Mode mode, final Pattern chosen, final List<String> arguments) {
        this.folder = folder.toAbsolutePath();
        this.mode = mode;
        this.chosen = chosen;
        this.arguments = List.copyOf(arguments);
    }

    /**
     * Runs the tests, for minutes.
     *
     * @param told of each part that starts
     * @return a result per test, by name
     * @throws IllegalArgumentException when no test has such a name
     * @throws IllegalStateException when jcstress broke down, naming what it printed
     */
    public List<StressResult> run(final Consumer<String> told) throws IOException, InterruptedException {
        final List<String> tests =
                TestList.tests().stream().filter(chosen.asPredicate()).sorted().toList();
        if (tests.isEmpty()) {
            throw new IllegalArgumentException("no stress test has \"" + chosen + "\" in its name: there are "
                    + TestList.tests().stream()
                            .sorted()
                            .map(StressResult::shortName)
                            .toList());
        }
        final List<StressResult> results = new ArrayList<>();
        results.addAll(
                part("loops", tests.stream().filter(test -> !isEngine(test)).toList(), List.of(), told));
        results.addAll(
                part("engines", tests.stream().filter(StressRun::isEngine).toList(), FEW_STATES, told));
        return results;
    }

    private static boolean isEngine(final String test) {
        try {
            return EngineRound.class.isAssignableFrom(Class.forName(test));
        } catch (final ClassNotFoundException ex) {
            throw new IllegalStateException("the list of stress tests names " + test + ", which is not there", ex);
        }
    }

    private List<StressResult> part(
            final String name, final List<String> tests, final List<String> options, final Consumer<String> told)
            throws IOException, InterruptedException {
        if (tests.isEmpty()) {
            return List.of();
        }
        final Path place = Files.createDirectories(folder.resolve(name));
        final Path console = place.resolve("console.txt");
        told.accept(String.format("%s: %d test(s), see %s", name, tests.size(), console));
        final Process process = new ProcessBuilder(command(tests, mode == Mode.SANITY ? List.of() : options))
                .directory(place.toFile())
                .redirectErrorStream(true)
                .redirectOutput(console.toFile())
                .start();
        final Thread atExit = new Thread(() -> stop(process));
        Runtime.getRuntime().addShutdownHook(atExit);
        try {
            process.waitFor();
        } finally {
            stop(process);
        }
        Runtime.getRuntime().removeShutdownHook(atExit);
        return read(place, console, tests);
    }

    private static void stop(final Process process) {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
    }

    private List<String> command(final List<String> tests, final List<String> options) {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-cp");
        command.add(Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator)));
        command.add("org.openjdk.jcstress.Main");
        command.addAll(List.of("-m", mode.name().toLowerCase(Locale.ROOT)));
        command.addAll(List.of("-t", tests.stream().map(Pattern::quote).collect(Collectors.joining("|", "^(", ")$"))));
        command.addAll(List.of("-jvmArgsPrepend", JVM_ARGS));
        command.addAll(List.of("-r", "report"));
        command.addAll(options);
        command.addAll(arguments);
        return command;
    }

    private static List<StressResult> read(final Path place, final Path console, final List<String> tests)
            throws IOException {
        final InProcessCollector found = new InProcessCollector();
        try (Stream<Path> files = Files.list(place)) {
            for (final Path file :
                    files.filter(path -> path.toString().endsWith(RESULTS)).toList()) {
                final DiskReadCollector reader = new DiskReadCollector(file.toString(), found);
                reader.dump();
                reader.close();
            }
        } catch (final ClassNotFoundException ex) {
            throw new IllegalStateException("jcstress wrote results that it cannot read: " + place, ex);
        }
        if (found.getTestResults().isEmpty() && tests.stream().allMatch(StressResult::canRun)) {
            throw new IllegalStateException("jcstress found nothing: see what it printed in " + console);
        }
        final Collection<TestResult> merged = ReportUtils.mergedByName(found.getTestResults());
        return tests.stream()
                .map(test -> StressResult.of(
                        test,
                        merged.stream()
                                .filter(result -> result.getName().equals(test))
                                .findAny()))
                .toList();
    }
}
