package dev.tactus.bench;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.bench.gpu.GpuBench;
import dev.tactus.bench.gpu.GpuJson;
import dev.tactus.bench.gpu.GpuReport;
import dev.tactus.bench.gpu.GpuResults;
import dev.tactus.bench.gpu.GpuScenario;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.agrona.CloseHelper;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tactus bench gpu}: kernels, launches and ticks of the GPU of this machine. */
@Command(
        name = "gpu",
        description = {
            "Measure the GPU: kernels beside a copy, launches of graphs, ticks of random models, and the targets.",
            "bench/gpu/run.sh runs it with everything else that a machine with a GPU can be asked."
        },
        showDefaultValues = true)
public final class GpuCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--quick", description = "What the targets are about, and little else.")
    private boolean quick;

    @Option(names = "--tiny", description = "Sizes too small for figures, to see that the bench runs.")
    private boolean tiny;

    @Option(
            names = "--model",
            paramLabel = "PARAMS=DIR",
            description = "A random model that is there: 1B=DIR. Others are made, which takes a while.")
    private Map<String, Path> directories = Map.of();

    @Option(names = "--commit", paramLabel = "ID", description = "The commit that is measured, for the results.")
    private String commit = "";

    @Option(
            names = {"--out", "--json"},
            paramLabel = "FILE",
            description = "Write the results there, too.")
    private Path json;

    /** Measures, prints tables and which targets were met. */
    @Override
    public Integer call() throws IOException {
        if (quick && tiny) {
            throw new BadInputException("--quick and --tiny: expected one of them");
        }
        final PrintWriter out = spec.commandLine().getOut();
        final PrintWriter err = spec.commandLine().getErr();
        final Map<String, BenchModel> models = new LinkedHashMap<>();
        directories.forEach((parameters, directory) -> models.put(parameters, BenchModel.of(directory)));
        final GpuResults results;
        try {
            final GpuScenario scenario = tiny ? GpuScenario.TINY : quick ? GpuScenario.QUICK : GpuScenario.FULL;
            results = GpuBench.run(scenario, models, what -> {
                err.println(what);
                err.flush();
            });
        } finally {
            CloseHelper.closeAll(models.values());
        }
        out.println("gpu      " + results.device() + ", driver of CUDA " + results.driver()
                + (results.soft() ? " (softcuda: no times)" : ""));
        out.println("machine  " + Machine.line());
        out.println();
        out.print(GpuReport.of(results));
        out.flush();
        if (json != null) {
            final Map<String, Object> head = Machine.head("gpu", spec);
            if (!commit.isEmpty()) {
                head.put("commit", commit);
            }
            Files.write(json, GpuJson.write(head, results));
        }
        return results.isGood() ? 0 : 1;
    }
}
