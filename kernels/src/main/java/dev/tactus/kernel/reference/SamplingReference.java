package dev.tactus.kernel.reference;

import dev.tactus.kernel.CandidateDraw;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.memory.OffHeap;

/** The draw of a token: candidates by insertion into a sorted list. */
final class SamplingReference {
    private SamplingReference() {}

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
        for (int id = 0; id < vocabulary; id++) {
            final float logit = OffHeap.getFloat(logits + (long) id * Float.BYTES);
            if (!Float.isFinite(logit)) {
                return KernelSet.NOT_FINITE;
            }
            final long word = OffHeap.getLong(mask + (long) (id >> 6) * Long.BYTES);
            if ((word >>> (id & 63) & 1) != 0) {
                count = insert(scratch, count, limit, logit, id);
            }
        }
        return count == 0
                ? KernelSet.NOTHING_ALLOWED
                : CandidateDraw.draw(scratch, count, parameters, seed, sessionTick, positionInTick);
    }

    /** Puts a candidate behind those that are not smaller; the last one drops out of a full list. */
    private static int insert(final long scratch, final int count, final int limit, final float logit, final int id) {
        int place = count;
        if (count == limit) {
            place = limit - 1;
            if (!(logit > CandidateDraw.logit(scratch, place))) {
                return count;
            }
        }
        while (place > 0 && logit > CandidateDraw.logit(scratch, place - 1)) {
            final int better = place - 1;
            CandidateDraw.set(scratch, place, CandidateDraw.logit(scratch, better), CandidateDraw.id(scratch, better));
            place = better;
        }
        CandidateDraw.set(scratch, place, logit, id);
        return Math.min(count + 1, limit);
    }
}
