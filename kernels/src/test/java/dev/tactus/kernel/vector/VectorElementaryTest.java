package dev.tactus.kernel.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.tactus.kernel.Elementary;
import dev.tactus.kernel.ElementarySweep;
import dev.tactus.kernel.ElementarySweep.Function;
import java.lang.management.ManagementFactory;
import java.util.Random;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.junit.jupiter.api.Test;

/** The vector functions are the scalar ones. */
class VectorElementaryTest {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

    private static final float[] SPECIAL = {
        0f,
        -0f,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Float.MIN_NORMAL,
        Math.nextDown(Float.MIN_NORMAL),
        0.5f,
        0.6666667f,
        1f,
        -1f,
        0.92f,
        -0.92f,
        3.92f,
        4f,
        -4f,
        88.722839f,
        88.72284f,
        89f,
        89.1f,
        -87.4f,
        -103.9f,
        -104f,
        -104.1f,
        1e30f,
        -1e30f,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.NaN,
        Float.intBitsToFloat(0x7f800001),
        Float.intBitsToFloat(0xffffffff),
        Float.intBitsToFloat(0x7fc000ff)
    };

    @Test
    void shouldEqualTheScalarFunctionsOverTheWholeRange() {
        for (final Function function : Function.values()) {
            if (function.hasVector()) {
                final ElementarySweep.Result result = ElementarySweep.run(function, 1013, Runnable::run, 1, n -> {});
                assertEquals(0, result.vectorMismatches(), result::toString);
            }
        }
    }

    @Test
    void shouldEqualTheScalarFunctionsInEveryLaneWhateverItsNeighboursHold() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final float[] x = new float[SPECIES.length()];
        for (int round = 0; round < 2000; round++) {
            for (int lane = 0; lane < x.length; lane++) {
                x[lane] = SPECIAL[random.nextInt(SPECIAL.length)];
            }
            assertLanes("exp, seed " + seed, x, VectorElementary::exp, Elementary::exp);
            assertLanes("log, seed " + seed, x, VectorElementary::log, Elementary::log);
            assertLanes("erf, seed " + seed, x, VectorElementary::erf, Elementary::erf);
        }
    }

    @Test
    void shouldAllocateNothingOnceCompiled() {
        final float[] x = new float[1024];
        final float[] y = new float[x.length];
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = Long.MAX_VALUE;
        // C2 takes some tens of thousands of vectors to arrive; the limit only ends a failing test.
        for (int attempt = 0; attempt < 400 && allocated > 0; attempt++) {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 100; i++) {
                expAll(x, y);
                logAll(x, y);
                erfAll(x, y);
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertEquals(0, allocated, "bytes per 38,400 vectors");
        assertTrue(y[0] == 0f, "erf(0)");
    }

    private static void expAll(final float[] x, final float[] y) {
        for (int i = 0; i < x.length; i += SPECIES.length()) {
            VectorElementary.exp(FloatVector.fromArray(SPECIES, x, i)).intoArray(y, i);
        }
    }

    private static void logAll(final float[] x, final float[] y) {
        for (int i = 0; i < x.length; i += SPECIES.length()) {
            VectorElementary.log(FloatVector.fromArray(SPECIES, x, i)).intoArray(y, i);
        }
    }

    private static void erfAll(final float[] x, final float[] y) {
        for (int i = 0; i < x.length; i += SPECIES.length()) {
            VectorElementary.erf(FloatVector.fromArray(SPECIES, x, i)).intoArray(y, i);
        }
    }

    private static void assertLanes(
            final String what,
            final float[] x,
            final UnaryOperator<FloatVector> vector,
            final UnaryOperator<Float> scalar) {
        final FloatVector y = vector.apply(FloatVector.fromArray(SPECIES, x, 0));
        for (int lane = 0; lane < x.length; lane++) {
            assertEquals(
                    Float.floatToIntBits(scalar.apply(x[lane])),
                    Float.floatToIntBits(y.lane(lane)),
                    what + ": " + x[lane]);
        }
    }
}
