package dev.tactus.kernel.c;

import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.WeightType;

/**
 * Hands out the arguments of an op, all of them right but at most one: the {@code at}-th, which is as {@code fault}
 * says. Addresses are made up; nothing that gets them may run.
 */
final class FaultyShapes {
    /** What can be wrong with an argument. */
    enum Fault {
        NONE,
        /** A buffer one float too small. */
        SMALL,
        /** An address of 0. */
        ABSENT,
        /** An address between floats. */
        BETWEEN,
        /** A size of 0. */
        ZERO,
        /** A size of -1. */
        NEGATIVE,
        /** A size so large that products overflow an int32, and some an int64. */
        HUGE,
        /** A matrix with a row too few. */
        ROWS,
        /** With a column too many: fewer may be meant so. */
        COLS,
        /** Of another FAST class. */
        CLASS,
        /** Whose rows are further apart than they should be. */
        STRIDE
    }

    private final NumericClass numerics;
    private final Fault fault;
    private final int at;
    private long next = 1 << 20;
    private int asked;
    private boolean used;

    FaultyShapes(final NumericClass numerics, final Fault fault, final int at) {
        this.numerics = numerics;
        this.fault = fault;
        this.at = at;
    }

    /** How many arguments were asked for. */
    int asked() {
        return asked;
    }

    /** Whether the fault could be put in. */
    boolean isUsed() {
        return used;
    }

    private boolean strikes(final Fault kind) {
        final boolean strikes = fault == kind && asked - 1 == at;
        used |= strikes;
        return strikes;
    }

    private long place(final long bytes) {
        final long address = next;
        next += (bytes + 127) & -64;
        return address;
    }

    /** A buffer of exactly so many floats. */
    Region floats(final long count) {
        return bytes(count * Float.BYTES);
    }

    /** A buffer of exactly so many bytes, which is not empty. */
    Region bytes(final long bytes) {
        asked++;
        final long address = place(bytes);
        if (strikes(Fault.SMALL)) {
            return new Region(address, bytes - Float.BYTES);
        }
        if (strikes(Fault.ABSENT)) {
            return new Region(0, bytes);
        }
        return strikes(Fault.BETWEEN) ? new Region(address + 2, bytes) : new Region(address, bytes);
    }

    /** A bfloat16 table, which may lie anywhere. */
    Region unaligned(final long bytes) {
        final Region region = bytes(bytes);
        used &= fault != Fault.BETWEEN || asked - 1 != at;
        return region;
    }

    /** The address of a float32 table. */
    long table() {
        asked++;
        final long address = place(4096);
        if (strikes(Fault.ABSENT)) {
            return 0;
        }
        return strikes(Fault.BETWEEN) ? address + 2 : address;
    }

    /** A size, at least 1, that decides how much memory is touched. */
    int size(final int value) {
        return sizeFrom(1, true, value);
    }

    /** A size that may be 0. */
    int sizeOrNone(final int value) {
        return sizeFrom(0, true, value);
    }

    /** A size, at least 1, of what is known by its address alone. */
    int count(final int value) {
        return sizeFrom(1, false, value);
    }

    /** The same, but it may be 0: an offset. */
    int offset(final int value) {
        return sizeFrom(0, false, value);
    }

    private int sizeFrom(final int least, final boolean limited, final int value) {
        asked++;
        if (least > 0 && strikes(Fault.ZERO)) {
            return 0;
        }
        if (strikes(Fault.NEGATIVE)) {
            return -1;
        }
        return limited && strikes(Fault.HUGE) ? Integer.MAX_VALUE - 3 : value;
    }

    /** A matrix of exactly this shape. */
    WeightMatrix matrix(final int rows, final int cols) {
        asked++;
        final long address = place(1 << 16);
        if (strikes(Fault.ABSENT)) {
            return of(numerics, rows, cols, 0);
        }
        if (strikes(Fault.ROWS)) {
            return of(numerics, rows - 1, cols, address);
        }
        if (strikes(Fault.COLS)) {
            return of(numerics, rows, cols + 1, address);
        }
        if (strikes(Fault.CLASS)) {
            final NumericClass other =
                    numerics == NumericClass.FAST_INT8 ? NumericClass.FAST_BF16 : NumericClass.FAST_INT8;
            return of(other, rows, cols, address);
        }
        final WeightMatrix m = of(numerics, rows, cols, address);
        return strikes(Fault.STRIDE)
                ? new WeightMatrix(m.kind(), m.data(), m.stride() + 64, m.scale(), m.sum(), rows, cols)
                : m;
    }

    private static WeightMatrix of(final NumericClass numerics, final int rows, final int cols, final long address) {
        return numerics == NumericClass.EXACT
                ? WeightMatrix.exact(WeightType.F32, address, rows, cols)
                : WeightMatrix.prepared(numerics, rows, cols, address);
    }
}
