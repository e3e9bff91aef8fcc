package dev.tactus.bench.train;

import java.util.Map;

/**
 * What a number of threads reached.
 *
 * @param threads that computed
 * @param positions of a step
 * @param cost operations of a forward pass
 * @param stageNs duration of every stage, in nanoseconds
 * @param fma float32 fma of as many threads, in GFLOP/s; NaN where there are no C kernels
 * @param gemm the float32 product of 512 x 512 x 512 by as many threads, in GFLOP/s; NaN where there are no C kernels
 * @param memory of a pass of as many threads
 * @param firstLoss mean cross entropy of the first step of these threads, in nats
 * @param lastLoss that of the last
 */
public record TrainResult(
        int threads,
        int positions,
        TrainCost cost,
        Map<TrainStage, Spread> stageNs,
        Spread fma,
        Spread gemm,
        TrainMemory memory,
        double firstLoss,
        double lastLoss) {
    private static final double NS_PER_SECOND = 1e9;

    /** GFLOP/s of a stage, by its median. */
    public double gigaflops(final TrainStage stage) {
        return cost.operations(stage) / stageNs.get(stage).median();
    }

    /** Share of the float32 product. */
    public double gemmShare(final TrainStage stage) {
        return gigaflops(stage) / gemm.median();
    }

    /** Share of the float32 fma. */
    public double fmaShare(final TrainStage stage) {
        return gigaflops(stage) / fma.median();
    }

    /** Positions that go through a stage in a second. */
    public double positionsPerSecond(final TrainStage stage) {
        return positions * NS_PER_SECOND / stageNs.get(stage).median();
    }
}
