package dev.tactus.bench.gpu;

import dev.tactus.bench.BenchModel;
import dev.tactus.cuda.CudaDriver;
import dev.tactus.engine.model.RandomModel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.CloseHelper;

/** Runs a {@link GpuScenario} on the first GPU of this machine. One thread, which owns the GPU meanwhile. */
public final class GpuBench {
    private final GpuScenario scenario;
    private final Map<String, BenchModel> models;
    private final Progress progress;
    private final List<String> problems = new ArrayList<>();

    /** Told what begins. */
    public interface Progress {
        /** Called before every step. */
        void onStep(String what);
    }

    private GpuBench(final GpuScenario scenario, final Map<String, BenchModel> models, final Progress progress) {
        this.scenario = scenario;
        this.models = new LinkedHashMap<>(models);
        this.progress = progress;
    }

    /**
     * Measures.
     *
     * @param models those that are there, by the parameters that a case names; others are made, and deleted in the end
     * @throws dev.tactus.cuda.CudaUnavailableException when there is no GPU, with every reason
     */
    public static GpuResults run(
            final GpuScenario scenario, final Map<String, BenchModel> models, final Progress progress) {
        final GpuBench bench = new GpuBench(scenario, models, progress);
        try {
            return bench.run();
        } finally {
            bench.models.values().removeAll(models.values());
            CloseHelper.closeAll(bench.models.values());
        }
    }

    private GpuResults run() {
        final CudaDriver driver = CudaDriver.load();
        final List<GpuLine> lines = new ArrayList<>();
        final List<GraphLatency> latencies = new ArrayList<>();
        final List<BitCheck> bits = new ArrayList<>();
        final List<TickRun> ticks = new ArrayList<>();
        attempt("products", () -> products(lines));
        attempt("other kernels", () -> kernels(lines));
        attempt("graphs", () -> graphs(latencies));
        attempt(
                "bits",
                () -> bits.add(BitCheck.of(
                        model(scenario.checked()).load(),
                        scenario.checkedPositions(),
                        Runtime.getRuntime().availableProcessors())));
        attempt(
                "ticks",
                () -> ticks.addAll(new TickRuns(scenario, this::model, GpuResults.nodeNs(latencies), progress).all()));
        return new GpuResults(
                driver.device(0).name(),
                driver.versionText(),
                GpuDevice.isSoft(driver),
                lines,
                latencies,
                bits.stream().findFirst(),
                ticks,
                problems);
    }

    /** What fails is told, and the rest is tried: a machine with a GPU is seldom at hand. */
    private void attempt(final String what, final Runnable work) {
        progress.onStep(what);
        try {
            work.run();
        } catch (final RuntimeException ex) {
            problems.add(what + ": " + ex);
        }
    }

    /** Each group has a device of its own, whose buffers go with it. */
    private void products(final List<GpuLine> lines) {
        try (GpuDevice device = new GpuDevice();
                GpuTimer timer = new GpuTimer(device, scenario)) {
            final ProductCases products = new ProductCases(device, scenario);
            timer.warmUp(products.copy());
            lines.add(timer.run(products.copy()));
            products.products().forEach(c -> lines.add(timer.run(c)));
        }
    }

    private void kernels(final List<GpuLine> lines) {
        try (GpuDevice device = new GpuDevice();
                GpuTimer timer = new GpuTimer(device, scenario)) {
            new AttentionCases(device, scenario).all().forEach(c -> lines.add(timer.run(c)));
            for (final int sessions : scenario.sizes().sessions()) {
                new HeadCases(device, scenario.sizes(), sessions).all().forEach(c -> lines.add(timer.run(c)));
                lines.add(timer.run(MelCases.of(device, sessions)));
            }
        }
    }

    private void graphs(final List<GraphLatency> latencies) {
        try (GpuDevice device = new GpuDevice()) {
            for (final int nodes : new int[] {1, GraphLatency.MANY}) {
                latencies.add(GraphLatency.measure(device, nodes, scenario.launches()));
            }
        }
    }

    private BenchModel model(final String parameters) {
        return models.computeIfAbsent(parameters, missing -> BenchModel.random(RandomModel.parameterCount(missing)));
    }
}
