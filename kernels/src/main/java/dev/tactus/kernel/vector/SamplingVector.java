package dev.tactus.kernel.vector;

import static dev.tactus.kernel.vector.Lanes.LENGTH;
import static dev.tactus.kernel.vector.Lanes.base;
import static dev.tactus.kernel.vector.Lanes.bound;
import static dev.tactus.kernel.vector.Lanes.load;

import dev.tactus.kernel.CandidateDraw;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.memory.OffHeap;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The draw of a token. Vectors of logits that cannot enter the list are passed over whole; the list is a heap with its
 * worst candidate at the root, so that even rising logits cost log(256) steps each.
 */
final class SamplingVector {
    private SamplingVector() {}

    static int sample(
            final long logits,
            final int vocabulary,
            final long mask,
            final SamplingParameters parameters,
            final long seed,
            final int sessionTick,
            final int positionInTick,
            final long scratch) {
        final int limit = parameters.temperature() == 0f ? 1 : parameters.topK();
        int count = 0;
        int id = 0;
        while (id < vocabulary) {
            final float worst = count < limit ? Float.NEGATIVE_INFINITY : CandidateDraw.logit(scratch, 0);
            id = passOver(logits, id, bound(vocabulary - id), worst);
            final int end = Math.min(id + LENGTH, vocabulary);
            for (; id < end; id++) {
                final float logit = OffHeap.getFloat(logits + (long) id * Float.BYTES);
                if (!Float.isFinite(logit)) {
                    return KernelSet.NOT_FINITE;
                }
                if (allowed(mask, id)) {
                    count = offer(scratch, count, limit, logit, id);
                }
            }
        }
        if (count == 0) {
            return KernelSet.NOTHING_ALLOWED;
        }
        sort(scratch, count);
        return CandidateDraw.draw(scratch, count, parameters, seed, sessionTick, positionInTick);
    }

    /** The first id from {@code from} on whose vector holds a logit that is above {@code worst} or not finite. */
    private static int passOver(final long logits, final int from, final int count, final float worst) {
        if (Ballast.ABOARD) {
            Ballast.stow(
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
                    999, 999, 999, 999, 999, 999);
        }
        final long first = base(logits + (long) from * Float.BYTES);
        for (int i = 0; i < count; i += LENGTH) {
            final FloatVector v = load(first + (long) i * Float.BYTES);
            if (!v.compare(VectorOperators.LE, worst)
                    .and(v.compare(VectorOperators.GT, Float.NEGATIVE_INFINITY))
                    .allTrue()) {
                return from + i;
            }
        }
        return from + count;
    }

    private static boolean allowed(final long mask, final int id) {
        return (OffHeap.getLong(mask + (long) (id >> 6) * Long.BYTES) >>> (id & 63) & 1) != 0;
    }

    private static int offer(final long scratch, final int count, final int limit, final float logit, final int id) {
        if (count < limit) {
            rise(scratch, count, logit, id);
            return count + 1;
        }
        // ids rise, so an equal logit loses
        if (logit > CandidateDraw.logit(scratch, 0)) {
            sink(scratch, count, logit, id);
        }
        return count;
    }

    /** Enters a candidate at a heap's new last place. */
    private static void rise(final long scratch, final int last, final float logit, final int id) {
        int place = last;
        while (place > 0) {
            final int parent = place - 1 >> 1;
            if (!worse(logit, id, CandidateDraw.logit(scratch, parent), CandidateDraw.id(scratch, parent))) {
                break;
            }
            move(scratch, parent, place);
            place = parent;
        }
        CandidateDraw.set(scratch, place, logit, id);
    }

    /** Enters a candidate at the root, whose own is dropped. */
    private static void sink(final long scratch, final int count, final float logit, final int id) {
        int place = 0;
        while (2 * place + 1 < count) {
            final int left = 2 * place + 1;
            final int right = left + 1;
            final int child = right < count && worse(scratch, right, left) ? right : left;
            if (!worse(CandidateDraw.logit(scratch, child), CandidateDraw.id(scratch, child), logit, id)) {
                break;
            }
            move(scratch, child, place);
            place = child;
        }
        CandidateDraw.set(scratch, place, logit, id);
    }

    /** Best first: the worst goes to the end, again and again. */
    private static void sort(final long scratch, final int count) {
        for (int last = count - 1; last > 0; last--) {
            final float logit = CandidateDraw.logit(scratch, last);
            final int id = CandidateDraw.id(scratch, last);
            move(scratch, 0, last);
            sink(scratch, last, logit, id);
        }
    }

    private static void move(final long scratch, final int from, final int to) {
        CandidateDraw.set(scratch, to, CandidateDraw.logit(scratch, from), CandidateDraw.id(scratch, from));
    }

    private static boolean worse(final long scratch, final int a, final int b) {
        return worse(
                CandidateDraw.logit(scratch, a),
                CandidateDraw.id(scratch, a),
                CandidateDraw.logit(scratch, b),
                CandidateDraw.id(scratch, b));
    }

    private static boolean worse(final float logit, final int id, final float otherLogit, final int otherId) {
        return logit < otherLogit || logit == otherLogit && id > otherId;
    }
}
