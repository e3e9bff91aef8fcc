package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.BYTES;
import static dev.tactus.kernel.vector.Lanes.LENGTH;
import static dev.tactus.kernel.vector.Lanes.base;
import static dev.tactus.kernel.vector.Lanes.bound;
import static dev.tactus.kernel.vector.Lanes.load;
import static dev.tactus.kernel.vector.Lanes.store;

import dev.tactus.kernel.Elementary;
import dev.tactus.memory.OffHeap;
import jdk.incubator.vector.FloatVector;

/**
 * Ops in which an output depends on one place of its inputs. What fills no vector is done by the same steps one by one.
 */
final class RowVector {
    private RowVector() {}

    static float get(final long address, final int index) {
        return OffHeap.getFloat(address + (long) index * Float.BYTES);
    }

    static void put(final long address, final int index, final float value) {
        OffHeap.putFloat(address + (long) index * Float.BYTES, value);
    }

    static void swiglu(
            final long gu, final long h, final int i0, final int i1, final boolean scaled, final float scale) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final int whole = i0 + bound(i1 - i0);
        for (int i = i0; i < whole; i += LENGTH) {
            final long source = gu + 2L * i * Float.BYTES;
            final FloatVector low = load(source);
            final FloatVector high = load(source + BYTES);
            final FloatVector g = Deinterleave.evens(low, high);
            final FloatVector silu = g.div(VectorElementary.exp(g.neg()).add(1f));
            final FloatVector product = silu.mul(Deinterleave.odds(low, high));
            store(scaled ? product.mul(scale) : product, h + (long) i * Float.BYTES);
        }
        for (int i = whole; i < i1; i++) {
            final float product = Elementary.silu(get(gu, 2 * i)) * get(gu, 2 * i + 1);
            put(h, i, scaled ? product * scale : product);
        }
    }

    static void silu(final long x, final int i0, final int i1) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final int whole = i0 + bound(i1 - i0);
        for (int i = i0; i < whole; i += LENGTH) {
            final long at = base(x + (long) i * Float.BYTES);
            final FloatVector g = load(at);
            store(g.div(VectorElementary.exp(g.neg()).add(1f)), at);
        }
        for (int i = whole; i < i1; i++) {
            put(x, i, Elementary.silu(get(x, i)));
        }
    }

    static void scale(final long x, final float factor, final int i0, final int i1) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final int whole = i0 + bound(i1 - i0);
        for (int i = i0; i < whole; i += LENGTH) {
            final long at = base(x + (long) i * Float.BYTES);
            store(load(at).mul(factor), at);
        }
        for (int i = whole; i < i1; i++) {
            put(x, i, get(x, i) * factor);
        }
    }

    static void fmaRow(final float p, final long y, final long out, final int i0, final int i1) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final FloatVector ps = Lanes.broadcast(p);
        final int whole = i0 + bound(i1 - i0);
        for (int i = i0; i < whole; i += LENGTH) {
            final long at = base(out + (long) i * Float.BYTES);
            store(ps.fma(load(base(y + (long) i * Float.BYTES)), load(at)), at);
        }
        for (int i = whole; i < i1; i++) {
            put(out, i, Math.fma(p, get(y, i), get(out, i)));
        }
    }

    static void addRow(final long y, final long out, final int i0, final int i1) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final int whole = i0 + bound(i1 - i0);
        for (int i = i0; i < whole; i += LENGTH) {
            final long at = base(out + (long) i * Float.BYTES);
            store(load(at).add(load(base(y + (long) i * Float.BYTES))), at);
        }
        for (int i = whole; i < i1; i++) {
            put(out, i, get(out, i) + get(y, i));
        }
    }
}
