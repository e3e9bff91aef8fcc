package dev.tactus.kernel.c;

import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.KvRingLayout;

/** What {@link NativeProgramBuilder} asks of the sizes, buffers, tables and matrices of an op. */
final class Shapes {
    /** Beyond any model, and so far from 2³¹ that C may round it up: elements of a row of a matrix, and of a head. */
    private static final int MOST_COLUMNS = 1 << 24;

    private static final int MOST_OF_A_HEAD = 1 << 16;

    private Shapes() {}

    static void positive(final String op, final String what, final long value) {
        if (value < 1) {
            throw new IllegalArgumentException(op + ": " + what + " is " + value + ": expected at least 1");
        }
    }

    static void notNegative(final String op, final String what, final long value) {
        if (value < 0) {
            throw new IllegalArgumentException(op + ": " + what + " is " + value + ": expected at least 0");
        }
    }

    private static void atMost(final String op, final String what, final long value, final long most) {
        if (value > most) {
            throw new IllegalArgumentException(op + ": " + what + " is " + value + ": expected at most " + most);
        }
    }

    /** A product of sizes that C holds in an int32. */
    static int int32(final String op, final String what, final long... factors) {
        final long product = product(op, what, factors);
        atMost(op, what, product, Integer.MAX_VALUE);
        return (int) product;
    }

    private static long product(final String op, final String what, final long... factors) {
        long product = 1;
        for (final long factor : factors) {
            notNegative(op, "a size of " + what, factor);
            if (Math.multiplyHigh(product, factor) != 0 || product * factor < 0) {
                throw new IllegalArgumentException(op + ": " + what + " is too large: its sizes multiply to over 2^63");
            }
            product *= factor;
        }
        return product;
    }

    /** A buffer of float32 or int32 elements, whose sizes multiply to how many the op touches. */
    static void buffer(final String op, final String what, final Region region, final long... sizes) {
        bytes(op, what, region, Float.BYTES, sizes);
        if (region.address() % Float.BYTES != 0) {
            throw new IllegalArgumentException(op + ": " + what + " begins at an address that 4 does not divide");
        }
    }

    /** The same for elements of any type, at any alignment. */
    static void bytes(
            final String op, final String what, final Region region, final int elementBytes, final long... sizes) {
        final long elements = product(op, what, sizes);
        region.require(op, what, product(op, what, elements, elementBytes));
    }

    /** A table that is known by its address alone. */
    static void table(final String op, final String what, final long address) {
        if (address == 0) {
            throw new IllegalArgumentException(op + ": there is no " + what);
        }
        if (address % Float.BYTES != 0) {
            throw new IllegalArgumentException(op + ": " + what + " begins at an address that 4 does not divide");
        }
    }

    /** A place in the session's state, in bytes. */
    static void carry(final String op, final String what, final long offset) {
        notNegative(op, what, offset);
        if (offset % Float.BYTES != 0) {
            throw new IllegalArgumentException(op + ": " + what + " is " + offset + ": expected a multiple of 4");
        }
    }

    /** Refuses two buffers that share memory, where an op moves from one to the other. */
    static void apart(final String op, final Region x, final Region y) {
        if (x.address() < y.address() + y.bytes() && y.address() < x.address() + x.bytes()) {
            throw new IllegalArgumentException(op + ": input and output overlap");
        }
    }

    /** A matrix of at least {@code rows} rows, as it is or prepared for this class; none needs memory without rows. */
    static void matrix(
            final String op, final NumericClass numerics, final WeightMatrix w, final int rows, final int cols) {
        notNegative(op, "the number of rows", rows);
        positive(op, "the number of columns", cols);
        atMost(op, "the number of columns", cols, MOST_COLUMNS);
        if (w.rows() < rows || w.cols() != cols) {
            throw new IllegalArgumentException(op + ": the matrix is [" + w.rows() + ", " + w.cols()
                    + "], and the op needs [" + rows + ", " + cols + "]");
        }
        if (w.data() == 0) {
            throw new IllegalArgumentException(op + ": there is no matrix");
        }
        if (w.kind() < 0 || w.isFast() && (numerics == NumericClass.EXACT || w.kind() != numerics.kind())) {
            throw new IllegalArgumentException(op + ": the matrix was prepared for another class than " + numerics);
        }
        final WeightMatrix expected = w.isFast()
                ? WeightMatrix.prepared(numerics, w.rows(), cols, w.data())
                : WeightMatrix.exact(w.kind() == 0 ? WeightType.F32 : WeightType.BF16, w.data(), w.rows(), cols);
        if (!w.equals(expected)) {
            throw new IllegalArgumentException(op + ": " + w + " does not lie in memory as expected: " + expected);
        }
        if (w.isFast() && w.data() % WeightMatrix.ROW_ALIGNMENT != 0) {
            throw new IllegalArgumentException(op + ": the prepared matrix begins at an address that "
                    + WeightMatrix.ROW_ALIGNMENT + " does not divide");
        }
    }

    static void attention(final String op, final AttentionShape s) {
        positive(op, "the number of query heads", s.heads());
        positive(op, "the number of kv heads", s.kvHeads());
        positive(op, "the head dimension", s.headDim());
        positive(op, "the number of relative features", s.dRel());
        atMost(op, "the head dimension", s.headDim(), MOST_OF_A_HEAD);
        atMost(op, "the number of relative features", s.dRel(), MOST_OF_A_HEAD);
        notNegative(op, "the extent", s.extent());
        positive(op, "the window", s.window());
        notNegative(op, "the number of sinks", s.sinks());
        notNegative(op, "the number of sink pages", s.sinkPages());
        positive(op, "the number of ring pages", s.ringPages());
        carry(op, "the layer's place in a page", s.layerOffset());
        if (s.sinks() > (long) s.sinkPages() * KvRingLayout.PAGE_POSITIONS) {
            throw new IllegalArgumentException(
                    op + ": " + s.sinks() + " sinks do not fit in " + s.sinkPages() + " pages that are kept");
        }
        if (s.heads() % s.kvHeads() != 0) {
            throw new IllegalArgumentException(
                    op + ": " + s.heads() + " query heads do not share " + s.kvHeads() + " kv heads evenly");
        }
    }
}
