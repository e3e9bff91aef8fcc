package dev.tactus.bench.train;

import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Kernels;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.TextConfig;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.NumericClass;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import org.agrona.CloseHelper;

/**
 * Measures training steps: all numbers of threads take turns, round after round, each beside its own peaks, so that
 * what else happens on the machine meets all alike. They train one model, and each has a pass of its own.
 */
public final class TrainBench {
    /** What the bench is doing, in this order. */
    public enum Phase {
        /** Steps until the Java parts are compiled. */
        WARMING_UP,
        /** Measures. */
        MEASURING
    }

    /** Told how far the bench is. */
    public interface Progress {
        /** Called before each of {@code of} steps of a phase. */
        void onStep(Phase phase, long done, long of);
    }

    private TrainBench() {}

    /** Parameters of the text part of the model in {@code directory}, which is what the bench trains. */
    public static long textParameters(final Path directory) {
        return TrainModel.textParameters(ModelConfig.read(directory));
    }

    /**
     * Measures; the calling thread is one of those that compute.
     *
     * @param directory of a dense model, whose text part is trained
     * @param factory makes the other threads
     * @return a result per number of threads, rising
     * @throws dev.tactus.engine.model.InvalidModelException when there is no model in the directory
     * @throws IllegalArgumentException when it is a mixture of experts
     */
    public static List<TrainResult> run(
            final Path directory, final TrainScenario scenario, final ThreadFactory factory, final Progress progress) {
        final KernelSet kernels =
                Kernels.of(KernelChoice.AUTO, null, NumericClass.EXACT).set();
        final List<TrainLane> lanes = new ArrayList<>();
        try (TrainModel model = TrainModel.open(directory)) {
            final TextConfig text = model.config().text();
            TrainCost.of(text, 1, 1); // refuses experts before any time is spent
            final TrainBatch batch = TrainBatch.of(scenario.sequences(), scenario.positions(), text.unpaddedVocab());
            try {
                for (final int threads : scenario.threads()) {
                    lanes.add(new TrainLane(scenario, model, batch, kernels, threads, factory));
                }
                turns(lanes, scenario, progress);
                return lanes.stream().map(TrainLane::result).toList();
            } finally {
                CloseHelper.closeAll(lanes);
            }
        }
    }

    private static void turns(final List<TrainLane> lanes, final TrainScenario scenario, final Progress progress) {
        final long unmeasured = (long) scenario.warmUp() * lanes.size();
        for (long i = 0; i < unmeasured; i++) {
            progress.onStep(Phase.WARMING_UP, i, unmeasured);
            lanes.get((int) (i % lanes.size())).warmUp();
        }
        final long measured = (long) scenario.rounds() * lanes.size();
        for (long i = 0; i < measured; i++) {
            progress.onStep(Phase.MEASURING, i, measured);
            lanes.get((int) (i % lanes.size())).measure();
        }
    }
}
