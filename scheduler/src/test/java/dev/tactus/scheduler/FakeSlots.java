package dev.tactus.scheduler;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Slot pools that know every slot they gave away, and fail on one that comes back twice or while a tick reads it. */
final class FakeSlots implements MediaSlots {
    private final int slotsPerPool;
    private final Map<Integer, ArrayDeque<Integer>> free = new HashMap<>();
    private final Map<Integer, Set<Integer>> claimed = new HashMap<>();
    private final Map<Integer, int[]> texts = new HashMap<>();

    /** Slots, as {@link #key}s, that the tick in flight reads. */
    final Set<Integer> beingRead = new HashSet<>();

    FakeSlots(final int slotsPerPool) {
        this.slotsPerPool = slotsPerPool;
    }

    static int key(final int session, final int modality, final int slot) {
        return (session * Modality.COUNT + modality) << 16 | slot;
    }

    private ArrayDeque<Integer> free(final int session, final int modality) {
        return free.computeIfAbsent(key(session, modality, 0), k -> {
            final ArrayDeque<Integer> all = new ArrayDeque<>();
            for (int i = 0; i < slotsPerPool; i++) {
                all.add(i);
            }
            return all;
        });
    }

    private Set<Integer> claimed(final int session, final int modality) {
        return claimed.computeIfAbsent(key(session, modality, 0), k -> new HashSet<>());
    }

    /** A free slot, -1 when there is none. */
    int claim(final int session, final Modality modality) {
        final Integer slot = free(session, modality.code()).poll();
        if (slot == null) {
            return -1;
        }
        claimed(session, modality.code()).add(slot);
        return slot;
    }

    void text(final int session, final int slot, final int... ids) {
        texts.put(key(session, Modality.TEXT.code(), slot), ids);
    }

    /** Makes all slots of a session free, as the engine does before it reuses an index. */
    void reset(final int session) {
        for (final Modality modality : Modality.values()) {
            free.remove(key(session, modality.code(), 0));
            claimed.remove(key(session, modality.code(), 0));
        }
    }

    int inUse(final int session, final Modality modality) {
        return claimed(session, modality.code()).size();
    }

    int available(final int session, final Modality modality) {
        return free(session, modality.code()).size();
    }

    List<Integer> slotsInUse(final int session, final Modality modality) {
        return new ArrayList<>(claimed(session, modality.code()));
    }

    @Override
    public void release(final int session, final int modality, final int slot) {
        if (beingRead.contains(key(session, modality, slot))) {
            throw new AssertionError("slot " + slot + " of session " + session + ", " + Modality.of(modality)
                    + " came back while a tick reads it");
        }
        if (!claimed(session, modality).remove(slot)) {
            throw new AssertionError(
                    "slot " + slot + " of session " + session + ", " + Modality.of(modality) + " was not in use");
        }
        free(session, modality).add(slot);
    }

    @Override
    public int textId(final int session, final int slot, final int index) {
        if (!claimed(session, Modality.TEXT.code()).contains(slot)) {
            throw new AssertionError("text slot " + slot + " of session " + session + " is read after its return");
        }
        return texts.get(key(session, Modality.TEXT.code(), slot))[index];
    }
}
