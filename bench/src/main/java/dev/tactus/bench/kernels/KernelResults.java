package dev.tactus.bench.kernels;

import dev.tactus.bench.kernels.KernelCase.Bound;
import java.util.List;
import java.util.Optional;

/** All lines of a run, bounds first, and what they are shares of. */
public final class KernelResults {
    private final KernelScenario scenario;
    private final List<KernelResult> lines;

    KernelResults(final KernelScenario scenario, final List<KernelResult> lines) {
        this.scenario = scenario;
        this.lines = List.copyOf(lines);
    }

    KernelScenario scenario() {
        return scenario;
    }

    List<KernelResult> lines() {
        return lines;
    }

    /**
     * How near a line is to what bounds it, 1 being there: NaN where nothing does, or it was not measured. Java kernels
     * are compared with the best instruction set.
     */
    double share(final KernelResult line) {
        final Bound bound = line.kernelCase().bound();
        final Optional<KernelResult> probe = lines.stream()
                .filter(l -> l.kernelCase().op().equals(ProbeCases.op(bound)))
                .filter(l -> l.threads() == line.threads())
                .filter(l -> line.kernelCase().isJava()
                        || l.kernelCase().kernels().equals(line.kernelCase().kernels()))
                .reduce((first, last) -> last);
        if (probe.isEmpty()) {
            return Double.NaN;
        }
        return bound == Bound.FMA
                ? line.gigaflops() / probe.get().gigaflops()
                : line.gigabytesPerSecond() / probe.get().gigabytesPerSecond();
    }

    /** The line of the same op, shape and threads in another class or by other kernels. */
    Optional<KernelResult> beside(final KernelResult line, final String shape, final String kernels) {
        final KernelCase c = line.kernelCase();
        return lines.stream()
                .filter(l -> l.threads() == line.threads())
                .filter(l -> l.kernelCase().op().equals(c.op()))
                .filter(l -> l.kernelCase().numerics().equals(c.numerics()))
                .filter(l -> l.kernelCase().shape().equals(shape))
                .filter(l -> l.kernelCase().kernels().equals(kernels))
                .findFirst();
    }
}
