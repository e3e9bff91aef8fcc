package dev.tactus.kernel.vector;

import dev.tactus.memory.OffHeap;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** The vector width of this machine, and loads and stores by raw address. */
final class Lanes {
    /** Float vectors of the widest kind the machine prefers: 4, 8 or 16 lanes. */
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

    /** Int vectors of the same size. */
    static final VectorSpecies<Integer> INTS = FLOATS.vectorShape().withLanes(int.class);

    /** Floats per vector. */
    static final int LENGTH = FLOATS.length();

    /** Bytes per vector. */
    static final int BYTES = FLOATS.vectorByteSize();

    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private static final long ADDRESS_BITS = (1L << 62) - 1;

    private Lanes() {}

    /**
     * The same address, of which the compiler now knows that it is below 2⁶². Plus an int it is still below the size of
     * the address space, so that accesses at {@code base(a) + i} need no range check. With a check C2 splits each inner
     * loop by a preamble longer than the loops here.
     */
    static long base(final long address) {
        return address & ADDRESS_BITS;
    }

    static FloatVector load(final long address) {
        return FloatVector.fromMemorySegment(FLOATS, OffHeap.ALL, address, ORDER);
    }

    static IntVector loadInts(final long address) {
        return IntVector.fromMemorySegment(INTS, OffHeap.ALL, address, ORDER);
    }

    static void store(final FloatVector v, final long address) {
        v.intoMemorySegment(OffHeap.ALL, address, ORDER);
    }

    static FloatVector zero() {
        return FloatVector.zero(FLOATS);
    }

    static FloatVector broadcast(final float value) {
        return FloatVector.broadcast(FLOATS, value);
    }

    /** How many of {@code n} elements fill whole vectors. */
    static int bound(final int n) {
        return n & -LENGTH;
    }
}
