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

    /** Whatever waits at the seal is in time; far from where sums of times overflow. */
    static final long UNTIL_THE_SEAL = Long.MAX_VALUE >> 2;

    private static final int NONE = TickRecord.GAP;

    final int session;
    int generation;
    boolean active;
    boolean held;
    boolean muted;
    boolean cut;
    EndReason ending;
    int modalities;
    int phase;
    long firstBeat;
    long nextTick;
    int skippedInARow;

    private final int[] audioSlot = new int[AUDIO_AHEAD];
    private final long[] audioCaptureNs = new long[AUDIO_AHEAD];
    private final long[] audioCommitNs = new long[AUDIO_AHEAD];
    private int leftSlot;

    private final SlotQueue video;
    private final SlotQueue text;
    private final long videoAllowanceNs;
    private final long textAllowanceNs;
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
        this(session, videoSlots, textSlots, UNTIL_THE_SEAL, UNTIL_THE_SEAL, slots, counters);
    }

    /**
     * The seat of a session index.
     *
     * @param videoSlots frames that may wait
     * @param textSlots chunks that may wait
     * @param videoAllowanceNs how long after its tick's end a frame may be committed; later ones go to the next tick
     * @param textAllowanceNs likewise for text
     */
    SessionSeat(
            final int session,
            final int videoSlots,
            final int textSlots,
            final long videoAllowanceNs,
            final long textAllowanceNs,
            final MediaSlots slots,
            final LoopCounters counters) {
        this.session = session;
        this.videoAllowanceNs = videoAllowanceNs;
        this.textAllowanceNs = textAllowanceNs;
        this.video = new SlotQueue(videoSlots);
        this.text = new SlotQueue(textSlots);
        this.returning = new int[TickRecord.AUDIO_POSITIONS + 2];
        this.slots = slots;
        this.counters = counters;
    }

    void open(final int newGeneration, final int declared, final int slot, final long beat) {
        generation = newGeneration;
        phase = slot;
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

    /** Takes a media record without flags in. */
    void onMedia(
            final Modality modality,
            final int slot,
            final int sequence,
            final long captureNs,
            final long commitNs,
            final int length) {
        onMedia(modality, 0, slot, sequence, captureNs, commitNs, length);
    }

    /**
     * Takes a media record in, by the rules of {@link Modality}. What cannot be used is dropped, counted, and its slot
     * returned.
     */
    void onMedia(
            final Modality modality,
            final int flags,
            final int slot,
            final int sequence,
            final long captureNs,
            final long commitNs,
            final int length) {
        if (!modality.in(modalities)) {
            drop(modality, slot, LoopCounters.UNDECLARED);
        } else if (modality == Modality.AUDIO) {
            onAudio(flags, slot, sequence, captureNs, commitNs);
        } else {
            final boolean frame = modality == Modality.VIDEO;
            if (frame && video.isFull()) {
                // the newest frame is the one that is shown
                drop(Modality.VIDEO, video.slot(), LoopCounters.OVERFLOW);
                video.remove();
            }
            if (!(frame ? video : text).offer(slot, sequence, captureNs, commitNs, length)) {
                drop(modality, slot, LoopCounters.OVERFLOW);
            }
        }
    }

    private void onAudio(
            final int flags, final int slot, final int sequence, final long captureNs, final long commitNs) {
        if ((flags & IngressRecord.DRIFT_GAP) != 0) {
            counters.increment(LoopCounters.DRIFT_GAP);
        }
        // a difference, so that sequences may wrap
        final int ahead = sequence - (int) (nextTick * TickRecord.AUDIO_POSITIONS);
        final int at = sequence & AUDIO_AHEAD - 1;
        if ((flags & IngressRecord.DRIFT_DROP) != 0) {
            drop(Modality.AUDIO, slot, LoopCounters.DRIFT_DROP);
        } else if (ahead < 0) {
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

    /** Writes the record of the next tick, which runs and does all that it should. */
    void seal(
            final MutableDirectBuffer records,
            final int offset,
            final long tickEndNs,
            final int textInMax,
            final int textBudget) {
        seal(records, offset, tickEndNs, textInMax, textBudget, LadderStep.NONE);
    }

    /**
     * Writes the record of the next tick, which runs.
     *
     * @param textInMax text ids that it takes in, what {@code step} leaves of them
     * @param textBudget text ids that it may put out, likewise
     * @param step what it does without, less than {@link LadderStep#SKIP_TICK}
     */
    void seal(
            final MutableDirectBuffer records,
            final int offset,
            final long tickEndNs,
            final int textInMax,
            final int textBudget,
            final LadderStep step) {
        TickRecord.begin(records, offset, session, generation, nextTick, textBudget);
        TickRecord.ladderStep(records, offset, step.code());
        int flags = (held ? TickRecord.HELD : 0) | (muted ? TickRecord.MUTED : 0) | (cut ? TickRecord.CUT : 0);
        flags |= step.includes(LadderStep.HOLD_SPEECH) ? TickRecord.LADDER_HELD : 0;
        if (step != LadderStep.NONE) {
            counters.increment(LoopCounters.LADDER_STEPS);
        }
        cut = false;
        if (Modality.AUDIO.in(modalities) && sealAudio(records, offset)) {
            flags |= TickRecord.STARVED;
        }
        if (Modality.VIDEO.in(modalities) && step.includes(LadderStep.SKIP_VIDEO)) {
            waitVideo(tickEndNs);
        } else if (Modality.VIDEO.in(modalities) && sealVideo(records, offset, tickEndNs)) {
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
        while (video.isDue(tickEndNs, videoAllowanceNs)) {
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

    /** The tick takes no frame. Of those that are due the newest waits for the next tick, so that none grows old. */
    private void waitVideo(final long tickEndNs) {
        while (video.areTwoDue(tickEndNs, videoAllowanceNs)) {
            drop(Modality.VIDEO, video.slot(), LoopCounters.SUPERSEDED);
            video.remove();
        }
        counters.increment(LoopCounters.VIDEO_GAP);
    }

    private void sealText(
            final MutableDirectBuffer records, final int offset, final long tickEndNs, final int textInMax) {
        int room = textInMax;
        while (room > 0 && text.isDue(tickEndNs, textAllowanceNs)) {
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

    /** Writes the record of the next tick, which does not run and of which the ladder knows nothing. */
    void skip(final MutableDirectBuffer records, final int offset) {
        skip(records, offset, LadderStep.NONE);
    }

    /**
     * Writes the record of the next tick, which does not run: its audio is lost, its video and text wait.
     *
     * @param step {@link LadderStep#SKIP_TICK}, or none when there is no ladder
     */
    void skip(final MutableDirectBuffer records, final int offset, final LadderStep step) {
        TickRecord.begin(records, offset, session, generation, nextTick, 0);
        TickRecord.ladderStep(records, offset, step.code());
        if (step != LadderStep.NONE) {
            counters.increment(LoopCounters.LADDER_SKIPS);
        }
        // the model is told of these gaps before its next tick
        counters.add(LoopCounters.AUDIO_GAP, Modality.AUDIO.in(modalities) ? TickRecord.AUDIO_POSITIONS : 0);
        counters.add(LoopCounters.VIDEO_GAP, Modality.VIDEO.in(modalities) ? 1 : 0);
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

        boolean isFull() {
            return size == slot.length;
        }

        /** Whether what waits longest was captured before the tick's end and committed in time for it. */
        boolean isDue(final long tickEndNs, final long allowanceNs) {
            return size > 0 && isDue(head, tickEndNs, allowanceNs);
        }

        private boolean isDue(final int at, final long tickEndNs, final long allowanceNs) {
            return captureNs[at] < tickEndNs && commitNs[at] - allowanceNs <= tickEndNs;
        }

        /** Whether the one behind it is due as well. */
        boolean areTwoDue(final long tickEndNs, final long allowanceNs) {
            return size > 1 && isDue(tickEndNs, allowanceNs) && isDue((head + 1) % slot.length, tickEndNs, allowanceNs);
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
