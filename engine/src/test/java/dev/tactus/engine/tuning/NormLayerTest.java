package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The gradients of a norm over more vectors than a unit takes, against the formula in float64. */
class NormLayerTest {
    private static final long SEED = 31L;
    private static final float EPS = 1e-3f;
    private static final float DIVISOR = 1.7f;
    private static final double BOUND = 2e-6;

    private final MemoryLedger ledger = new MemoryLedger();
    private final SplittableRandom random = new SplittableRandom(SEED);

    @ParameterizedTest
    @CsvSource({"7, 5003, false", "7, 5003, true", "33, 1100, false", "33, 1100, true", "1, 3, true"})
    void shouldMatchTheFormula(final int d, final int vectors, final boolean add) {
        try (FreezableArena arena = new FreezableArena(ledger);
                Crew crew = new Crew(2, Thread::new)) {
            final Compute compute = new Compute(new ReferenceKernels(), new JavaProducts(), crew, null, d, 1, arena);
            final Parameter w =
                    new Parameter("norm.weight", new long[] {d}, normals(compute, d), normals(compute, d), d);
            final double[] before = read(w.gradient(), d);
            final NormLayer norm = new NormLayer(compute, w, EPS, DIVISOR, vectors);
            compute.conclude();
            final long x = normals(compute, vectors * d);
            final long dy = normals(compute, vectors * d);
            final long dx = normals(compute, vectors * d);
            final double[] wanted = add ? read(dx, vectors * d) : new double[vectors * d];
            final double[] sums = new double[d];
            for (int i = 0; i < vectors; i++) {
                addGradients(x, dy, w.value(), d, i, wanted, sums);
            }
            norm.backward(x, dy, dx, add, vectors);
            assertClose(wanted, read(dx, vectors * d), "dx");
            final double[] dw = read(w.gradient(), d);
            for (int c = 0; c < d; c++) {
                dw[c] -= before[c];
            }
            assertClose(sums, dw, "dw");
        }
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private static void addGradients(
            final long x,
            final long dy,
            final long w,
            final int d,
            final int vector,
            final double[] dx,
            final double[] dw) {
        final long first = (long) vector * d;
        double squares = 0;
        double product = 0;
        for (int c = 0; c < d; c++) {
            squares += (double) Floats.get(x, first + c) * Floats.get(x, first + c);
            product += (double) Floats.get(x, first + c) * Floats.get(dy, first + c) * Floats.get(w, c) / DIVISOR;
        }
        final double r = 1 / Math.sqrt(squares / d + EPS);
        for (int c = 0; c < d; c++) {
            final double g = (double) Floats.get(dy, first + c) * Floats.get(w, c) / DIVISOR;
            dx[(int) first + c] += r * (g - Floats.get(x, first + c) * r * r * product / d);
            dw[c] += (double) Floats.get(dy, first + c) * Floats.get(x, first + c) * r / DIVISOR;
        }
    }

    private static void assertClose(final double[] wanted, final double[] found, final String what) {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < wanted.length; i++) {
            difference += (found[i] - wanted[i]) * (found[i] - wanted[i]);
            norm += wanted[i] * wanted[i];
        }
        assertEquals(0, Math.sqrt(difference / norm), BOUND, what + ", seed " + SEED);
    }

    private long normals(final Compute compute, final int n) {
        final long address = compute.buffer(n, 1);
        for (int i = 0; i < n; i++) {
            Floats.put(address, i, (float) random.nextGaussian());
        }
        return address;
    }

    private static double[] read(final long address, final int n) {
        final double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = Floats.get(address, i);
        }
        return values;
    }
}
