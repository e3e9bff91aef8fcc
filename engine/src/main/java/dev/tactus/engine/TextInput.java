package dev.tactus.engine;

import dev.tactus.scheduler.IngressRing;
import dev.tactus.scheduler.Modality;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.agrona.concurrent.NanoClock;

/**
 * What a session reads: chunks of token ids, tokenised on the producer's thread. A tick takes in at most
 * {@code text_in_max} ids; more wait, and none are lost. One producer thread.
 */
public final class TextInput extends MediaInput {
    /** Most ids of a slot; longer text takes several. */
    public static final int SLOT_IDS = 256;

    private final int vocabulary;
    private int next;

    TextInput(final SessionState state, final IngressRing ingress, final NanoClock clock, final int vocabulary) {
        super(state, Modality.TEXT, ingress, clock);
        this.vocabulary = vocabulary;
    }

    /**
     * Offers a chunk of ids, whole or not at all per slot of {@value #SLOT_IDS}.
     *
     * @param captureNs when the text arrived, on the engine clock
     * @return how many of the ids were accepted; fewer than given when slots or ring are full
     * @throws IllegalArgumentException when an id is outside the vocabulary; nothing is accepted then
     */
    public int offer(final int[] ids, final long captureNs) {
        for (final int id : ids) {
            if (id < 0 || id >= vocabulary) {
                throw new IllegalArgumentException(
                        "text id " + id + " is outside the vocabulary: expected 0 to " + (vocabulary - 1));
            }
        }
        int accepted = 0;
        while (accepted < ids.length) {
            final MemorySegment slot = claim();
            final int count = Math.min(SLOT_IDS, ids.length - accepted);
            if (slot == null) {
                return accepted;
            }
            MemorySegment.copy(ids, accepted, slot, ValueLayout.JAVA_INT, 0, count);
            if (!commit(0, next, captureNs, count)) {
                return accepted;
            }
            next++;
            accepted += count;
        }
        return accepted;
    }
}
