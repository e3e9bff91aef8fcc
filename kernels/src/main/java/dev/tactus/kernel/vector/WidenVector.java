package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.INTS;
import static dev.tactus.kernel.vector.Lanes.LENGTH;
import static dev.tactus.kernel.vector.Lanes.bound;
import static dev.tactus.kernel.vector.Lanes.load;
import static dev.tactus.kernel.vector.Lanes.store;

import dev.tactus.kernel.WeightType;
import dev.tactus.memory.OffHeap;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Reads of matrix rows in their natural order: whole rows, and sums of them. */
final class WidenVector {
    private static final VectorSpecies<Short> SHORTS =
            VectorShape.forBitSize(LENGTH * Short.SIZE).withLanes(short.class);

    private WidenVector() {}

    static void widen(final WeightType type, final long source, final long target, final int n) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        if (type == WeightType.F32) {
            OffHeap.copy(source, target, (long) n * Float.BYTES);
            return;
        }
        for (int i = 0; i < bound(n); i += LENGTH) {
            store(bfloat16(source + (long) i * Short.BYTES), target + (long) i * Float.BYTES);
        }
        for (int i = bound(n); i < n; i++) {
            RowVector.put(target, i, OffHeap.getBfloat16(source + (long) i * Short.BYTES));
        }
    }

    static void audioBag(
            final WeightType type,
            final long table,
            final long bin,
            final int mels,
            final int bins,
            final int d,
            final long y,
            final int d0,
            final int d1) {
        for (int c = d0; c < d1; c++) {
            RowVector.put(y, c, 0f);
        }
        for (int m = 0; m < mels; m++) {
            final long index = (long) m * bins + OffHeap.getInt(bin + (long) m * Integer.BYTES);
            final long row = table + index * d * type.bytes();
            if (type == WeightType.BF16) {
                addBfloat16(row, y, d0, d1);
            } else {
                RowVector.addRow(row, y, d0, d1);
            }
        }
    }

    private static void addBfloat16(final long row, final long y, final int d0, final int d1) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final int whole = d0 + bound(d1 - d0);
        for (int c = d0; c < whole; c += LENGTH) {
            final long at = y + (long) c * Float.BYTES;
            store(load(at).add(bfloat16(row + (long) c * Short.BYTES)), at);
        }
        for (int c = whole; c < d1; c++) {
            RowVector.put(y, c, RowVector.get(y, c) + OffHeap.getBfloat16(row + (long) c * Short.BYTES));
        }
    }

    private static FloatVector bfloat16(final long address) {
        return ShortVector.fromMemorySegment(SHORTS, OffHeap.ALL, address, ByteOrder.nativeOrder())
                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)
                .reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats();
    }
}
