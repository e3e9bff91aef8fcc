package dev.tactus.bench;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.ByteSize;
import dev.tactus.app.doctor.CpuContention;
import dev.tactus.bench.kernels.KernelBench;
import dev.tactus.bench.kernels.KernelJson;
import dev.tactus.bench.kernels.KernelReport;
import dev.tactus.bench.kernels.KernelResults;
import dev.tactus.bench.kernels.KernelScenario;
import dev.tactus.bench.kernels.KernelShapes;
import dev.tactus.bench.kernels.KernelTarget;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.NativeKernels;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus bench kernels}: every important kernel alone, as a share of what the machine can do. */
@Command(
        name = "kernels",
        description = {
            "Measure kernels one by one, in turns: Java vector and C, every numeric class, 1 and all threads.",
            "The column \"of bound\" is the share of what bounds the op, measured in the same run by as many",
            "threads: a plain read of memory or a cache, or float32 fma, which a FAST product may exceed."
        },
        showDefaultValues = true)
public final class KernelsCommand implements Callable<Integer> {
    private static final long NS_PER_MS = 1_000_000;
    private static final double BUSY = 0.1;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--bytes",
            paramLabel = "SIZE",
            defaultValue = "1G",
            converter = ByteSize.class,
            description = "Weights that are streamed from memory.")
    private Long bytes;

    @Option(names = "--rounds", paramLabel = "N", description = "How often every line is measured.")
    private int rounds = 9;

    @Option(names = "--threads", paramLabel = "N", description = "Most threads; all CPUs when 0.")
    private int threads;

    @Option(
            names = "--isa",
            split = ",",
            paramLabel = "SET",
            showDefaultValue = CommandLine.Help.Visibility.NEVER,
            description = "Instruction sets of the C kernels: avx2, avx512, avx512-vnni, avx512-bf16, amx."
                    + " The best that the CPU has by default.")
    private List<String> isas = List.of();

    @Option(
            names = "--only",
            paramLabel = "REGEX",
            showDefaultValue = CommandLine.Help.Visibility.NEVER,
            description = "Lines whose op, shape, class or kernels match.")
    private Pattern only = Pattern.compile("");

    @Option(names = "--warm-up", paramLabel = "MS", description = "Time for the JVM to compile a Java kernel.")
    private long warmUpMs = 500;

    @Option(names = "--sample", paramLabel = "MS", description = "Least time of a measurement.")
    private long sampleMs = 3;

    @Option(names = "--tiny", description = "Shapes too small for figures, to see that the bench runs.")
    private boolean tiny;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the results there, too.")
    private Path json;

    /** Measures, prints one table and which targets were reached. */
    @Override
    public Integer call() throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        final ProgressLine line = new ProgressLine(spec.commandLine().getErr());
        final CpuContention contention = CpuContention.start();
        final KernelResults results = KernelBench.run(
                scenario(),
                Thread.ofPlatform().daemon().factory(),
                (phase, done, of) ->
                        line.show(phase.name().toLowerCase(Locale.ROOT).replace('_', ' '), done, of));
        final CpuContention.Shares shares = contention.shares();
        line.end();
        out.println("machine  " + Machine.line());
        out.println("run      " + run(shares));
        final NativeKernels library = NativeKernels.load();
        if (!library.isAvailable()) {
            out.println("note     no C kernels, and no bounds: " + String.join("; ", library.reasons()));
        }
        if (shares.others() > BUSY) {
            out.println("note     other processes were busy: lines of several threads say little");
        }
        out.println();
        out.print(KernelReport.table(results));
        printTargets(out, results);
        out.flush();
        if (json != null) {
            Files.write(json, KernelJson.write(fields(shares), results));
        }
        return 0;
    }

    private void printTargets(final PrintWriter out, final KernelResults results) {
        if (tiny) {
            return;
        }
        out.println();
        for (final KernelTarget target : KernelTarget.values()) {
            target.verdict(results).ifPresent(verdict -> out.println("target   " + verdict));
        }
    }

    private KernelScenario scenario() {
        return new KernelScenario(
                bytes,
                rounds,
                threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
                instructionSets(),
                only,
                tiny ? KernelShapes.TINY : KernelShapes.FULL,
                warmUpMs * NS_PER_MS,
                sampleMs * NS_PER_MS);
    }

    private List<Isa> instructionSets() {
        final List<Isa> chosen = new ArrayList<>();
        for (final String label : isas) {
            final Isa isa = Isa.of(label);
            if (isa == null) {
                throw BadInputException.of(
                        "--isa",
                        label,
                        Arrays.stream(Isa.values()).map(Isa::label).collect(Collectors.joining(", ")));
            }
            chosen.add(isa);
        }
        final NativeKernels library = NativeKernels.load();
        return chosen.isEmpty() && library.isAvailable() ? List.of(library.detected()) : chosen;
    }

    private String run(final CpuContention.Shares shares) {
        return String.format(
                Locale.ROOT,
                "%d rounds, CPU steal %s, other processes %s",
                rounds,
                percent(shares.steal()),
                percent(shares.others()));
    }

    private static String percent(final double share) {
        return Double.isNaN(share) ? "unknown" : String.format(Locale.ROOT, "%.0f %%", 100 * share);
    }

    private static Map<String, Object> fields(final CpuContention.Shares shares) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("bench", "kernels");
        fields.put("machine", Machine.line());
        fields.put("cpu_steal", Double.isNaN(shares.steal()) ? null : shares.steal());
        fields.put("cpu_others", Double.isNaN(shares.others()) ? null : shares.others());
        return fields;
    }
}
