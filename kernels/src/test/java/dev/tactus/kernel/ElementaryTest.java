package dev.tactus.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.ElementarySweep.Function;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/** What the scalar functions promise: their error, their special values, their bits. */
class ElementaryTest {
    /** A prime, so that all exponents and all low bits turn up: 4.3 million inputs. */
    private static final int STRIDE = 997;

    private static final float INFINITY = Float.POSITIVE_INFINITY;

    @Test
    void shouldStayWithinTheErrorThatIsDocumented() {
        assertWorst(Function.EXP, 0.892);
        assertWorst(Function.LOG, 0.874);
        assertWorst(Function.ERF, 1.085);
        assertWorst(Function.SIN, 0.857);
        assertWorst(Function.COS, 0.867);
        assertWorst(Function.SIGMOID, 2.481);
        assertWorst(Function.SILU, 2.394);
    }

    @Test
    void shouldSweepTheSameWhateverTheParts() {
        final int stride = 1 << 14;
        final AtomicLong swept = new AtomicLong();
        final ElementarySweep.Result whole =
                ElementarySweep.run(Function.EXP, stride, Runnable::run, 1, swept::addAndGet);
        final ExecutorService executor = Executors.newFixedThreadPool(2);
        try {
            assertEquals(whole, ElementarySweep.run(Function.EXP, stride, executor, 5, n -> {}));
        } finally {
            executor.shutdownNow();
        }
        assertEquals(1L << 18, whole.inputs());
        assertEquals(whole.inputs(), swept.get());
    }

    @Test
    void shouldRefuseASweepOfNothing() {
        final IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> ElementarySweep.run(Function.EXP, 0, Runnable::run, 1, n -> {}));
        assertTrue(refused.getMessage().contains("stride 0"), refused.getMessage());
    }

    @Test
    void shouldMeasureErrorsAgainstAnErfThatIsRight() {
        final double[] x = {1e-30, 1e-3, 0.25, 0.5, 0.92, 1.0, 1.5, 2.0, 2.7, 3.5, 3.9, 4.5, 5.9};
        final double[] erf = {
            1.1283791670955127e-30, 0.0011283787909692365, 0.27632639016823696, 0.5204998778130465,
            0.8067677215477617, 0.8427007929497149, 0.9661051464753108, 0.9953222650189527,
            0.9998656672600594, 0.9999992569016276, 0.9999999652077514, 0.9999999998033839,
            0.9999999999999999
        };
        for (int i = 0; i < x.length; i++) {
            assertEquals(erf[i], ElementarySweep.erf(x[i]), erf[i] * 0x1p-48, "erf(" + x[i] + ")");
            assertEquals(-erf[i], ElementarySweep.erf(-x[i]), erf[i] * 0x1p-48, "erf(" + -x[i] + ")");
        }
    }

    @Test
    void shouldCallEveryDepartureFromTheReferenceAnError() {
        assertEquals(0.0, ElementarySweep.ulpError(Float.NaN, Double.NaN));
        assertEquals(Double.POSITIVE_INFINITY, ElementarySweep.ulpError(Float.NaN, 1.0));
        assertEquals(Double.POSITIVE_INFINITY, ElementarySweep.ulpError(1f, Double.NaN));
        assertEquals(Double.POSITIVE_INFINITY, ElementarySweep.ulpError(-0f, 0.0));
        assertEquals(Double.POSITIVE_INFINITY, ElementarySweep.ulpError(Float.MAX_VALUE, 0x1p129));
        assertEquals(1.0, ElementarySweep.ulpError(INFINITY, Float.MAX_VALUE));
        assertEquals(1.0, ElementarySweep.ulpError(1.0000001f, 1.0));
        assertEquals(0.75, ElementarySweep.ulpError(Float.MIN_VALUE, 0x1p-151));
    }

    @Test
    void shouldOverflowAndUnderflowGraduallyInExp() {
        assertBits(0f, Elementary.exp(-INFINITY));
        assertBits(0f, Elementary.exp(-1e30f));
        assertBits(0f, Elementary.exp(-104f));
        assertBits(Float.MIN_VALUE, Elementary.exp(-103.97f));
        assertBits((float) StrictMath.exp(-100.0), Elementary.exp(-100f));
        assertBits(1f, Elementary.exp(-0f));
        assertBits(1f, Elementary.exp(Float.MIN_VALUE));
        assertTrue(Elementary.exp(88.72283f) <= Float.MAX_VALUE);
        assertBits(INFINITY, Elementary.exp(88.7229f));
        assertBits(INFINITY, Elementary.exp(1e30f));
        assertBits(INFINITY, Elementary.exp(INFINITY));
        assertBits(Float.NaN, Elementary.exp(Float.NaN));
    }

    @Test
    void shouldTakeLogOfSubnormalsAndRefuseNegatives() {
        assertBits(-INFINITY, Elementary.log(0f));
        assertBits(-INFINITY, Elementary.log(-0f));
        assertBits(0f, Elementary.log(1f));
        assertBits((float) StrictMath.log(0x1p-149), Elementary.log(Float.MIN_VALUE));
        assertBits((float) StrictMath.log(Float.MAX_VALUE), Elementary.log(Float.MAX_VALUE));
        assertBits(INFINITY, Elementary.log(INFINITY));
        assertBits(Float.NaN, Elementary.log(-Float.MIN_VALUE));
        assertBits(Float.NaN, Elementary.log(-INFINITY));
        assertBits(Float.NaN, Elementary.log(Float.NaN));
    }

    @Test
    void shouldKeepErfOddAndSaturated() {
        assertBits(0f, Elementary.erf(0f));
        assertBits(-0f, Elementary.erf(-0f));
        assertBits(Float.MIN_VALUE, Elementary.erf(Float.MIN_VALUE));
        for (final float x : new float[] {3.95f, 4f, 100f, INFINITY}) {
            assertBits(1f, Elementary.erf(x));
            assertBits(-1f, Elementary.erf(-x));
        }
        assertBits(-Elementary.erf(0.7f), Elementary.erf(-0.7f));
        assertBits(Float.NaN, Elementary.erf(Float.NaN));
    }

    @Test
    void shouldDefineSinAndCosOnItsDomainOnly() {
        assertBits(-0f, Elementary.sin(-0f));
        assertBits(1f, Elementary.cos(-0f));
        assertBits(-Float.MIN_VALUE, Elementary.sin(-Float.MIN_VALUE));
        assertBits((float) StrictMath.sin(0x1p20), Elementary.sin(0x1p20f));
        for (final float x : new float[] {Math.nextUp(0x1p20f), -0x1p21f, INFINITY, -INFINITY, Float.NaN}) {
            assertBits(Float.NaN, Elementary.sin(x));
            assertBits(Float.NaN, Elementary.cos(x));
        }
    }

    @Test
    void shouldFollowTheLogisticFormulasToTheirEnds() {
        assertBits(0.5f, Elementary.sigmoid(0f));
        assertBits(1f, Elementary.sigmoid(INFINITY));
        assertBits(0f, Elementary.sigmoid(-89f));
        assertBits(0f, Elementary.sigmoid(-INFINITY));
        assertBits(-0f, Elementary.silu(-89f));
        assertBits(-0f, Elementary.silu(-0f));
        assertBits(INFINITY, Elementary.silu(INFINITY));
        assertBits(Float.NaN, Elementary.silu(-INFINITY));
        assertBits(Float.NaN, Elementary.silu(Float.NaN));
    }

    /**
     * Pins the arithmetic: models and recorded sessions depend on these bits, on every machine and in every language.
     */
    @Test
    void shouldNeverChangeABit() {
        final long[] expected = {
            0x855984c5L, 0x3ec77a58L, 0xaa14cdecL, 0xf588def4L, 0xadc992c8L, 0x5213e818L, 0x79e28a17L
        };
        final long[] found = Arrays.stream(Function.values())
                .mapToLong(ElementaryTest::checksum)
                .toArray();
        assertEquals(hex(expected), hex(found));
    }

    private static String hex(final long[] checksums) {
        return Arrays.stream(checksums)
                .mapToObj(c -> String.format("0x%08xL", c))
                .toList()
                .toString();
    }

    private static long checksum(final Function function) {
        final CRC32 crc = new CRC32();
        for (long bits = 0; bits < ElementarySweep.ALL_INPUTS; bits += 65521) {
            final float x = Float.intBitsToFloat((int) bits);
            final float y =
                    switch (function) {
                        case EXP -> Elementary.exp(x);
                        case LOG -> Elementary.log(x);
                        case ERF -> Elementary.erf(x);
                        case SIN -> Elementary.sin(x);
                        case COS -> Elementary.cos(x);
                        case SIGMOID -> Elementary.sigmoid(x);
                        case SILU -> Elementary.silu(x);
                    };
            final int result = Float.floatToIntBits(y);
            for (int shift = 0; shift < 32; shift += 8) {
                crc.update(result >>> shift);
            }
        }
        return crc.getValue();
    }

    private static void assertWorst(final Function function, final double bound) {
        final ElementarySweep.Result result = ElementarySweep.run(function, STRIDE, Runnable::run, 1, n -> {});
        assertTrue(result.worstUlp() <= bound, () -> "more than " + bound + " ulp: " + result);
        assertTrue(result.worstUlp() > 0.5, () -> "no function is this good, the sweep measures nothing: " + result);
    }

    private static void assertBits(final float expected, final float actual) {
        assertEquals(
                Float.floatToIntBits(expected),
                Float.floatToIntBits(actual),
                () -> "expected " + expected + ", found " + actual);
    }
}
