package dev.tactus.bench;

import dev.tactus.kernel.ElementarySweep;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code tactus bench elementary}: the worst error of exp, log, … over all float32 inputs, and whether vectors agree.
 */
@Command(
        name = "elementary",
        description = "Sweep the elementary functions over all 2^32 float32 inputs: worst error, vector equality.",
        showDefaultValues = true)
public final class ElementaryCommand implements Callable<Integer> {
    /** Small enough that no thread is left alone with the slow inputs at the end. */
    private static final long INPUTS_PER_PART = 1 << 22;

    private static final long LOOK_MS = 50;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--function",
            split = ",",
            paramLabel = "F",
            description = "Which: ${COMPLETION-CANDIDATES}; all by default.")
    private List<ElementarySweep.Function> functions = List.of(ElementarySweep.Function.values());

    @Option(names = "--stride", paramLabel = "N", description = "Try every N-th input.")
    private int stride = 1;

    @Option(names = "--threads", paramLabel = "N", description = "Threads; all CPUs when 0.")
    private int threads;

    /** Sweeps one function after the other; exits with 1 when a vector result has other bits than the scalar one. */
    @Override
    public Integer call() throws InterruptedException {
        final PrintWriter out = spec.commandLine().getOut();
        if (stride < 1) {
            throw new IllegalArgumentException("--stride is " + stride + ": expected 1 or more");
        }
        final int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        long mismatches = 0;
        out.println("machine  " + Machine.line());
        out.printf("%n%-9s%16s%12s%18s%12s%n", "function", "inputs", "worst ulp", "at", "vector");
        out.flush();
        try (ExecutorService executor = Executors.newFixedThreadPool(count)) {
            for (final ElementarySweep.Function function : functions) {
                final ElementarySweep.Result result = sweep(function, executor, count);
                print(out, result);
                mismatches += result.vectorMismatches();
            }
        }
        return mismatches == 0 ? 0 : 1;
    }

    private ElementarySweep.Result sweep(
            final ElementarySweep.Function function, final ExecutorService executor, final int count)
            throws InterruptedException {
        final long inputs = (ElementarySweep.ALL_INPUTS + stride - 1) / stride;
        final int parts = count + (int) (inputs / INPUTS_PER_PART);
        final AtomicLong done = new AtomicLong();
        final CompletableFuture<ElementarySweep.Result> result = CompletableFuture.supplyAsync(
                () -> ElementarySweep.run(function, stride, executor, parts, done::addAndGet),
                body -> Thread.ofPlatform().daemon().start(body));
        final ProgressLine line = new ProgressLine(spec.commandLine().getErr());
        while (!result.isDone()) {
            line.show(function.name().toLowerCase(Locale.ROOT), done.get(), inputs);
            Thread.sleep(LOOK_MS);
        }
        line.end();
        return result.join();
    }

    private static void print(final PrintWriter out, final ElementarySweep.Result result) {
        final String vector = !result.function().hasVector()
                ? "-"
                : result.vectorMismatches() == 0
                        ? "same bits"
                        : String.format(
                                "%,d differ, first 0x%08x", result.vectorMismatches(), result.mismatchInputBits());
        out.printf(
                Locale.ROOT,
                "%-9s%,16d%12.4f%18s%12s%n",
                result.function().name().toLowerCase(Locale.ROOT),
                result.inputs(),
                result.worstUlp(),
                Float.toString(result.worstInput()),
                vector);
        out.flush();
    }
}
