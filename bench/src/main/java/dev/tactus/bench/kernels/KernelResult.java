package dev.tactus.bench.kernels;

import java.util.List;

/**
 * A line of the table.
 *
 * @param kernelCase what was measured
 * @param threads that shared every call
 * @param calls of a measurement
 * @param medianNs of a call, over all turns
 * @param p10Ns what the faster turns took
 * @param p90Ns what the slower ones did
 */
record KernelResult(KernelCase kernelCase, int threads, int calls, double medianNs, double p10Ns, double p90Ns) {
    private static final double NS_PER_US = 1e3;

    /** From the time of a call in each turn. */
    static KernelResult of(final KernelCase kernelCase, final int threads, final int calls, final List<Double> ns) {
        final double[] sorted =
                ns.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return new KernelResult(kernelCase, threads, calls, at(sorted, 0.5), at(sorted, 0.1), at(sorted, 0.9));
    }

    /** The value at a share of the sorted ones, between neighbours in proportion. */
    private static double at(final double[] sorted, final double share) {
        final double place = share * (sorted.length - 1);
        final int below = (int) place;
        final int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    /** GB/s of what is streamed. */
    double gigabytesPerSecond() {
        return kernelCase.cost().bytes() / medianNs;
    }

    /** GFLOP/s; 0 where operations do not matter. */
    double gigaflops() {
        return kernelCase.cost().operations() / medianNs;
    }

    /** How many of its units an op does in a microsecond. */
    double unitsPerMicrosecond() {
        return kernelCase.cost().units() / medianNs * NS_PER_US;
    }
}
