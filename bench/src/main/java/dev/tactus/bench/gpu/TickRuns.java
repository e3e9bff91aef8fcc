package dev.tactus.bench.gpu;

import dev.tactus.bench.BenchModel;
import dev.tactus.bench.latency.TickBench;
import dev.tactus.bench.latency.TickResult;
import dev.tactus.bench.latency.TickScenario;
import dev.tactus.cuda.CudaContext;
import dev.tactus.cuda.CudaDriver;
import dev.tactus.engine.DeviceChoice;
import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.KernelSelection;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Ticks of an engine on the GPU, run after run. */
final class TickRuns {
    private static final long SECOND_NS = 1_000_000_000L;
    static final String TIME_WAS_UP = "time was up";

    private static final int IDLE_TICKS = 20;

    private final GpuScenario scenario;
    private final Models models;
    private final double nodeNs;
    private final GpuBench.Progress progress;
    private final long untilNs;

    /** Where models come from. */
    interface Models {
        /** The random model of so many parameters; its owner keeps it. */
        BenchModel of(String parameters);
    }

    TickRuns(final GpuScenario scenario, final Models models, final double nodeNs, final GpuBench.Progress progress) {
        this.scenario = scenario;
        this.models = models;
        this.nodeNs = nodeNs;
        this.progress = progress;
        this.untilNs = System.nanoTime() + scenario.ticksNs();
    }

    /** Runs all, as far as time goes. A run that fails says so and does not end the others. */
    List<TickRun> all() {
        // engines come and go; the events of the trace live in the primary context, which this keeps
        try (CudaContext context = CudaDriver.load().device(0).openContext()) {
            return all(context);
        }
    }

    private List<TickRun> all(final CudaContext context) {
        final List<TickRun> runs = new ArrayList<>();
        for (final TickCase wanted : scenario.ticks()) {
            if (!runs.isEmpty() && System.nanoTime() - untilNs >= 0) {
                runs.add(new TickRun(wanted, Optional.empty(), Optional.empty(), TIME_WAS_UP));
                continue;
            }
            progress.onStep(String.format(
                    "ticks: %s, %s, %d sessions",
                    wanted.parameters(), wanted.numerics().label(), wanted.sessions()));
            try {
                runs.add(run(wanted, context));
            } catch (final RuntimeException ex) {
                runs.add(new TickRun(wanted, Optional.empty(), Optional.empty(), ex.toString()));
            }
        }
        return runs;
    }

    private TickRun run(final TickCase wanted, final CudaContext context) {
        final TickResult result = measure(wanted, wanted.ticks());
        final Optional<TickIdle> idle = GraphTrace.find().map(trace -> {
            final int ticks = Math.min(IDLE_TICKS, wanted.ticks());
            trace.start();
            measure(wanted, ticks);
            context.synchronize();
            return TickIdle.of(trace.stop(), ticks, nodeNs);
        });
        return new TickRun(wanted, Optional.of(result), idle, "");
    }

    private TickResult measure(final TickCase wanted, final int ticks) {
        final BenchModel model = models.of(wanted.parameters());
        final KernelSelection selection =
                new KernelSelection(DeviceChoice.CUDA, KernelChoice.AUTO, null, wanted.numerics(), false);
        return TickBench.run(
                model.load(),
                model.interaction(),
                new TickScenario(
                        wanted.sessions(),
                        0,
                        1,
                        wanted.rows(),
                        wanted.passes(),
                        wanted.context(),
                        ticks,
                        scenario.settleNs(),
                        selection,
                        SECOND_NS),
                (phase, done, of) -> {});
    }
}
