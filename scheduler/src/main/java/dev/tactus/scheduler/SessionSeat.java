package dev.tactus.scheduler;

import java.util.Arrays;
import org.agrona.MutableDirectBuffer;

/**
 * One session as the seal sees it: which media wait, which slots are held, which controls are in force.
 *
 * <p>Used by the tick thread only. Every queue here is bounded by the pool of the modality: a slot that waits is a slot
 * that cannot be claimed.
 */
final class SessionSeat {
    /** Audio slots that may wait, counted from the first position of the next tick. */
    static final int AUDIO_AHEAD = 16;

    private static final int NONE = TickRecord.GAP;

    final int session;
    int generation;
    boolean active;
    boolean held;
    boolean muted;
    boolean cut;
    EndReason ending;
    int modalities;
    long firstBeat;
    long nextTick;
    int skippedInARow;

    private final int[] audioSlot = new int[AUDIO_AHEAD];
    private final long[] audioCaptureNs = new long[AUDIO_AHEAD];
    private final long[] audioCommitNs = new long[AUDIO_AHEAD];
    private int leftSlot;

    private final SlotQueue video;
    private final SlotQueue text;
    private int shownFrame;
    private int textTaken;

    private final int[] returning;
    private int returningCount;
    private int dropped;

    private final MediaSlots slots;
    private final LoopCounters counters;

    SessionSeat(
            final int session,
            final int videoSlots,
            final int textSlots,
            final MediaSlots slots,
            final LoopCounters counters) {
        this.session = session;
        this.video = new SlotQueue(videoSlots);
        this.text = new SlotQueue(textSlots);
        this.returning = new int[TickRecord.AUDIO_POSITIONS + 2];
        this.slots = slots;
        this.counters = counters;
    }

    void open(final int newGeneration, final int declared, final long beat) {
        generation = newGeneration;
        modalities = declared;
        firstBeat = beat;
        active = true;
        held = false;
        muted = false;
        cut = false;
        ending = null;
        nextTick = 0;
        skippedInARow = 0;
        Arrays.fill(audioSlot, NONE);
        leftSlot = NONE;
        shownFrame = NONE;
        textTaken = 0;
        returningCount = 0;
        dropped = 0;
        video.clear();
        text.clear();
    }

    /** Takes a media record in. A record that cannot be used is dropped, counted, and its slot returned. */
    void onMedia(
            final Modality modality,
            final int slot,
            final int sequence,
            final long captureNs,
            final long commitNs,
            final int length) {
        if (!modality.in(modalities)) {
            drop(modality, slot, LoopCounters.UNDECLARED);
        } else if (modality == Modality.AUDIO) {
            onAudio(slot, sequence, captureNs, commitNs);
        } else {
            final SlotQueue queue = modality == Modality.VIDEO ? video : text;
            if (!queue.offer(slot, sequence, captureNs, commitNs, length)) {
                drop(modality, slot, LoopCounters.OVERFLOW);
            }
        }
    }

    private void onAudio(final int slot, final int sequence, final long captureNs, final long commitNs) {
        // a difference, so that sequences may wrap
        final int ahead = sequence - (int) (nextTick * TickRecord.AUDIO_POSITIONS);
        final int at = sequence & AUDIO_AHEAD - 1;
        if (ahead < 0) {
            drop(Modality.AUDIO, slot, LoopCounters.LATE);
        } else if (ahead >= AUDIO_AHEAD) {
            drop(Modality.AUDIO, slot, LoopCounters.EARLY);
        } else if (audioSlot[at] != NONE) {
            drop(Modality.AUDIO, slot, LoopCounters.DUPLICATE);
        } else {
            audioSlot[at] = slot;
            audioCaptureNs[at] = captureNs;
            audioCommitNs[at] = commitNs;
        }
    }

    private void drop(final Modality modality, final int slot, final int counter) {
        counters.increment(counter);
        dropped++;
        slots.release(session, modality.code(), slot);
    }

    /** Writes the record of the next tick, which runs. */
    void seal(
            final MutableDirectBuffer records,
            final int offset,
            final long tickEndNs,
            final int textInMax,
            final int textBudget) {
        TickRecord.begin(records, offset, session, generation, nextTick, textBudget);
        int flags = (held ? TickRecord.HELD : 0) | (muted ? TickRecord.MUTED : 0) | (cut ? TickRecord.CUT : 0);
        cut = false;
        if (Modality.AUDIO.in(modalities) && sealAudio(records, offset)) {
            flags |= TickRecord.STARVED;
        }
        if (Modality.VIDEO.in(modalities) && sealVideo(records, offset, tickEndNs)) {
            flags |= TickRecord.STARVED;
        }
        if (Modality.TEXT.in(modalities)) {
            sealText(records, offset, tickEndNs, textInMax);
        }
        TickRecord.flags(records, offset, flags);
        TickRecord.skippedBefore(records, offset, skippedInARow);
        TickRecord.dropped(records, offset, dropped);
        dropped = 0;
        skippedInARow = 0;
        nextTick++;
    }

    /** Returns whether there was a gap. */
    private boolean sealAudio(final MutableDirectBuffer records, final int offset) {
        final int first = (int) (nextTick * TickRecord.AUDIO_POSITIONS) & AUDIO_AHEAD - 1;
        TickRecord.audioLeft(records, offset, leftSlot);
        if (leftSlot != NONE) {
            returnLater(leftSlot, Modality.AUDIO);
        }
        boolean gap = false;
        for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
            final int at = first + i & AUDIO_AHEAD - 1;
            final int slot = audioSlot[at];
            audioSlot[at] = NONE;
            TickRecord.audioSlot(records, offset, i, slot);
            leftSlot = slot;
            if (slot == NONE) {
                gap = true;
                counters.increment(LoopCounters.AUDIO_GAP);
                continue;
            }
            TickRecord.captured(records, offset, audioCaptureNs[at], audioCommitNs[at]);
            if (i < TickRecord.AUDIO_POSITIONS - 1) {
                returnLater(slot, Modality.AUDIO);
            }
        }
        return gap;
    }

    /** Returns whether there was a gap. */
    private boolean sealVideo(final MutableDirectBuffer records, final int offset, final long tickEndNs) {
        int newest = NONE;
        while (!video.isEmpty() && video.captureNs() < tickEndNs) {
            if (newest != NONE) {
                drop(Modality.VIDEO, newest, LoopCounters.SUPERSEDED);
            }
            newest = video.slot();
            TickRecord.video(records, offset, newest, shownFrame, video.sequence());
            TickRecord.captured(records, offset, video.captureNs(), video.commitNs());
            video.remove();
        }
        if (newest == NONE) {
            counters.increment(LoopCounters.VIDEO_GAP);
            return true;
        }
        if (shownFrame != NONE) {
            returnLater(shownFrame, Modality.VIDEO);
        }
        shownFrame = newest;
        return false;
    }

    private void sealText(
            final MutableDirectBuffer records, final int offset, final long tickEndNs, final int textInMax) {
        int room = textInMax;
        while (room > 0 && !text.isEmpty() && text.captureNs() < tickEndNs) {
            TickRecord.captured(records, offset, text.captureNs(), text.commitNs());
            final int take = Math.min(room, text.length() - textTaken);
            for (int i = 0; i < take; i++) {
                TickRecord.addTextId(records, offset, slots.textId(session, text.slot(), textTaken + i));
            }
            room -= take;
            textTaken += take;
            if (textTaken == text.length()) {
                slots.release(session, Modality.TEXT.code(), text.slot());
                text.remove();
                textTaken = 0;
            }
        }
    }

    /** Writes the record of the next tick, which does not run: its audio is lost, its video and text wait. */
    void skip(final MutableDirectBuffer records, final int offset) {
        TickRecord.begin(records, offset, session, generation, nextTick, 0);
        final int first = (int) (nextTick * TickRecord.AUDIO_POSITIONS) & AUDIO_AHEAD - 1;
        for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
            final int at = first + i & AUDIO_AHEAD - 1;
            if (audioSlot[at] != NONE) {
                drop(Modality.AUDIO, audioSlot[at], LoopCounters.LATE);
                audioSlot[at] = NONE;
            }
        }
        if (leftSlot != NONE) {
            slots.release(session, Modality.AUDIO.code(), leftSlot);
            leftSlot = NONE;
        }
        TickRecord.flags(records, offset, TickRecord.SKIPPED);
        TickRecord.dropped(records, offset, dropped);
        dropped = 0;
        skippedInARow++;
        nextTick++;
    }

    private void returnLater(final int slot, final Modality modality) {
        returning[returningCount++] = modality.code() << 16 | slot;
    }

    /** Returns the slots that the tick read and that no later tick needs. */
    void complete() {
        for (int i = 0; i < returningCount; i++) {
            slots.release(session, returning[i] >>> 16, returning[i] & 0xFFFF);
        }
        returningCount = 0;
    }

    /** A bounded queue of committed slots, first in, first out. */
    private static final class SlotQueue {
        private final int[] slot;
        private final int[] sequence;
        private final int[] length;
        private final long[] captureNs;
        private final long[] commitNs;
        private int head;
        private int size;

        SlotQueue(final int capacity) {
            slot = new int[capacity];
            sequence = new int[capacity];
            length = new int[capacity];
            captureNs = new long[capacity];
            commitNs = new long[capacity];
        }

        boolean offer(
                final int newSlot,
                final int newSequence,
                final long newCaptureNs,
                final long newCommitNs,
                final int newLength) {
            if (size == slot.length) {
                return false;
            }
            final int at = (head + size++) % slot.length;
            slot[at] = newSlot;
            sequence[at] = newSequence;
            length[at] = newLength;
            captureNs[at] = newCaptureNs;
            commitNs[at] = newCommitNs;
            return true;
        }

        boolean isEmpty() {
            return size == 0;
        }

        int slot() {
            return slot[head];
        }

        int sequence() {
            return sequence[head];
        }

        int length() {
            return length[head];
        }

        long captureNs() {
            return captureNs[head];
        }

        long commitNs() {
            return commitNs[head];
        }

        void remove() {
            head = (head + 1) % slot.length;
            size--;
        }

        void clear() {
            head = 0;
            size = 0;
        }
    }
}
