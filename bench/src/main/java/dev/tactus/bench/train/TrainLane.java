package dev.tactus.bench.train;

import dev.tactus.engine.tuning.BlockSplit;
import dev.tactus.engine.tuning.Crew;
import dev.tactus.engine.tuning.CrossEntropyLoss;
import dev.tactus.engine.tuning.LearningRate;
import dev.tactus.engine.tuning.LossTerm;
import dev.tactus.engine.tuning.LossTotals;
import dev.tactus.engine.tuning.TokenLoss;
import dev.tactus.engine.tuning.TrainingLimits;
import dev.tactus.engine.tuning.TrainingPass;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.c.NativeKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadFactory;

/** Training by one number of threads: its crew, its pass, its peaks, its measurements. Used by one thread. */
final class TrainLane implements AutoCloseable {
    private static final LearningRate RATE = LearningRate.constant(1e-3, 1);
    private static final TokenLoss LOSS = new CrossEntropyLoss();

    private final TrainScenario scenario;
    private final TrainModel model;
    private final TrainBatch batch;
    private final FreezableArena arena = new FreezableArena(new MemoryLedger());
    private final Crew crew;
    private final TrainingPass pass;
    private final TrainPeaks peaks;
    private final LossTerm[] terms;
    private final LossTotals totals = new LossTotals();
    private final Map<TrainStage, List<Double>> stageNs = new EnumMap<>(TrainStage.class);
    private final List<Double> fma = new ArrayList<>();
    private final List<Double> gemm = new ArrayList<>();
    private double firstLoss = Double.NaN;
    private double lastLoss = Double.NaN;

    /**
     * A lane.
     *
     * @param kernels of the EXACT class
     * @param factory makes the threads other than the caller's
     */
    TrainLane(
            final TrainScenario scenario,
            final TrainModel model,
            final TrainBatch batch,
            final KernelSet kernels,
            final int threads,
            final ThreadFactory factory) {
        this.scenario = scenario;
        this.model = model;
        this.batch = batch;
        crew = new Crew(threads, factory);
        final int all = scenario.batch();
        final TrainingLimits limits =
                new TrainingLimits(scenario.sequences(), all, scenario.positions(), all, 0, 0, Integer.MAX_VALUE, 0);
        pass = new TrainingPass(model.parameters(), kernels, crew, limits, arena);
        arena.freeze();
        final NativeKernels library = NativeKernels.load();
        peaks = library.isAvailable() ? new TrainPeaks(library.detected(), crew, scenario.sampleNs()) : null;
        terms = new LossTerm[all];
        for (final TrainStage stage : TrainStage.values()) {
            stageNs.put(stage, new ArrayList<>());
        }
    }

    /** A step that does not count. */
    void warmUp() {
        step();
    }

    /** A step between two measurements of the peaks, since every share hangs on them. */
    void measure() {
        measurePeaks();
        final long startNs = System.nanoTime();
        final long[] ends = step();
        long fromNs = startNs;
        for (int i = 0; i < ends.length; i++) {
            stageNs.get(TrainStage.values()[i]).add((double) (ends[i] - fromNs));
            fromNs = ends[i];
        }
        stageNs.get(TrainStage.STEP).add((double) (fromNs - startNs));
        measurePeaks();
    }

    private void measurePeaks() {
        if (peaks != null) {
            fma.add(peaks.fma());
            gemm.add(peaks.gemm());
        }
    }

    /** When each stage ended. */
    private long[] step() {
        final long[] ends = new long[TrainStage.STEP.ordinal()];
        pass.forward(batch.examples());
        ends[TrainStage.FORWARD.ordinal()] = System.nanoTime();
        lastLoss = loss();
        ends[TrainStage.LOSS.ordinal()] = System.nanoTime();
        pass.backward();
        ends[TrainStage.BACKWARD.ordinal()] = System.nanoTime();
        model.optimiser().step(RATE.at(model.optimiser().steps()), terms.length, this::split);
        model.parameters().zeroGradients();
        ends[TrainStage.OPTIMISER.ordinal()] = System.nanoTime();
        if (Double.isNaN(firstLoss)) {
            firstLoss = lastLoss;
        }
        return ends;
    }

    /** The sum of the rows' gradients goes backward; the optimiser divides. */
    private double loss() {
        final int vocabulary = pass.vocabulary();
        crew.forEach(terms.length, (worker, row) -> {
            final long offset = (long) row * vocabulary * Float.BYTES;
            terms[row] = LOSS.evaluate(
                    batch.targets()[row], pass.logits() + offset, vocabulary, 1f, pass.logitGradients() + offset);
        });
        totals.clear();
        for (int row = 0; row < terms.length; row++) {
            totals.add(terms[row], batch.targets()[row].weight());
        }
        return totals.loss() / totals.weight();
    }

    /** Equal ranges of blocks, as a {@link BlockSplit} over the crew. */
    private void split(final int blocks, final BlockSplit.Work work) {
        final long workers = crew.workers();
        crew.together(
                worker -> work.run((int) (blocks * (long) worker / workers), (int) (blocks * (worker + 1L) / workers)));
    }

    TrainResult result() {
        final Map<TrainStage, Spread> spreads = new EnumMap<>(TrainStage.class);
        stageNs.forEach((stage, ns) -> spreads.put(stage, Spread.of(ns)));
        final TrainMemory memory = new TrainMemory(
                model.parameters().count(),
                model.stateBytes(),
                arena.bytes(MemoryTag.ACTIVATION),
                arena.bytes() - arena.bytes(MemoryTag.ACTIVATION),
                scenario.batch());
        return new TrainResult(
                crew.workers(),
                scenario.batch(),
                TrainCost.of(model.config().text(), scenario.sequences(), scenario.positions()),
                spreads,
                Spread.of(fma),
                Spread.of(gemm),
                memory,
                firstLoss,
                lastLoss);
    }

    /** Threads first, since they read the memory. */
    @Override
    public void close() {
        crew.close();
        if (peaks != null) {
            peaks.close();
        }
        arena.close();
    }
}
