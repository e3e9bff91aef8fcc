package dev.tactus.engine;

import dev.tactus.engine.device.RowKind;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.memory.KvRingLayout;
import dev.tactus.memory.SlotPool;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.TickRecord;

/**
 * The ticks that a calibration times: as many sessions as asked for, all of them far enough into their sequence that
 * attention sees its whole window, held to scripts. Launching thread, while the device is idle and no session is open.
 */
final class CalibrationTick {
    private static final int CAPTION_PASSES = 3;

    /** As {@code tactus run} draws when nothing else is said. */
    private static final SamplingParameters USUAL = new SamplingParameters(1f, 50, 0.95f);

    /** What sessions of a tick hear, see and put out. */
    enum Kind {
        /** They hear and are quiet. */
        QUIET,
        /** They hear, see and read, and are quiet. */
        SEEING,
        /** All of them caption. */
        CAPTIONS,
        /** One captions as much as it can, the others wait for it. */
        ONE_CAPTION,
        /** Half of them speak. */
        HALF_SPEAK,
        /** All of them speak. */
        ALL_SPEAK;

        /** Whether a model can do it. */
        boolean isPossible(final EngineContext context) {
            return this != HALF_SPEAK && this != ALL_SPEAK || context.speaks();
        }
    }

    private final EngineContext context;
    private final EngineMemory memory;
    private long tick;
    private int prepared;

    CalibrationTick(final EngineContext context, final EngineMemory memory) {
        this.context = context;
        this.memory = memory;
    }

    /** Makes the first {@code count} session indexes ready. */
    void prepare(final int count) {
        for (; prepared < count; prepared++) {
            final SessionState session = memory.sessions[prepared];
            session.prepare(
                    SessionSpec.of(Modality.AUDIO, Modality.VIDEO, Modality.TEXT),
                    0,
                    memory.localPool,
                    context.layout().localPages(),
                    memory.globalPool,
                    context.layout().globalPages());
            session.nextPosition = context.interaction().globalWindow() + 2L * KvRingLayout.PAGE_POSITIONS;
        }
    }

    /** Gives all of them back. */
    void reclaim() {
        while (prepared > 0) {
            memory.sessions[--prepared].reclaim(memory.localPool, memory.globalPool);
        }
    }

    /** Fills the plan with a tick of {@code count} sessions. */
    void fill(final TickPlan plan, final int count, final Kind kind) {
        plan.clear(false);
        for (int i = 0; i < count; i++) {
            fill(plan, memory.sessions[i], i, kind);
        }
        tick++;
    }

    private void fill(final TickPlan plan, final SessionState session, final int number, final Kind kind) {
        final InteractionConfig ids = context.interaction();
        final int entry = plan.addEntry(
                session.index, session.stateAddress, session.localTable, session.globalTable, tick, number, USUAL);
        plan.adapter(entry, 0);
        add(plan, session, RowKind.TOKEN, ids.quietTokenId());
        add(plan, session, RowKind.TOKEN, ids.tickTokenId());
        if (context.model().weights().audio().isPresent()) {
            final SlotPool pool = session.pool(Modality.AUDIO);
            for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
                add(plan, session, RowKind.AUDIO, plan.addAudio(pool.address(0), pool.address(1)));
            }
        }
        if (kind == Kind.SEEING) {
            see(plan, session);
        }
        plan.rows().wantOutput();
        plan.output(entry, OutputMachine.FREE, false, ids.textOutMax());
        if (session.speaks()) {
            plan.speech(entry, session.blocks(), session.speech.next(), false);
        }
        final int outputs = script(plan, entry, session, number, kind);
        for (int i = 0; i < plan.maxOutputs(); i++) {
            plan.outputTau(entry, i, 1f);
        }
        session.nextPosition += outputs - 1;
    }

    private void see(final TickPlan plan, final SessionState session) {
        final InteractionConfig ids = context.interaction();
        if (context.model().weights().vision().isPresent()) {
            final long frame = session.pool(Modality.VIDEO).address(0);
            for (int row = 0; row < ids.videoRows(); row++) {
                for (int col = 0; col < ids.videoCols(); col++) {
                    add(plan, session, RowKind.PATCH, plan.addPatch(frame, frame, row, col));
                }
            }
        }
        // a number of text rows that goes with the number of sessions, but not with that of patches
        for (int i = 0; i < Math.min(ids.textInMax(), 1 + session.index % 4); i++) {
            add(plan, session, RowKind.TOKEN, ids.quietTokenId());
        }
    }

    /** Holds an entry to its part; returns its output positions. */
    private int script(
            final TickPlan plan, final int entry, final SessionState session, final int number, final Kind kind) {
        final InteractionConfig ids = context.interaction();
        final boolean says = kind == Kind.ALL_SPEAK || kind == Kind.HALF_SPEAK && number % 2 == 0;
        final int texts =
                switch (kind) {
                    case CAPTIONS -> CAPTION_PASSES;
                    case ONE_CAPTION -> number == 0 ? 1 + ids.textOutMax() : 0;
                    default -> says ? 1 : 0;
                };
        for (int i = 0; i < texts; i++) {
            session.script.putInt(i * Integer.BYTES, ids.hearTokenId());
        }
        session.script.putInt(texts * Integer.BYTES, says ? ids.sayTokenId() : ids.quietTokenId());
        plan.script(entry, session.script.addressOffset(), texts + 1);
        return texts + 1 + (says ? OutputMachine.SAY_BLOCKS : 0);
    }

    private static void add(final TickPlan plan, final SessionState session, final int kind, final int value) {
        plan.rows().add(kind, value, session.nextPosition++, 1f);
    }
}
