package dev.tactus.engine.tuning;

import dev.tactus.kernel.ExactMath;
import dev.tactus.memory.OffHeap;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/** Elementwise steps over float32 rows at raw addresses: one rounding per operation, whatever the width of a vector. */
final class Floats {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    /** A quarter of the 32 lanes of a dot. */
    private static final VectorSpecies<Float> QUARTER = FloatVector.SPECIES_256;

    private static final int QUARTER_LANES = 8;

    private Floats() {}

    static float get(final long address, final long index) {
        return OffHeap.getFloat(address + index * Float.BYTES);
    }

    static void put(final long address, final long index, final float value) {
        OffHeap.putFloat(address + index * Float.BYTES, value);
    }

    static FloatVector load(final long address, final long index) {
        return FloatVector.fromMemorySegment(
                SPECIES, OffHeap.ALL, address + index * Float.BYTES, ByteOrder.nativeOrder());
    }

    static void store(final FloatVector vector, final long address, final long index) {
        vector.intoMemorySegment(OffHeap.ALL, address + index * Float.BYTES, ByteOrder.nativeOrder());
    }

    /** How many of {@code n} elements whole vectors cover. */
    static int bound(final int n) {
        return SPECIES.loopBound(n);
    }

    /** Elements of a vector. */
    static int lanes() {
        return LANES;
    }

    /** Where row {@code row} of a matrix of {@code columns} floats begins. */
    static long row(final long address, final long row, final int columns) {
        return address + row * columns * Float.BYTES;
    }

    /** Copies {@code n} floats between places that do not overlap. */
    static void copy(final long source, final long target, final int n) {
        int i = 0;
        for (; i < bound(n); i += LANES) {
            store(load(source, i), target, i);
        }
        for (; i < n; i++) {
            put(target, i, get(source, i));
        }
    }

    /** {@code y = 0}. */
    static void zero(final long y, final long n) {
        OffHeap.zero(y, n * Float.BYTES);
    }

    /** {@code y = y + x}. */
    static void add(final long x, final long y, final int n) {
        int i = 0;
        for (; i < bound(n); i += LANES) {
            store(load(y, i).add(load(x, i)), y, i);
        }
        for (; i < n; i++) {
            put(y, i, get(y, i) + get(x, i));
        }
    }

    /** {@code y = fma(a, x, y)}. */
    static void addScaled(final float a, final long x, final long y, final int n) {
        final FloatVector factor = FloatVector.broadcast(SPECIES, a);
        int i = 0;
        for (; i < bound(n); i += LANES) {
            store(factor.fma(load(x, i), load(y, i)), y, i);
        }
        for (; i < n; i++) {
            put(y, i, Math.fma(a, get(x, i), get(y, i)));
        }
    }

    /** {@code y = y + (a · x)}: two roundings, unlike {@link #addScaled}. */
    static void addProduct(final float a, final long x, final long y, final int n) {
        int i = 0;
        for (; i < bound(n); i += LANES) {
            store(load(y, i).add(load(x, i).mul(a)), y, i);
        }
        for (; i < n; i++) {
            put(y, i, get(y, i) + get(x, i) * a);
        }
    }

    /** {@code y = a · x}; y may be x. */
    static void scale(final float a, final long x, final long y, final int n) {
        int i = 0;
        for (; i < bound(n); i += LANES) {
            store(load(x, i).mul(a), y, i);
        }
        for (; i < n; i++) {
            put(y, i, get(x, i) * a);
        }
    }

    /** {@code z = x · y}, elementwise. */
    static void multiply(final long x, final long y, final long z, final int n) {
        int i = 0;
        for (; i < bound(n); i += LANES) {
            store(load(x, i).mul(load(y, i)), z, i);
        }
        for (; i < n; i++) {
            put(z, i, get(x, i) * get(y, i));
        }
    }

    /** {@code Σ x·y}, with the lanes and the tree of {@link ExactMath#dot}. */
    static float dot(final long x, final long y, final int n) {
        if (LANES < QUARTER_LANES) {
            return ExactMath.dot(x, y, n);
        }
        FloatVector a = FloatVector.zero(QUARTER);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        int i = 0;
        for (; i <= n - ExactMath.LANES; i += ExactMath.LANES) {
            a = quarter(x, i).fma(quarter(y, i), a);
            b = quarter(x, i + 8).fma(quarter(y, i + 8), b);
            c = quarter(x, i + 16).fma(quarter(y, i + 16), c);
            d = quarter(x, i + 24).fma(quarter(y, i + 24), d);
        }
        if (i < n) {
            a = part(x, i, n).fma(part(y, i, n), a);
            b = part(x, i + 8, n).fma(part(y, i + 8, n), b);
            c = part(x, i + 16, n).fma(part(y, i + 16, n), c);
            d = part(x, i + 24, n).fma(part(y, i + 24, n), d);
        }
        final FloatVector v = a.add(c).add(b.add(d));
        final float even = (v.lane(0) + v.lane(4)) + (v.lane(2) + v.lane(6));
        return even + ((v.lane(1) + v.lane(5)) + (v.lane(3) + v.lane(7)));
    }

    private static FloatVector quarter(final long address, final int index) {
        return FloatVector.fromMemorySegment(
                QUARTER, OffHeap.ALL, address + (long) index * Float.BYTES, ByteOrder.nativeOrder());
    }

    /** What is left from {@code index} on, and zeros. */
    private static FloatVector part(final long address, final int index, final int n) {
        final VectorMask<Float> inside = QUARTER.indexInRange(index, n);
        return FloatVector.fromMemorySegment(
                QUARTER, OffHeap.ALL, address + (long) index * Float.BYTES, ByteOrder.nativeOrder(), inside);
    }
}
