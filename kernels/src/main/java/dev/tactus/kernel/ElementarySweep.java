package dev.tactus.kernel;

import dev.tactus.kernel.vector.VectorElementary;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.LongConsumer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Measures {@link Elementary} on every float32, or on every n-th: its error against double precision, and whether
 * {@link VectorElementary} returns the same bits.
 *
 * <p>The reference is {@link Math} in double as a filter, and {@link StrictMath} wherever an error is about to become
 * the worst. Both are within 2⁻⁵² of the truth, which is 2⁻²⁸ of a float32 unit in the last place. The error function,
 * which the library lacks, is summed from a series of positive terms.
 */
public final class ElementarySweep {
    /** All float32 values, NaN included. */
    public static final long ALL_INPUTS = 1L << 32;

    private static final int BLOCK = 1 << 14;
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final double TWO_OVER_ROOT_PI = 1.1283791670955126;
    private static final double FLOAT_OVERFLOW = 0x1p128;

    private ElementarySweep() {}

    /** The functions that can be swept. */
    public enum Function {
        /** {@link Elementary#exp}. */
        EXP,
        /** {@link Elementary#log}. */
        LOG,
        /** {@link Elementary#erf}. */
        ERF,
        /** {@link Elementary#sin}, expected NaN outside its domain. */
        SIN,
        /** {@link Elementary#cos}, expected NaN outside its domain. */
        COS,
        /** {@link Elementary#sigmoid}, expected +0 where exp(-x) overflows. */
        SIGMOID,
        /** {@link Elementary#silu}, expected -0 where exp(-x) overflows. */
        SILU;

        /** Whether {@link VectorElementary} has a version to compare with. */
        public boolean hasVector() {
            return this == EXP || this == LOG || this == ERF;
        }
    }

    /**
     * What a sweep found.
     *
     * @param function what was swept
     * @param inputs how many inputs were tried
     * @param worstUlp largest error in units in the last place of the float32 result, subnormal results included;
     *     infinite when a NaN, an infinity or the sign of a zero was wrong
     * @param worstInputBits bits of the first input with that error
     * @param vectorMismatches inputs whose vector result had other bits than the scalar one, two NaN aside
     * @param mismatchInputBits bits of the first of them; 0 when there are none
     */
    public record Result(
            Function function,
            long inputs,
            double worstUlp,
            int worstInputBits,
            long vectorMismatches,
            int mismatchInputBits) {
        /** The input with the worst error. */
        public float worstInput() {
            return Float.intBitsToFloat(worstInputBits);
        }

        /** Both results as one; this one's inputs come first. */
        Result merge(final Result later) {
            final Result worse = later.worstUlp > worstUlp ? later : this;
            final Result mismatched = vectorMismatches > 0 ? this : later;
            return new Result(
                    function,
                    inputs + later.inputs,
                    worse.worstUlp,
                    worse.worstInputBits,
                    vectorMismatches + later.vectorMismatches,
                    mismatched.mismatchInputBits);
        }
    }

    /**
     * Sweeps the inputs whose bits are 0, stride, 2·stride, … below 2³². The result depends on neither the executor nor
     * the number of parts.
     *
     * @param stride 1 for all inputs
     * @param executor runs the parts; {@code Runnable::run} runs them one after the other on the calling thread
     * @param parts how many tasks to make, 1 or more
     * @param progress told, by whichever thread did the work, how many inputs were done since its last call
     * @throws IllegalArgumentException when stride or parts is below 1
     */
    public static Result run(
            final Function function,
            final int stride,
            final Executor executor,
            final int parts,
            final LongConsumer progress) {
        if (stride < 1 || parts < 1) {
            throw new IllegalArgumentException(
                    "sweep has stride " + stride + " and " + parts + " parts: expected at least 1 of each");
        }
        final long count = (ALL_INPUTS + stride - 1) / stride;
        final List<CompletableFuture<Result>> tasks = new ArrayList<>(parts);
        for (int part = 0; part < parts; part++) {
            final long first = count * part / parts;
            final long last = count * (part + 1) / parts;
            tasks.add(CompletableFuture.supplyAsync(() -> sweep(function, first, last, stride, progress), executor));
        }
        return tasks.stream().map(CompletableFuture::join).reduce(Result::merge).orElseThrow();
    }

    /** Inputs number {@code first} to {@code last} - 1. */
    private static Result sweep(
            final Function function, final long first, final long last, final int stride, final LongConsumer progress) {
        final Block block = new Block(function);
        Result result = new Result(function, 0, 0.0, (int) (first * stride), 0, 0);
        for (long i = first; i < last; i += BLOCK) {
            final int n = (int) Math.min(BLOCK, last - i);
            result = result.merge(block.measure(i * stride, stride, n));
            progress.accept(n);
        }
        return result;
    }

    /** The scalar function under test. */
    private static float scalar(final Function function, final float x) {
        return switch (function) {
            case EXP -> Elementary.exp(x);
            case LOG -> Elementary.log(x);
            case ERF -> Elementary.erf(x);
            case SIN -> Elementary.sin(x);
            case COS -> Elementary.cos(x);
            case SIGMOID -> Elementary.sigmoid(x);
            case SILU -> Elementary.silu(x);
        };
    }

    /** The true value, or the documented one where the function departs from it. */
    private static double reference(final Function function, final double x) {
        return switch (function) {
            case EXP -> Math.exp(x);
            case LOG -> Math.log(x);
            case ERF -> erf(x, Math.exp(-x * x));
            case SIN -> inSinCosDomain(x) ? Math.sin(x) : Double.NaN;
            case COS -> inSinCosDomain(x) ? Math.cos(x) : Double.NaN;
            case SIGMOID -> 1.0 / (1.0 + floatRange(Math.exp(-x)));
            case SILU -> x / (1.0 + floatRange(Math.exp(-x)));
        };
    }

    /** {@link #reference}, slower and the same on every machine. */
    private static double strictReference(final Function function, final double x) {
        return switch (function) {
            case EXP -> StrictMath.exp(x);
            case LOG -> StrictMath.log(x);
            case ERF -> erf(x, StrictMath.exp(-x * x));
            case SIN -> inSinCosDomain(x) ? StrictMath.sin(x) : Double.NaN;
            case COS -> inSinCosDomain(x) ? StrictMath.cos(x) : Double.NaN;
            case SIGMOID -> 1.0 / (1.0 + floatRange(StrictMath.exp(-x)));
            case SILU -> x / (1.0 + floatRange(StrictMath.exp(-x)));
        };
    }

    private static boolean inSinCosDomain(final double x) {
        return Math.abs(x) <= ElementaryTable.SIN_COS_LIMIT;
    }

    /**
     * A value that float32 rounds to infinity is infinite, so that the documented zeros of sigmoid and silu are
     * expected.
     */
    private static double floatRange(final double value) {
        return (float) value == Float.POSITIVE_INFINITY ? Double.POSITIVE_INFINITY : value;
    }

    /**
     * erf in double precision: {@code 2/√π · exp(-x²) · Σ x·(2x²)ⁿ / (1·3·5·…·(2n+1))}. All terms have the sign of x,
     * so nothing cancels; relative error below 2⁻⁴⁸.
     */
    static double erf(final double x) {
        return erf(x, StrictMath.exp(-x * x));
    }

    private static double erf(final double x, final double expOfMinusSquare) {
        if (Math.abs(x) > 6.0) {
            return Math.signum(x); // 1 - erf(6) is below 2^-55
        }
        final double twoSquares = 2.0 * x * x;
        double term = x;
        double sum = x;
        for (int odd = 3; Math.abs(term) > Math.abs(sum) * 0x1p-54; odd += 2) {
            term *= twoSquares / odd;
            sum += term;
        }
        return TWO_OVER_ROOT_PI * expOfMinusSquare * sum;
    }

    /** Error of {@code y} in units in the last place of {@code reference} rounded to float32. */
    static double ulpError(final float y, final double reference) {
        if (Float.isNaN(y) || Double.isNaN(reference)) {
            return Float.isNaN(y) && Double.isNaN(reference) ? 0.0 : Double.POSITIVE_INFINITY;
        }
        if (reference == 0.0) {
            final boolean same = y == 0f && Math.copySign(1f, y) == (float) Math.copySign(1.0, reference);
            return same ? 0.0 : Double.POSITIVE_INFINITY;
        }
        if (Math.abs(reference) >= FLOAT_OVERFLOW) {
            return y == (float) reference ? 0.0 : Double.POSITIVE_INFINITY;
        }
        // An infinite result counts as 2^128, the number it stands next to.
        final double value = Float.isInfinite(y) ? Math.copySign(FLOAT_OVERFLOW, y) : y;
        final int exponent = Math.max(Math.getExponent(reference), Float.MIN_EXPONENT);
        return Math.abs(value - reference) * Math.scalb(1.0, 23 - exponent);
    }

    private static void vectorExp(final float[] x, final float[] y) {
        for (int i = 0; i < BLOCK; i += SPECIES.length()) {
            VectorElementary.exp(FloatVector.fromArray(SPECIES, x, i)).intoArray(y, i);
        }
    }

    private static void vectorLog(final float[] x, final float[] y) {
        for (int i = 0; i < BLOCK; i += SPECIES.length()) {
            VectorElementary.log(FloatVector.fromArray(SPECIES, x, i)).intoArray(y, i);
        }
    }

    private static void vectorErf(final float[] x, final float[] y) {
        for (int i = 0; i < BLOCK; i += SPECIES.length()) {
            VectorElementary.erf(FloatVector.fromArray(SPECIES, x, i)).intoArray(y, i);
        }
    }

    /** A few thousand inputs at a time, so that the vector loops are hot and the arrays stay in cache. */
    private static final class Block {
        private final Function function;
        private final float[] x = new float[BLOCK];
        private final float[] scalar = new float[BLOCK];
        private final float[] vector = new float[BLOCK];

        Block(final Function function) {
            this.function = function;
        }

        Result measure(final long firstBits, final int stride, final int n) {
            for (int i = 0; i < n; i++) {
                x[i] = Float.intBitsToFloat((int) (firstBits + (long) i * stride));
                scalar[i] = scalar(function, x[i]);
            }
            return worst(n).merge(mismatches(n));
        }

        private Result worst(final int n) {
            double worst = 0.0;
            int worstBits = Float.floatToRawIntBits(x[0]);
            for (int i = 0; i < n; i++) {
                if (ulpError(scalar[i], reference(function, x[i])) > worst) {
                    final double error = ulpError(scalar[i], strictReference(function, x[i]));
                    if (error > worst) {
                        worst = error;
                        worstBits = Float.floatToRawIntBits(x[i]);
                    }
                }
            }
            return new Result(function, n, worst, worstBits, 0, 0);
        }

        private Result mismatches(final int n) {
            if (!function.hasVector()) {
                return new Result(function, 0, 0.0, 0, 0, 0);
            }
            switch (function) {
                case EXP -> vectorExp(x, vector);
                case LOG -> vectorLog(x, vector);
                default -> vectorErf(x, vector);
            }
            int count = 0;
            int firstBits = 0;
            for (int i = n - 1; i >= 0; i--) {
                // floatToIntBits folds all NaN into one.
                if (Float.floatToIntBits(scalar[i]) != Float.floatToIntBits(vector[i])) {
                    count++;
                    firstBits = Float.floatToRawIntBits(x[i]);
                }
            }
            return new Result(function, 0, 0.0, 0, count, firstBits);
        }
    }
}
