package dev.tactus.scheduler;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A device that does what a test says, keeps what it was told, and checks the order of calls. */
final class FakeExecutor implements TickExecutor {
    /** What {@link #poll} says. */
    int status = DONE;

    /** Sessions whose output is complete though the ticket is pending. */
    final Set<Integer> completeEarly = new HashSet<>();

    /** Sessions that the model ends when they are emitted. */
    final Map<Integer, EndReason> endings = new HashMap<>();

    final List<SealedTick> submitted = new ArrayList<>();
    final List<SealedTick> emitted = new ArrayList<>();
    final List<SealedTick> failed = new ArrayList<>();
    final List<SealedTick> skipped = new ArrayList<>();
    final Map<Integer, EndReason> ended = new HashMap<>();
    final List<Long> accounted = new ArrayList<>();

    /** How far each session was heard, in the order in which it was told. */
    final List<Long> heard = new ArrayList<>();

    /** What {@link #heard} says. */
    boolean unheard;

    private final FakeSlots slots;
    private final Map<Integer, SealedTick> inFlight = new HashMap<>();
    private SealedBeat current;
    private long ticket;

    FakeExecutor(final FakeSlots slots) {
        this.slots = slots;
    }

    SealedTick last(final int session) {
        for (int i = emitted.size() - 1; i >= 0; i--) {
            if (emitted.get(i).session() == session) {
                return emitted.get(i);
            }
        }
        throw new AssertionError("session " + session + " put nothing out");
    }

    boolean isBusy() {
        return !inFlight.isEmpty();
    }

    @Override
    public long submit(final SealedBeat beat) {
        check(inFlight.isEmpty(), "submit while a beat is in flight");
        current = beat;
        for (int i = 0; i < beat.count(); i++) {
            final SealedTick tick = SealedTick.read(beat.records(), beat.recordOffset(beat.session(i)));
            check(tick.session() == beat.session(i), "the record of another session");
            submitted.add(tick);
            inFlight.put(tick.session(), tick);
        }
        mark();
        return ++ticket;
    }

    private void mark() {
        slots.beingRead.clear();
        for (final SealedTick tick : inFlight.values()) {
            tick.audio().forEach(slot -> read(tick, Modality.AUDIO, slot));
            read(tick, Modality.AUDIO, tick.audioLeft());
            read(tick, Modality.VIDEO, tick.video());
            if (tick.video() != TickRecord.GAP) {
                read(tick, Modality.VIDEO, tick.videoPrevious());
            }
        }
    }

    private void read(final SealedTick tick, final Modality modality, final int slot) {
        if (slot != TickRecord.GAP) {
            check(slots.slotsInUse(tick.session(), modality).contains(slot), modality + " slot " + slot + " is free");
            slots.beingRead.add(FakeSlots.key(tick.session(), modality.code(), slot));
        }
    }

    @Override
    public int poll(final long polled) {
        check(polled == ticket, "a ticket that is not current");
        return status;
    }

    @Override
    public boolean isComplete(final long asked, final int index) {
        check(asked == ticket, "a ticket that is not current");
        return status == DONE || completeEarly.contains(current.session(index));
    }

    @Override
    public EndReason emit(final SealedBeat beat, final int index, final boolean deviceFailed) {
        final SealedTick tick = inFlight.remove(beat.session(index));
        check(tick != null, "session " + beat.session(index) + " was emitted twice");
        mark();
        (deviceFailed ? failed : emitted).add(tick);
        return deviceFailed ? EndReason.DEVICE_FAILED : endings.remove(tick.session());
    }

    @Override
    public void emitSkipped(final SealedBeat beat, final int index) {
        skipped.add(SealedTick.read(beat.records(), beat.recordOffset(beat.session(index))));
    }

    @Override
    public void end(final int session, final int generation, final EndReason reason) {
        check(!inFlight.containsKey(session), "session " + session + " ended before it was emitted");
        check(ended.put(session, reason) == null, "session " + session + " ended twice");
    }

    @Override
    public boolean heard(final int session, final long untilSample) {
        check(inFlight.isEmpty(), "an interruption is taken in while a tick is in flight");
        heard.add(untilSample);
        return unheard;
    }

    @Override
    public void account(final SealedBeat beat) {
        check(inFlight.isEmpty(), "the account closes before every session was emitted");
        accounted.add(beat.beat());
    }

    private static void check(final boolean condition, final String message) {
        if (!condition) {
            throw new AssertionError(message);
        }
    }
}
