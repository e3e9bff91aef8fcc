package dev.tactus.scheduler;

import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;

/** A tick record as values, so that tests can keep it. */
record SealedTick(
        int session,
        int generation,
        long tick,
        int flags,
        int textBudget,
        int skippedBefore,
        List<Integer> audio,
        int audioLeft,
        int video,
        int videoPrevious,
        int videoSequence,
        List<Integer> text,
        long oldestCaptureNs,
        long oldestCommitNs,
        int dropped) {
    static SealedTick read(final DirectBuffer buffer, final int offset) {
        final List<Integer> audio = new ArrayList<>();
        for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
            audio.add(TickRecord.audioSlot(buffer, offset, i));
        }
        final List<Integer> text = new ArrayList<>();
        for (int i = 0; i < TickRecord.textCount(buffer, offset); i++) {
            text.add(TickRecord.textId(buffer, offset, i));
        }
        return new SealedTick(
                TickRecord.session(buffer, offset),
                TickRecord.generation(buffer, offset),
                TickRecord.tick(buffer, offset),
                TickRecord.flags(buffer, offset),
                TickRecord.textBudget(buffer, offset),
                TickRecord.skippedBefore(buffer, offset),
                audio,
                TickRecord.audioLeft(buffer, offset),
                TickRecord.videoSlot(buffer, offset),
                TickRecord.videoPrevious(buffer, offset),
                TickRecord.videoSequence(buffer, offset),
                text,
                TickRecord.oldestCaptureNs(buffer, offset),
                TickRecord.oldestCommitNs(buffer, offset),
                TickRecord.dropped(buffer, offset));
    }

    boolean has(final int flag) {
        return (flags & flag) != 0;
    }
}
