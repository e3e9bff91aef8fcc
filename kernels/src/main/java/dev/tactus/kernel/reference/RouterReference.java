package dev.tactus.kernel.reference;

import dev.tactus.kernel.Elementary;
import dev.tactus.kernel.ExactMath;
import dev.tactus.memory.OffHeap;

/** The choice of experts. */
final class RouterReference {
    private RouterReference() {}

    static void route(
            final long z,
            final long bias,
            final int routed,
            final int shared,
            final int chosen,
            final float scale,
            final long experts,
            final long p) {
        for (int e = 0; e < routed; e++) {
            final float score = Elementary.sigmoid(get(z, e)) + get(bias, e);
            offer(e, score, Math.min(e, chosen), chosen, experts, p);
        }
        for (int s = 0; s < shared; s++) {
            OffHeap.putInt(experts + (long) (chosen + s) * Integer.BYTES, routed + s);
        }
        weigh(z, chosen + shared, scale, experts, p);
    }

    /**
     * Keeps the best in {@code experts}, their scores in {@code p}, both falling: a newcomer goes behind its equals,
     * which have lower indexes. An expert enters whatever its score while there is room, so that even NaN logits give
     * indexes.
     */
    private static void offer(
            final int expert, final float score, final int kept, final int chosen, final long experts, final long p) {
        int place = kept;
        if (kept == chosen) {
            place = chosen - 1;
            if (place < 0 || !(score > get(p, place))) {
                return;
            }
        }
        while (place > 0 && score > get(p, place - 1)) {
            put(p, place, get(p, place - 1));
            OffHeap.putInt(experts + (long) place * Integer.BYTES, expertAt(experts, place - 1));
            place--;
        }
        put(p, place, score);
        OffHeap.putInt(experts + (long) place * Integer.BYTES, expert);
    }

    /** Replaces the scores in {@code p} by softmax(log σ(z)) · scale over all kept experts. */
    private static void weigh(final long z, final int count, final float scale, final long experts, final long p) {
        float m = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            final float lp = logSigmoid(get(z, expertAt(experts, i)));
            put(p, i, lp);
            m = m > lp ? m : lp;
        }
        for (int i = 0; i < count; i++) {
            put(p, i, Elementary.exp(get(p, i) - m));
        }
        final float total = ExactMath.sum(p, count);
        for (int i = 0; i < count; i++) {
            put(p, i, get(p, i) / total * scale);
        }
    }

    private static float logSigmoid(final float z) {
        return z >= 0f ? -Elementary.log(1f + Elementary.exp(-z)) : z - Elementary.log(1f + Elementary.exp(z));
    }

    private static int expertAt(final long experts, final int place) {
        return OffHeap.getInt(experts + (long) place * Integer.BYTES);
    }

    private static float get(final long address, final int index) {
        return OffHeap.getFloat(address + (long) index * Float.BYTES);
    }

    private static void put(final long address, final int index, final float value) {
        OffHeap.putFloat(address + (long) index * Float.BYTES, value);
    }
}
