package dev.tactus.bench.kernels;

import java.util.function.Function;

/**
 * One op of one shape in one class by one set of kernels: a line of the table for each number of threads.
 *
 * @param op {@code gemv}, {@code packed}, {@code attention}, …; {@code read} and {@code fma} are the bounds themselves
 * @param shape its sizes, as the table shows them
 * @param numerics {@code exact bf16}, {@code fast-int8}, …; {@code -} where there is but one
 * @param kernels {@code vector} or {@code c/avx2}, …
 * @param cost what a call does
 * @param bound what its rate is a share of
 * @param divisible whether several threads can share a call
 * @param prepare makes the operands; called once, before anything is measured
 */
record KernelCase(
        String op,
        String shape,
        String numerics,
        String kernels,
        Cost cost,
        Bound bound,
        boolean divisible,
        Function<Operands, Work> prepare) {
    /** The kernels in Java, which have to be compiled before they are measured. */
    static final String VECTOR = "vector";

    /** What limits an op. */
    enum Bound {
        /** Reading memory: the op {@code read} of the scenario's bytes. */
        READ,
        /** Reading what is in a cache: the op {@code read} of a few bytes. */
        CACHE,
        /** Float32 fma. */
        FMA,
        /** Nothing that is measured. */
        NONE
    }

    /**
     * What a call does.
     *
     * @param bytes read and written; for a product, those of the weights
     * @param operations of floating point, or integer ones in their place; 0 where they do not matter
     * @param units in which the op is counted
     * @param unit their name; empty where there are none
     */
    record Cost(long bytes, double operations, long units, String unit) {
        static Cost of(final long bytes, final double operations) {
            return new Cost(bytes, operations, 0, "");
        }
    }

    /** A call. */
    interface Work {
        /**
         * Does part {@code part} of {@code parts} of it.
         *
         * @param worker whose scratch it uses
         */
        void run(int part, int parts, int worker);

        /** The first of {@code count} things that belong to a part, a multiple of {@code unit} unless it is the end. */
        static int from(final int count, final int unit, final int part, final int parts) {
            final long units = (count + unit - 1) / unit;
            return (int) Math.min(count, units * part / parts * unit);
        }
    }

    boolean isJava() {
        return kernels.equals(VECTOR);
    }

    /** What the filter of a scenario looks at. */
    String name() {
        return String.join(" ", op, shape, numerics, kernels);
    }
}
