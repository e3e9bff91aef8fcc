package dev.tactus.bench.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is said of a target follows from the line of most threads. */
class TrainTargetTest {
    private static final double SECOND_NS = 1e9;

    /** A step of 3,000 positions and 30 GFLOP that lasts a second; a parameter has {@code bytes} bytes. */
    private static TrainResult result(final int threads, final double gemm, final long bytes, final int positions) {
        final Map<TrainStage, Spread> ns = new EnumMap<>(TrainStage.class);
        for (final TrainStage stage : TrainStage.values()) {
            ns.put(stage, Spread.of(List.of(SECOND_NS)));
        }
        final Spread peak = Spread.of(Double.isNaN(gemm) ? List.of() : List.of(gemm));
        final TrainMemory memory = new TrainMemory(1000, bytes * 1000, 1, 1, positions);
        return new TrainResult(threads, positions, new TrainCost(9e9, 1e9), ns, peak, peak, memory, 1, 1);
    }

    @Test
    void shouldJudgeTheMostThreads() {
        final List<TrainResult> results = List.of(result(2, 100, 20, 1000), result(4, 60, 16, 3000));
        assertEquals(
                Optional.of("step ≥ 0.35 of the f32 GEMM peak: reached, 0.50 (4 threads)"),
                TrainTarget.GEMM_SHARE.verdict(results));
        assertEquals(
                Optional.of("step ≥ 2,000 positions/s: reached, 3,000 (4 threads)"),
                TrainTarget.SPEED.verdict(results));
        assertEquals(
                Optional.of("memory ≤ 16 bytes per parameter, plus activations: reached, 16.00 (4 threads)"),
                TrainTarget.MEMORY.verdict(results));
    }

    @Test
    void shouldSayWhatWasMissed() {
        final List<TrainResult> results = List.of(result(1, 100, 17, 1999));
        assertEquals(
                Optional.of("step ≥ 0.35 of the f32 GEMM peak: missed, 0.30 (1 thread)"),
                TrainTarget.GEMM_SHARE.verdict(results));
        assertEquals(
                Optional.of("step ≥ 2,000 positions/s: missed, 1,999 (1 thread)"), TrainTarget.SPEED.verdict(results));
        assertEquals(
                Optional.of("memory ≤ 16 bytes per parameter, plus activations: missed, 17.00 (1 thread)"),
                TrainTarget.MEMORY.verdict(results));
    }

    @Test
    void shouldSayNothingOfAShareWithoutAPeak() {
        assertEquals(Optional.empty(), TrainTarget.GEMM_SHARE.verdict(List.of(result(2, Double.NaN, 16, 3000))));
    }

    @Test
    void shouldGiveMedianAndTenthsBetweenNeighbours() {
        assertEquals(new Spread(3, 1.4, 4.6), Spread.of(List.of(5.0, 1.0, 3.0, 2.0, 4.0)));
    }
}
