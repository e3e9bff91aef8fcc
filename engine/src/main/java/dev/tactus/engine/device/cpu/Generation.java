package dev.tactus.engine.device.cpu;

import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.RowKind;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.LogProbability;
import dev.tactus.kernel.Philox;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.IntColumn;
import dev.tactus.memory.LongColumn;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;

/**
 * Where every session of the tick stands in its output: the machine's state, the text it used, the blocks it said, the
 * next position. Moved on between passes by the device thread, on whichever device the passes run.
 */
public final class Generation {
    private final OutputMachine machine;
    private final IntColumn state;
    private final IntColumn textUsed;
    private final LongColumn nextPosition;
    private final IntColumn blocks;
    private final LongColumn speakFromNs;
    private final int blockElements;
    private final long scriptMasks;
    private TickPlan plan;
    private TickOutput output;
    private long workedNs;
    private int completed;

    /**
     * Room for {@code maxSessions} sessions.
     *
     * @param blockElements elements of a block of speech; 0 where the model does not speak
     */
    public Generation(
            final FreezableArena arena, final OutputMachine machine, final int blockElements, final int maxSessions) {
        this.machine = machine;
        this.blockElements = blockElements;
        this.blocks = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        this.speakFromNs = LongColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        this.state = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        this.textUsed = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        this.nextPosition = LongColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        this.scriptMasks = arena.allocate(MemoryTag.TABLE, maskBytes() * Math.max(1, maxSessions), 64)
                .address();
    }

    private long maskBytes() {
        return machine == null ? Long.BYTES : machine.words() * (long) Long.BYTES;
    }

    /** Begins a tick: every session at the start of its output. Before the prefill. */
    public void begin(final TickPlan newPlan, final TickOutput newOutput) {
        plan = newPlan;
        output = newOutput;
        workedNs = 0;
        final PassRows rows = newPlan.rows();
        for (int s = 0; s < rows.segments(); s++) {
            final int entry = rows.entry(s);
            state.set(entry, OutputMachine.START);
            textUsed.set(entry, 0);
            blocks.set(entry, 0);
            speakFromNs.set(entry, -1);
            final int last = rows.firstRow(s) + rows.rowsOfSegment(s) - 1;
            nextPosition.set(entry, rows.position(last) + 1);
        }
    }

    /** Adds the time of a decode pass, or of the draw that ends a prefill. */
    public void worked(final long ns) {
        workedNs += ns;
    }

    /** Output positions of an entry so far. */
    public int outputs(final int entry) {
        return output.count(entry);
    }

    /** The mask of the next draw of an entry; a script lets nothing but its own token through. */
    public long mask(final int entry) {
        if (plan.scriptAddress(entry) != 0) {
            return scriptMask(entry);
        }
        final boolean spent = textUsed.get(entry) >= plan.textBudget(entry);
        return machine.mask(state.get(entry), plan.talking(entry), spent, plan.policy(entry));
    }

    private long scriptMask(final int entry) {
        final int at = output.count(entry);
        final int next = at < plan.scriptLength(entry)
                ? OffHeap.getInt(plan.scriptAddress(entry) + at * (long) Integer.BYTES)
                : machine.quiet();
        final int id = isHushed(entry, next) ? machine.quiet() : next;
        final long mask = scriptMasks + entry * maskBytes();
        OffHeap.zero(mask, maskBytes());
        OffHeap.putLong(mask + (id >>> 6) * (long) Long.BYTES, 1L << id);
        return mask;
    }

    /** What holds or mutes a session does so whatever its script says. */
    private boolean isHushed(final int entry, final int id) {
        final int after = machine.next(OutputMachine.START, id);
        final boolean aloud = after == OutputMachine.SPEAK || after == OutputMachine.SAY;
        return plan.policy(entry) == OutputMachine.HELD || plan.policy(entry) == OutputMachine.MUTED && aloud;
    }

    /**
     * Takes what a pass drew and made, completes the sessions that are done, and lists the others in {@code next}.
     *
     * <pre>
     *   pass     n        n+1        n+2      n+3      n+4      n+5
     *   row      draws    &lt;say&gt;      block 0  block 1  block 2
     *   makes    &lt;say&gt;    block 0    block 1  block 2  block 3
     *   sound of                     block 0  block 1  block 2  block 3
     * </pre>
     *
     * @param sampled int32 token per output row of {@code rows}
     * @param logits float32 [output rows, vocabulary] they were drawn from; rows of entries that want log-probabilities
     *     are overwritten
     * @return whether any session needs another pass
     */
    public boolean advance(
            final PassRows rows, final long sampled, final long logits, final PassRows next, final long nowNs) {
        output.countPass();
        next.clear();
        completed = 0;
        int segment = 0;
        int job = 0;
        for (int entry = 0; entry < plan.entries(); entry++) {
            final boolean sounded = job < rows.jobs() && rows.jobEntry(job) == entry;
            job += sounded ? 1 : 0;
            if (segment < rows.segments() && rows.entry(segment) == entry) {
                final int last = rows.firstRow(segment) + rows.rowsOfSegment(segment) - 1;
                final int drawn = rows.outputRow(last);
                if (drawn == PassRows.NO_OUTPUT) {
                    takeBlock(entry, next, nowNs);
                } else {
                    final int id = OffHeap.getInt(sampled + drawn * (long) Integer.BYTES);
                    take(entry, id, logits + (long) drawn * machine.vocabulary() * Float.BYTES, next, nowNs);
                }
                segment++;
            } else if (sounded) {
                complete(entry, nowNs);
            }
        }
        return next.rows() > 0 || next.jobs() > 0;
    }

    /** Whether the last call of {@link #advance} completed an entry. */
    boolean hasCompleted() {
        return completed > 0;
    }

    private void complete(final int entry, final long nowNs) {
        final long spokenFrom = speakFromNs.get(entry);
        final long speakNs = spokenFrom < 0 ? 0 : workedNs - spokenFrom;
        output.complete(entry, workedNs - speakNs, speakNs, nowNs);
        completed++;
    }

    /** A token was drawn: feeds it back, or lets the vocoder say what it holds back, or ends the entry. */
    private void take(final int entry, final int id, final long logits, final PassRows next, final long nowNs) {
        if (id < 0) {
            assert id == KernelSet.NOT_FINITE : "an empty mask in state " + state.get(entry);
            output.fail(entry, TickOutput.NOT_FINITE);
            complete(entry, nowNs);
            return;
        }
        final int before = state.get(entry);
        output.add(entry, id, before);
        if (plan.wantsLogProbabilities(entry)) {
            // over all logits, as the trainer has them: no mask, no temperature; they have served, so they are scratch
            output.logProbability(entry, LogProbability.of(logits, machine.vocabulary(), id, logits));
        }
        final int after = machine.next(before, id);
        if (after == before) {
            textUsed.set(entry, textUsed.get(entry) + 1);
        }
        state.set(entry, after);
        if (after == OutputMachine.SAY) {
            speakFromNs.set(entry, workedNs);
            if (plan.discardsHeldBack(entry)) {
                // the rest of what was cut must not sound into this; block 0 is written over it
                next.addJob(entry, 0, plan.samples(entry));
            }
            next.beginSegment(entry);
            next.add(RowKind.TOKEN, id, nextPosition.get(entry), fedTau(entry));
            makeBlock(next, entry, 0);
        } else if (after != OutputMachine.END && output.count(entry) < plan.maxOutputs()) {
            next.beginSegment(entry);
            next.add(RowKind.TOKEN, id, nextPosition.get(entry), fedTau(entry));
            next.wantOutput();
            nextPosition.set(entry, nextPosition.get(entry) + 1);
        } else if (plan.holdsBack(entry)) {
            speakFromNs.set(entry, workedNs);
            next.addJob(entry, 0, plan.samples(entry));
            output.samples(entry, plan.discardsHeldBack(entry) ? 0 : Vocoder.FLUSH_BLOCKS * Vocoder.BLOCK_SAMPLES);
        } else {
            complete(entry, nowNs);
        }
    }

    private float fedTau(final int entry) {
        return plan.outputTau(entry, output.count(entry) - 1);
    }

    /** A block was made: has it sounded, and makes the next one of it. */
    private void takeBlock(final int entry, final PassRows next, final long nowNs) {
        final int block = blocks.get(entry);
        // the vocoder takes what is no number for silence: a model that fails must not look like one that is quiet
        if (LogProbability.firstNotFinite(place(entry, block), blockElements) >= 0) {
            output.fail(entry, TickOutput.NOT_FINITE);
            complete(entry, nowNs);
            return;
        }
        blocks.set(entry, block + 1);
        output.add(entry, TickOutput.BLOCK, OutputMachine.SAY);
        if (plan.wantsLogProbabilities(entry)) {
            // it is not drawn from the vocabulary
            output.logProbability(entry, 0);
        }
        final long samples = (long) block * Vocoder.BLOCK_SAMPLES;
        next.addJob(entry, place(entry, block), plan.samples(entry) + samples * Float.BYTES);
        output.samples(entry, (block + 1) * Vocoder.BLOCK_SAMPLES);
        if (block + 1 < OutputMachine.SAY_BLOCKS) {
            next.beginSegment(entry);
            next.addSpeech(place(entry, block), nextPosition.get(entry), fedTau(entry));
            makeBlock(next, entry, block + 1);
        }
    }

    private long place(final int entry, final int block) {
        return plan.blocks(entry) + (block & 1) * (long) blockElements * Float.BYTES;
    }

    /** Asks for a block made of the row added last, and puts its noise where it will stand. */
    private void makeBlock(final PassRows next, final int entry, final int block) {
        final long place = place(entry, block);
        Philox.normals(
                plan.seed(entry),
                (int) plan.tick(entry),
                output.count(entry),
                Philox.Purpose.FLOW,
                place,
                blockElements);
        next.wantBlock(place);
        nextPosition.set(entry, nextPosition.get(entry) + 1);
    }

    /** Completes every entry without output: a teacher-forced pass. */
    void completeForced(final long nowNs) {
        output.countPass();
        for (int entry = 0; entry < plan.entries(); entry++) {
            output.complete(entry, workedNs, 0, nowNs);
        }
    }
}
