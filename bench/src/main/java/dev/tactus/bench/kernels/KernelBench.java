package dev.tactus.bench.kernels;

import dev.tactus.bench.kernels.KernelCase.Bound;
import dev.tactus.bench.kernels.KernelCase.Work;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import java.util.stream.Stream;

/**
 * Measures kernels: all lines take turns, round after round, so that what else happens on the machine meets all alike,
 * and the bounds that figures are shares of are measured among them.
 */
public final class KernelBench {
    /** Calls of a measurement, at most. */
    private static final int MOST_CALLS = 1 << 20;

    /** Parts of a call that a Java kernel is compiled with, so that none takes long before it is. */
    private static final int WARM_UP_PARTS = 1024;

    /** A call that lasts longer finds nothing of use in the caches, whatever ran before it. */
    private static final long LONG_NS = 20_000_000;

    private static final int CALIBRATION_CALLS = 8;

    private static final int TURNS_PER_BOUND = 12;

    /** What the bench is doing, in this order. */
    public enum Phase {
        /** Fills operands. */
        PREPARING,
        /** Runs Java kernels until they are compiled. */
        WARMING_UP,
        /** Measures. */
        MEASURING
    }

    /** Told how far the bench is. */
    public interface Progress {
        /** Called before each of {@code of} steps of a phase. */
        void onStep(Phase phase, long done, long of);
    }

    /** A case with a number of threads. */
    private static final class Line {
        private final KernelCase kernelCase;
        private final Work work;
        private final int threads;
        private final List<Double> ns = new ArrayList<>();
        private int calls;
        private boolean streams;

        private Line(final KernelCase kernelCase, final Work work, final int threads) {
            this.kernelCase = kernelCase;
            this.work = work;
            this.threads = threads;
        }
    }

    private final KernelScenario scenario;
    private final Progress progress;
    private final Crew crew;

    private KernelBench(final KernelScenario scenario, final Progress progress, final Crew crew) {
        this.scenario = scenario;
        this.progress = progress;
        this.crew = crew;
    }

    /**
     * Measures; the calling thread is one of those that compute.
     *
     * @param factory makes the others
     * @throws IllegalArgumentException when the filter leaves nothing to measure
     */
    public static KernelResults run(
            final KernelScenario scenario, final ThreadFactory factory, final Progress progress) {
        final List<KernelCase> cases = cases(scenario);
        try (Operands operands = new Operands(scenario);
                Crew crew = new Crew(scenario.threads(), factory)) {
            return new KernelBench(scenario, progress, crew).run(cases, operands);
        }
    }

    /** What the filter leaves, after the bounds of it. */
    private static List<KernelCase> cases(final KernelScenario scenario) {
        final List<KernelCase> chosen = Stream.of(
                        LinearCases.of(scenario),
                        AttentionCases.of(scenario),
                        RowCases.of(scenario),
                        TrainingCases.of(scenario))
                .flatMap(List::stream)
                .filter(c -> scenario.only().matcher(c.name()).find())
                .toList();
        final Set<Bound> bounds = EnumSet.noneOf(Bound.class);
        chosen.forEach(c -> bounds.add(c.bound()));
        final List<KernelCase> cases = new ArrayList<>();
        for (final KernelCase probe : ProbeCases.of(scenario)) {
            final boolean wanted = bounds.stream().anyMatch(bound -> probe.op().equals(ProbeCases.op(bound)));
            if (wanted || scenario.only().matcher(probe.name()).find()) {
                cases.add(probe);
            }
        }
        cases.addAll(chosen);
        if (cases.isEmpty()) {
            throw new IllegalArgumentException("no kernel matches " + scenario.only() + ": try gemv, packed,"
                    + " attention, rms_norm, swiglu, sample or train");
        }
        return cases;
    }

    private KernelResults run(final List<KernelCase> cases, final Operands operands) {
        final List<Line> lines = new ArrayList<>();
        for (int i = 0; i < cases.size(); i++) {
            progress.onStep(Phase.PREPARING, i, cases.size());
            final KernelCase c = cases.get(i);
            final Work work = c.prepare().apply(operands);
            lines.add(new Line(c, work, 1));
            if (c.divisible() && scenario.threads() > 1) {
                lines.add(new Line(c, work, scenario.threads()));
            }
        }
        warmUp(lines);
        lines.forEach(this::calibrate);
        final List<Line> turns = turns(lines);
        final long steps = (long) scenario.rounds() * turns.size();
        for (long step = 0; step < steps; step++) {
            progress.onStep(Phase.MEASURING, step, steps);
            measure(turns.get((int) (step % turns.size())));
        }
        return new KernelResults(
                scenario,
                lines.stream()
                        .map(line -> KernelResult.of(line.kernelCase, line.threads, line.calls, line.ns))
                        .toList());
    }

    /** The turns of a round: the bounds have more of them than others, since every figure hangs on them. */
    private static List<Line> turns(final List<Line> lines) {
        final List<Line> bounds =
                lines.stream().filter(line -> ProbeCases.is(line.kernelCase)).toList();
        final List<Line> others =
                lines.stream().filter(line -> !ProbeCases.is(line.kernelCase)).toList();
        final List<Line> turns = new ArrayList<>(others.isEmpty() ? bounds : List.of());
        for (int i = 0; i < others.size(); i++) {
            if (i % TURNS_PER_BOUND == 0) {
                turns.addAll(bounds);
            }
            turns.add(others.get(i));
        }
        return turns;
    }

    /** Twice, since a shape that is new to a kernel may undo what was compiled for the ones before. */
    private void warmUp(final List<Line> lines) {
        final List<Line> java = lines.stream()
                .filter(line -> line.kernelCase.isJava() && line.threads == 1)
                .toList();
        for (int i = 0; i < 2 * java.size(); i++) {
            progress.onStep(Phase.WARMING_UP, i, 2L * java.size());
            warmUp(java.get(i % java.size()));
        }
    }

    private void warmUp(final Line line) {
        final int parts = line.kernelCase.divisible() ? WARM_UP_PARTS : 1;
        final long startNs = System.nanoTime();
        for (int part = 0; System.nanoTime() - startNs < scenario.warmUpNs() / 2; part = (part + 1) % parts) {
            line.work.run(part, parts, 0);
        }
    }

    /** As many calls as a measurement should last; the fastest of a few tells, since the first finds cold caches. */
    private void calibrate(final Line line) {
        long callNs = Math.max(1, crew.run(line.work, line.threads, 1));
        for (int i = 1; i < CALIBRATION_CALLS && callNs < scenario.sampleNs(); i++) {
            callNs = Math.clamp(crew.run(line.work, line.threads, 1), 1, callNs);
        }
        line.calls = Math.clamp(scenario.sampleNs() / callNs, 1, MOST_CALLS);
        line.streams = callNs > LONG_NS;
    }

    /** One turn: what the lines before have left in the caches is not what the op would find. */
    private void measure(final Line line) {
        if (!line.streams) {
            crew.run(line.work, line.threads, 1);
        }
        line.ns.add((double) crew.run(line.work, line.threads, line.calls) / line.calls);
    }
}
