package dev.tactus.bench.stress;

import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.SealedBeat;
import dev.tactus.scheduler.TickRecord;
import org.agrona.DirectBuffer;

/**
 * A device that looks at what the seal made of the ring's records. Producers claim slots of a fresh pool in order and
 * number their records likewise, so that record n has slot n; in every tick, what was seen of a producer is what it
 * committed first.
 */
final class RecordCheck implements StressLoop.Device {
    private final int[] seen;
    private String fault;

    /** A check of so many sessions. */
    RecordCheck(final int sessions) {
        seen = new int[sessions];
    }

    @Override
    public void run(final SealedBeat beat) {
        for (int i = 0; i < beat.count(); i++) {
            look(beat.records(), beat.recordOffset(beat.session(i)), beat.session(i));
        }
    }

    private void look(final DirectBuffer records, final int record, final int session) {
        final int first = (int) TickRecord.tick(records, record) * TickRecord.AUDIO_POSITIONS;
        boolean gap = false;
        for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
            final int slot = TickRecord.audioSlot(records, record, i);
            if (slot == TickRecord.GAP) {
                gap = true;
                continue;
            }
            if (gap) {
                fault("out of order");
            }
            if (slot != first + i) {
                fault("torn");
            }
            seen[session]++;
        }
        final boolean any = TickRecord.audioSlot(records, record, 0) != TickRecord.GAP;
        if (any
                && (TickRecord.oldestCaptureNs(records, record) != StressLoop.captureNs(session, first)
                        || TickRecord.oldestCommitNs(records, record) != StressLoop.commitNs(session, first))) {
            fault("torn");
        }
    }

    private void fault(final String what) {
        fault = fault == null ? what : fault;
    }

    /** What went wrong with the {@code offered} records of every session, in a word; "whole" when nothing did. */
    String verdict(final StressLoop loop, final int offered, final int strangers) {
        if (fault != null) {
            return fault;
        }
        if (loop.counted(LoopCounters.DUPLICATE) > 0) {
            return "twice";
        }
        if (loop.counted(LoopCounters.STALE) != strangers || loop.counted(LoopCounters.EARLY) > 0) {
            return "torn";
        }
        long all = loop.counted(LoopCounters.LATE);
        for (int session = 0; session < seen.length; session++) {
            all += seen[session];
            // the last slot of a tick stays for the next one
            if (loop.available(session) < offered - 1) {
                return "slot lost";
            }
        }
        return all == (long) offered * seen.length ? "whole" : all < (long) offered * seen.length ? "lost" : "twice";
    }
}
