package dev.tactus.engine.sim;

import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.MediaSlots;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.SealedBeat;
import dev.tactus.scheduler.TickExecutor;
import dev.tactus.scheduler.TickRecord;
import java.util.HashSet;
import java.util.Set;

/** An engine with a bug planted between its loop and the rest, behind the back of the checkers. */
final class PlantedPorts implements TickExecutor, MediaSlots {
    private static final int AUDIO_AT = 32;
    private static final int FROM_BEAT = 12;

    private final Plant plant;
    private final TickExecutor executor;
    private final MediaSlots slots;
    private final MemoryLedger ledger;
    private final Set<Integer> early = new HashSet<>();
    private boolean done;

    PlantedPorts(final Plant plant, final TickExecutor executor, final MediaSlots slots, final MemoryLedger ledger) {
        this.plant = plant;
        this.executor = executor;
        this.slots = slots;
        this.ledger = ledger;
    }

    @Override
    public long submit(final SealedBeat beat) {
        if (plant == Plant.MEDIA_LOST && beat.beat() > FROM_BEAT) {
            loseMedia(beat);
        }
        if (plant == Plant.ALLOCATION && beat.beat() > FROM_BEAT && !done) {
            ledger.onAllocate(MemoryTag.TEST, Long.BYTES);
            done = true;
        }
        final long ticket = executor.submit(beat);
        for (int i = 0; plant == Plant.SLOT_EARLY && i < beat.count(); i++) {
            final int session = beat.session(i);
            final int slot = TickRecord.audioSlot(beat.records(), beat.recordOffset(session), 1);
            if (slot != TickRecord.GAP && early.add(session << 16 | slot)) {
                slots.release(session, Modality.AUDIO.code(), slot);
            }
        }
        return ticket;
    }

    private void loseMedia(final SealedBeat beat) {
        for (int i = 0; i < beat.count() && !done; i++) {
            final int at = beat.recordOffset(beat.session(i)) + AUDIO_AT;
            done = beat.records().getInt(at) != TickRecord.GAP;
            beat.records().putInt(at, TickRecord.GAP);
        }
    }

    @Override
    public int poll(final long ticket) {
        return executor.poll(ticket);
    }

    @Override
    public boolean isComplete(final long ticket, final int index) {
        return executor.isComplete(ticket, index);
    }

    @Override
    public EndReason emit(final SealedBeat beat, final int index, final boolean failed) {
        if (plant == Plant.EVENT_LOST && beat.beat() > FROM_BEAT && !done) {
            done = true;
            return null;
        }
        if (plant == Plant.GAP_UNCOUNTED) {
            final int at = beat.recordOffset(beat.session(index)) + AUDIO_AT;
            for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
                final int place = at + i * Integer.BYTES;
                beat.records().putInt(place, Math.max(0, beat.records().getInt(place)));
            }
        }
        return executor.emit(beat, index, failed);
    }

    @Override
    public void emitSkipped(final SealedBeat beat, final int index) {
        executor.emitSkipped(beat, index);
    }

    @Override
    public void end(final int session, final int generation, final EndReason reason) {
        early.removeIf(key -> key >>> 16 == session);
        executor.end(session, generation, reason);
    }

    @Override
    public boolean heard(final int session, final long untilSample) {
        final boolean unheard = executor.heard(session, untilSample);
        return unheard && plant != Plant.HEARD_UNTOLD;
    }

    @Override
    public void account(final SealedBeat beat) {
        executor.account(beat);
    }

    @Override
    public void release(final int session, final int modality, final int slot) {
        if (plant == Plant.SLOT_LEAK && modality == Modality.AUDIO.code() && slot == 2) {
            return;
        }
        if (modality != Modality.AUDIO.code() || !early.remove(session << 16 | slot)) {
            slots.release(session, modality, slot);
        }
    }

    @Override
    public int textId(final int session, final int slot, final int index) {
        return slots.textId(session, slot, index);
    }
}
