package dev.tactus.kernel.reference;

import dev.tactus.kernel.Elementary;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.OffHeap;

/** Ops in which an output depends on one place of its inputs. */
final class ElementwiseReference {
    private ElementwiseReference() {}

    static void widen(final WeightType type, final long source, final long target, final int n) {
        for (int i = 0; i < n; i++) {
            put(target, i, weight(type, source, i));
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
            float a = 0f;
            for (int m = 0; m < mels; m++) {
                final long row = (long) m * bins + OffHeap.getInt(bin + (long) m * Integer.BYTES);
                a += weight(type, table, row * d + c);
            }
            put(y, c, a);
        }
    }

    static void swiglu(
            final long gu, final long h, final int i0, final int i1, final boolean scaled, final float scale) {
        for (int i = i0; i < i1; i++) {
            final float product = Elementary.silu(get(gu, 2L * i)) * get(gu, 2L * i + 1);
            put(h, i, scaled ? product * scale : product);
        }
    }

    static void gelu(final long x, final int i0, final int i1) {
        for (int i = i0; i < i1; i++) {
            final float v = get(x, i);
            put(x, i, (0.5f * v) * (1f + Elementary.erf(v * 0.70710678f)));
        }
    }

    static void silu(final long x, final int i0, final int i1) {
        for (int i = i0; i < i1; i++) {
            put(x, i, Elementary.silu(get(x, i)));
        }
    }

    static void scale(final long x, final float factor, final int i0, final int i1) {
        for (int i = i0; i < i1; i++) {
            put(x, i, get(x, i) * factor);
        }
    }

    static void fmaRow(final float p, final long y, final long out, final int i0, final int i1) {
        for (int i = i0; i < i1; i++) {
            put(out, i, Math.fma(p, get(y, i), get(out, i)));
        }
    }

    static void addRow(final long y, final long out, final int i0, final int i1) {
        for (int i = i0; i < i1; i++) {
            put(out, i, get(out, i) + get(y, i));
        }
    }

    private static float weight(final WeightType type, final long address, final long index) {
        return type == WeightType.BF16
                ? OffHeap.getBfloat16(address + index * Short.BYTES)
                : OffHeap.getFloat(address + index * Float.BYTES);
    }

    private static float get(final long address, final long index) {
        return OffHeap.getFloat(address + index * Float.BYTES);
    }

    private static void put(final long address, final long index, final float value) {
        OffHeap.putFloat(address + index * Float.BYTES, value);
    }
}
