package dev.tactus.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** {@code tactus bench micro}: the JMH benches, each in a JVM of its own with the options the engine needs. */
@Command(
        name = "micro",
        description = {
            "Run the JMH benches whose names match the regular expressions given; all of them without one.",
            "What else is given goes to JMH as it is: -wi 1 -i 3 -p rows=8, -l lists the benches."
        })
public final class MicroCommand implements Callable<Integer> {
    private static final String PACKAGE = "dev\\.tactus\\.bench\\.micro\\.";

    private static final String[] JVM_ARGS = {
        "--enable-native-access=ALL-UNNAMED",
        "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
        "--add-modules=jdk.incubator.vector",
        "-XX:+IgnoreUnrecognizedVMOptions",
        "-XX:+UseShenandoahGC",
        "-XX:ShenandoahGCMode=generational"
    };

    @Unmatched
    private List<String> arguments = new ArrayList<>();

    /** Runs JMH in one fork per bench. */
    @Override
    public Integer call() throws CommandLineOptionException, RunnerException {
        final CommandLineOptions given = new CommandLineOptions(arguments.toArray(String[]::new));
        final OptionsBuilder builder = new OptionsBuilder();
        builder.parent(given).jvmArgs(JVM_ARGS);
        if (given.getIncludes().isEmpty()) {
            builder.include(PACKAGE);
        }
        if (!given.getForkCount().hasValue()) {
            builder.forks(1);
        }
        final Options options = builder.build();
        if (given.shouldList()) {
            new Runner(options).list();
        } else {
            new Runner(options).run();
        }
        return 0;
    }
}
