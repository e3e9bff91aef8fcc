package dev.tactus.engine.sim;

import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.IngressRecord;
import dev.tactus.scheduler.LadderStep;
import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.MissedTickPolicy;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.TickRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.agrona.DirectBuffer;

/**
 * What MODEL.md 2.2 says must stand in a session's tick records, told from what its producers did: the other half of
 * the check that every gap is counted and that nothing but late input is lost.
 */
final class SeatOracle {
    private static final int AHEAD = 16;
    private static final int NONE = TickRecord.GAP;

    /** A committed piece of media; the flags are those of its record. */
    record Media(Modality modality, int slot, int number, int flags, long captureNs, int[] ids) {}

    boolean held;
    boolean muted;
    boolean cut;
    int interruptions;
    EndReason ending;
    long nextTick;
    int skippedInARow;

    private final Checks checks;
    private final int session;
    private final int modalities;
    private final SlotOracle[] slots;
    private final long[] counted;
    private final int textInMax;
    private final int textOutMax;
    private final int[] audio = new int[AHEAD];
    private final Deque<Media> video = new ArrayDeque<>();
    private final Deque<Media> text = new ArrayDeque<>();
    private int left = NONE;
    private int shown = NONE;
    private int textTaken;
    private int dropped;

    /** Where ends what it said since the last interruption. */
    private long spokenUntil = Long.MIN_VALUE;

    /**
     * A seat as it is when its session opens.
     *
     * @param slots by code of modality, for the stamps
     * @param counted what was counted so far, by {@link LoopCounters}; told of more
     */
    SeatOracle(
            final Checks checks,
            final int session,
            final int modalities,
            final SlotOracle[] slots,
            final long[] counted,
            final int textInMax,
            final int textOutMax) {
        this.checks = checks;
        this.session = session;
        this.modalities = modalities;
        this.slots = slots;
        this.counted = counted;
        this.textInMax = textInMax;
        this.textOutMax = textOutMax;
        Arrays.fill(audio, NONE);
    }

    /** A record was drained. */
    void onMedia(final Media media) {
        if (media.modality() == Modality.VIDEO) {
            video.add(media);
        } else if (media.modality() == Modality.TEXT) {
            text.add(media);
        } else {
            final long ahead = media.number() - nextTick * TickRecord.AUDIO_POSITIONS;
            final int at = Math.floorMod(media.number(), AHEAD);
            counted[LoopCounters.DRIFT_GAP] += media.flags() == IngressRecord.DRIFT_GAP ? 1 : 0;
            if (media.flags() == IngressRecord.DRIFT_DROP) {
                drop(LoopCounters.DRIFT_DROP);
            } else if (ahead < 0) {
                drop(LoopCounters.LATE);
            } else if (ahead >= AHEAD) {
                drop(LoopCounters.EARLY);
            } else if (audio[at] != NONE) {
                drop(LoopCounters.DUPLICATE);
            } else {
                audio[at] = media.slot();
            }
        }
    }

    /** A tick was put out whose speech ends there on the session's timeline. */
    void said(final long untilSample) {
        spokenUntil = untilSample;
    }

    /**
     * Its listener was interrupted and heard no more than up to that place; the lowest of numbers when nobody knows.
     * Returns whether there is anything that it did not hear, for all that was said is settled by it.
     */
    boolean heard(final long untilSample) {
        final boolean unheard = untilSample < spokenUntil;
        cut |= unheard || untilSample == Long.MIN_VALUE;
        interruptions++;
        spokenUntil = Long.MIN_VALUE;
        return unheard;
    }

    private void drop(final int counter) {
        counted[counter]++;
        dropped++;
    }

    /** Slots that the engine must have of a modality, beside those in the ring and those of a tick in flight. */
    int holds(final Modality modality) {
        if (modality == Modality.VIDEO) {
            return video.size() + (shown == NONE ? 0 : 1);
        }
        if (modality == Modality.TEXT) {
            return text.size();
        }
        int count = left == NONE ? 0 : 1;
        for (final int slot : audio) {
            count += slot == NONE ? 0 : 1;
        }
        return count;
    }

    /** The tick was sealed to run: checks its record, and returns what a lone run needs of it. */
    LoneTick seal(final DirectBuffer records, final int at, final long tickEndNs) {
        equal("session tick", nextTick, TickRecord.tick(records, at));
        boolean gap = false;
        final long[] sounds = new long[TickRecord.AUDIO_POSITIONS];
        if (Modality.AUDIO.in(modalities)) {
            gap = sealAudio(records, at, sounds);
        }
        // which step is the ladder's choice; what follows from it is not
        final LadderStep step = LadderStep.of(TickRecord.ladderStep(records, at));
        counted[LoopCounters.LADDER_STEPS] += step == LadderStep.NONE ? 0 : 1;
        long frame = 0;
        if (Modality.VIDEO.in(modalities) && step.includes(LadderStep.SKIP_VIDEO)) {
            waitVideo(tickEndNs);
            equal("the slot of a frame that the ladder skips", NONE, TickRecord.videoSlot(records, at));
        } else if (Modality.VIDEO.in(modalities)) {
            final int slot = sealVideo(records, at, tickEndNs);
            gap |= slot == NONE;
            frame = slot == NONE ? 0 : slots[Modality.VIDEO.code()].stamp(slot);
        }
        final int[] ids = sealText(tickEndNs, MissedTickPolicy.DEFAULT.text(step, textInMax));
        equal("text ids", ids.length, TickRecord.textCount(records, at));
        for (int i = 0; i < ids.length; i++) {
            equal("text id " + i, ids[i], TickRecord.textId(records, at, i));
        }
        final int flags = (cut ? TickRecord.CUT : 0)
                | (held ? TickRecord.HELD : 0)
                | (muted ? TickRecord.MUTED : 0)
                | (step.includes(LadderStep.HOLD_SPEECH) ? TickRecord.LADDER_HELD : 0)
                | (gap ? TickRecord.STARVED : 0);
        equal("flags", flags, TickRecord.flags(records, at));
        equal("skipped ticks before", skippedInARow, TickRecord.skippedBefore(records, at));
        equal("dropped media", dropped, TickRecord.dropped(records, at));
        final int budget = MissedTickPolicy.DEFAULT.text(step, textOutMax);
        equal("text budget", budget, TickRecord.textBudget(records, at));
        final LoneTick tick = new LoneTick(nextTick, flags, skippedInARow, step, sounds, frame, ids);
        cut = false;
        dropped = 0;
        skippedInARow = 0;
        nextTick++;
        return tick;
    }

    private void equal(final String what, final long expected, final long found) {
        if (expected != found) {
            checks.fail(
                    Check.GAPS,
                    session,
                    what + " of session tick " + nextTick + " to be " + expected,
                    Long.toString(found));
        }
    }

    private boolean sealAudio(final DirectBuffer records, final int at, final long[] sounds) {
        equal("the slot before its audio", left, TickRecord.audioLeft(records, at));
        boolean gap = false;
        for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
            final int place = (int) (nextTick * TickRecord.AUDIO_POSITIONS + i) & AHEAD - 1;
            final int slot = audio[place];
            audio[place] = NONE;
            equal("the slot of audio position " + i, slot, TickRecord.audioSlot(records, at, i));
            left = slot;
            if (slot == NONE) {
                gap = true;
                counted[LoopCounters.AUDIO_GAP]++;
            } else {
                sounds[i] = slots[Modality.AUDIO.code()].stamp(slot);
            }
        }
        return gap;
    }

    private int sealVideo(final DirectBuffer records, final int at, final long tickEndNs) {
        int newest = NONE;
        int number = 0;
        while (!video.isEmpty() && video.peek().captureNs() < tickEndNs) {
            if (newest != NONE) {
                drop(LoopCounters.SUPERSEDED);
            }
            final Media frame = video.remove();
            newest = frame.slot();
            number = frame.number();
        }
        equal("the slot of its frame", newest, TickRecord.videoSlot(records, at));
        if (newest == NONE) {
            counted[LoopCounters.VIDEO_GAP]++;
        } else {
            equal("the number of its frame", number, TickRecord.videoSequence(records, at));
            equal("the slot of the frame before", shown, TickRecord.videoPrevious(records, at));
            shown = newest;
        }
        return newest;
    }

    /** The ladder takes no frame: of those that are due the newest waits. */
    private void waitVideo(final long tickEndNs) {
        Media newest = null;
        while (!video.isEmpty() && video.peek().captureNs() < tickEndNs) {
            if (newest != null) {
                drop(LoopCounters.SUPERSEDED);
            }
            newest = video.remove();
        }
        if (newest != null) {
            video.addFirst(newest);
        }
        counted[LoopCounters.VIDEO_GAP]++;
    }

    private int[] sealText(final long tickEndNs, final int most) {
        final List<Integer> ids = new ArrayList<>();
        while (ids.size() < most && !text.isEmpty() && text.peek().captureNs() < tickEndNs) {
            final int[] chunk = text.peek().ids();
            while (ids.size() < most && textTaken < chunk.length) {
                ids.add(chunk[textTaken++]);
            }
            if (textTaken == chunk.length) {
                text.remove();
                textTaken = 0;
            }
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    /** The tick was sealed not to run. */
    void skip(final DirectBuffer records, final int at) {
        equal("session tick", nextTick, TickRecord.tick(records, at));
        equal("flags", TickRecord.SKIPPED, TickRecord.flags(records, at));
        for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
            final int place = (int) (nextTick * TickRecord.AUDIO_POSITIONS + i) & AHEAD - 1;
            if (audio[place] != NONE) {
                drop(LoopCounters.LATE);
                audio[place] = NONE;
            }
        }
        left = NONE;
        equal("dropped media", dropped, TickRecord.dropped(records, at));
        dropped = 0;
        counted[LoopCounters.SKIPPED]++;
        counted[LoopCounters.LADDER_SKIPS]++;
        counted[LoopCounters.AUDIO_GAP] += Modality.AUDIO.in(modalities) ? TickRecord.AUDIO_POSITIONS : 0;
        counted[LoopCounters.VIDEO_GAP] += Modality.VIDEO.in(modalities) ? 1 : 0;
        equal("ladder step", LadderStep.SKIP_TICK.code(), TickRecord.ladderStep(records, at));
        skippedInARow++;
        nextTick++;
    }
}
