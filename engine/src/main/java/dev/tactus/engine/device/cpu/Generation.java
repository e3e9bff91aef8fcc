package dev.tactus.engine.device.cpu;

import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.RowKind;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.kernel.KernelSet;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.IntColumn;
import dev.tactus.memory.LongColumn;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;

/**
 * Where every session of the tick stands in its output: the machine's state, the text it used, the next position. Moved
 * on between passes by the device thread.
 */
final class Generation {
    private final OutputMachine machine;
    private final IntColumn state;
    private final IntColumn textUsed;
    private final LongColumn nextPosition;
    private final long scriptMasks;
    private TickPlan plan;
    private TickOutput output;
    private long generateNs;

    Generation(final FreezableArena arena, final OutputMachine machine, final int maxSessions) {
        this.machine = machine;
        this.state = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        this.textUsed = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        this.nextPosition = LongColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        this.scriptMasks = arena.allocate(MemoryTag.TABLE, maskBytes() * Math.max(1, maxSessions), 64)
                .address();
    }

    private long maskBytes() {
        return machine == null ? Long.BYTES : machine.words() * (long) Long.BYTES;
    }

    void begin(final TickPlan newPlan, final TickOutput newOutput) {
        plan = newPlan;
        output = newOutput;
        generateNs = 0;
        final PassRows rows = newPlan.rows();
        for (int s = 0; s < rows.segments(); s++) {
            final int entry = rows.entry(s);
            state.set(entry, OutputMachine.START);
            textUsed.set(entry, 0);
            final int last = rows.firstRow(s) + rows.rowsOfSegment(s) - 1;
            nextPosition.set(entry, rows.position(last) + 1);
        }
    }

    /** Adds the time of a decode pass, or of the draw that ends a prefill. */
    void worked(final long ns) {
        generateNs += ns;
    }

    int outputs(final int entry) {
        return output.count(entry);
    }

    /** The mask of the next draw of an entry; a script lets nothing but its own token through. */
    long mask(final int entry) {
        if (plan.scriptAddress(entry) != 0) {
            return scriptMask(entry);
        }
        final boolean spent = textUsed.get(entry) >= plan.textBudget(entry);
        return machine.mask(state.get(entry), plan.talking(entry), spent, plan.policy(entry));
    }

    private long scriptMask(final int entry) {
        final int at = output.count(entry);
        final int id = at < plan.scriptLength(entry)
                ? OffHeap.getInt(plan.scriptAddress(entry) + at * (long) Integer.BYTES)
                : machine.quiet();
        final long mask = scriptMasks + entry * maskBytes();
        OffHeap.zero(mask, maskBytes());
        OffHeap.putLong(mask + (id >>> 6) * (long) Long.BYTES, 1L << id);
        return mask;
    }

    /**
     * Takes the tokens that a pass drew, completes the sessions that are done, and lists the others in {@code next}.
     *
     * @param sampled int32 token per output row of {@code rows}, one output row per segment
     * @return whether any session needs another pass
     */
    boolean advance(final PassRows rows, final long sampled, final PassRows next, final long nowNs) {
        output.countPass();
        final int segments = rows.segments();
        next.clear();
        for (int s = 0; s < segments; s++) {
            final int entry = rows.entry(s);
            final int id = OffHeap.getInt(sampled + s * (long) Integer.BYTES);
            if (take(entry, id)) {
                next.beginSegment(entry);
                final int fed = output.count(entry) - 1;
                next.add(RowKind.TOKEN, id, nextPosition.get(entry), plan.outputTau(entry, fed));
                next.wantOutput();
                nextPosition.set(entry, nextPosition.get(entry) + 1);
            } else {
                output.complete(entry, generateNs, nowNs);
            }
        }
        return next.rows() > 0;
    }

    /** Returns whether the entry goes on. */
    private boolean take(final int entry, final int id) {
        if (id < 0) {
            assert id == KernelSet.NOT_FINITE : "an empty mask in state " + state.get(entry);
            output.fail(entry, TickOutput.NOT_FINITE);
            return false;
        }
        final int before = state.get(entry);
        output.add(entry, id, before);
        final int after = machine.next(before, id);
        if (after == before) {
            textUsed.set(entry, textUsed.get(entry) + 1);
        }
        state.set(entry, after);
        return after != OutputMachine.END && output.count(entry) < plan.maxOutputs();
    }

    /** Completes every entry without output: a teacher-forced pass. */
    void completeForced(final long nowNs) {
        output.countPass();
        for (int entry = 0; entry < plan.entries(); entry++) {
            output.complete(entry, generateNs, nowNs);
        }
    }
}
