package dev.tactus.bench.kernels;

import dev.tactus.app.cli.Units;
import dev.tactus.bench.kernels.KernelCase.Bound;
import dev.tactus.bench.kernels.KernelCase.Cost;
import dev.tactus.bench.kernels.KernelCase.Work;
import dev.tactus.kernel.c.CpuProbe;
import dev.tactus.kernel.c.Isa;
import dev.tactus.kernel.c.Region;
import java.util.ArrayList;
import java.util.List;

/** What the machine can do at most: the bounds that the other cases are shares of. */
final class ProbeCases {
    static final String READ = "read";
    static final String READ_CACHE = "read cache";
    static final String FMA = "fma";

    private static final long CACHED = 256 << 10;
    private static final int ROUNDS = 100_000;

    private ProbeCases() {}

    /** The op that measures a bound; null where there is none. */
    static String op(final Bound bound) {
        return switch (bound) {
            case READ -> READ;
            case CACHE -> READ_CACHE;
            case FMA -> FMA;
            default -> null;
        };
    }

    /** Whether a case is a bound itself. */
    static boolean is(final KernelCase c) {
        return c.op().equals(READ) || c.op().equals(READ_CACHE) || c.op().equals(FMA);
    }

    static List<KernelCase> of(final KernelScenario scenario) {
        final List<KernelCase> cases = new ArrayList<>();
        for (final Isa isa : scenario.isas()) {
            cases.add(read(isa, READ, scenario.bytes()));
            cases.add(read(isa, READ_CACHE, CACHED));
            cases.add(fma(isa));
        }
        return cases;
    }

    private static KernelCase read(final Isa isa, final String op, final long bytes) {
        final CpuProbe probe = new CpuProbe(isa);
        final int steps = Math.toIntExact(bytes / CpuProbe.READ_STEP);
        return new KernelCase(
                op,
                Units.bytes(bytes),
                "-",
                "c/" + isa.label(),
                Cost.of((long) steps * CpuProbe.READ_STEP, 0),
                Bound.NONE,
                true,
                operands -> {
                    final Region all = op.equals(READ) ? operands.stream() : operands.zeros(bytes);
                    return (part, parts, worker) -> {
                        final long from = Work.from(steps, 1, part, parts);
                        final long end = Work.from(steps, 1, part + 1, parts);
                        probe.read(new Region(
                                all.address() + from * CpuProbe.READ_STEP, (end - from) * CpuProbe.READ_STEP));
                    };
                });
    }

    private static KernelCase fma(final Isa isa) {
        final CpuProbe probe = new CpuProbe(isa);
        return new KernelCase(
                FMA,
                "float32",
                "-",
                "c/" + isa.label(),
                Cost.of(0, (double) ROUNDS * probe.fmaOperations()),
                Bound.NONE,
                true,
                operands -> (part, parts, worker) ->
                        probe.fma(Work.from(ROUNDS, 1, part + 1, parts) - Work.from(ROUNDS, 1, part, parts)));
    }
}
