package dev.tactus.bench.gpu;

import dev.tactus.kernel.NumericClass;
import java.util.List;

/**
 * How much is measured.
 *
 * @param rotatedBytes bytes of operands that a case goes through before it meets one again, so that no cache keeps them
 * @param sampleNs least time of one measurement
 * @param rounds measurements of a case, of which the median counts
 * @param launches launches of every graph whose latency is measured
 * @param rows rows of a product
 * @param sizes sizes of the operands
 * @param checked parameters of the model whose logits are compared with the CPU's
 * @param checkedPositions how many positions of it
 * @param ticks ticks that are measured
 * @param settleNs longest time for ticks before all others, until the engine's threads allocate nothing
 * @param ticksNs time after which no further number of sessions is begun
 */
public record GpuScenario(
        long rotatedBytes,
        long sampleNs,
        int rounds,
        int launches,
        List<Integer> rows,
        GpuSizes sizes,
        String checked,
        int checkedPositions,
        List<TickCase> ticks,
        long settleNs,
        long ticksNs) {
    private static final long MS = 1_000_000;
    private static final long SECOND = 1000 * MS;
    private static final long ROTATED = 640L << 20;
    private static final String SMALL = "100M";
    private static final String LARGE = "1B";
    private static final int WINDOW = 4096;
    private static final int SHORT = 512;

    /** Everything. What the target is about comes first, what takes longest last. */
    public static final GpuScenario FULL = new GpuScenario(
            ROTATED,
            10 * MS,
            9,
            2000,
            List.of(1, 8, 16, 32, 64),
            GpuSizes.FULL,
            SMALL,
            48,
            List.of(
                    TickCase.fast(LARGE, 8, WINDOW, 150),
                    TickCase.fast(LARGE, 1, WINDOW, 100),
                    TickCase.fast(LARGE, 64, SHORT, 40),
                    TickCase.fast(SMALL, 8, WINDOW, 150),
                    TickCase.fast(SMALL, 1, WINDOW, 100),
                    TickCase.fast(SMALL, 64, SHORT, 60),
                    TickCase.exact(SMALL, 1, WINDOW, 100),
                    TickCase.exact(SMALL, 8, WINDOW, 100),
                    TickCase.exact(SMALL, 64, SHORT, 40),
                    TickCase.exact(LARGE, 1, SHORT, 60),
                    TickCase.exact(LARGE, 8, SHORT, 40),
                    TickCase.exact(LARGE, 64, 0, 10)),
            2 * SECOND,
            150 * SECOND);

    /** What the targets are about, and little else. */
    public static final GpuScenario QUICK = new GpuScenario(
            ROTATED,
            4 * MS,
            5,
            500,
            List.of(1, 8, 64),
            GpuSizes.FULL,
            SMALL,
            16,
            List.of(
                    TickCase.fast(LARGE, 8, WINDOW, 60),
                    TickCase.fast(SMALL, 1, SHORT, 40),
                    TickCase.fast(SMALL, 8, SHORT, 40),
                    TickCase.exact(SMALL, 8, SHORT, 40)),
            2 * SECOND,
            40 * SECOND);

    /** Too small for any figure: to see that all of it runs. */
    public static final GpuScenario TINY = new GpuScenario(
            1 << 14,
            1,
            1,
            2,
            List.of(1, 3),
            GpuSizes.TINY,
            "1M",
            3,
            List.of(
                    new TickCase("1M", NumericClass.EXACT, 1, 0, 1, 18, 1),
                    new TickCase("1M", NumericClass.FAST_BF16, 2, 0, 1, 18, 1)),
            0,
            60 * SECOND);
}
