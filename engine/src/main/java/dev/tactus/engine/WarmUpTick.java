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

/** The ticks that launch warms the kernels up with: rows of every kind, and a decode pass for every output position. */
final class WarmUpTick {
    private static final int TEXT_ROWS = 5;

    private final EngineContext context;
    private final EngineMemory memory;
    private final SessionState session;
    private long tick;

    WarmUpTick(final EngineContext context, final EngineMemory memory, final SessionState session) {
        this.context = context;
        this.memory = memory;
        this.session = session;
        // beyond the first page, so that attention merges splits
        session.nextPosition = KvRingLayout.PAGE_POSITIONS + 1;
    }

    /** One text row, three slots and one patch: kernels take rows in pairs and the odd one alone. */
    void fillSmall(final TickPlan plan) {
        fill(plan, 0, 3, 1, 1);
        if (session.speaks()) {
            // what a decode pass of a session that speaks has: its ops run here one by one
            plan.rows().addSpeech(session.blocks(), session.nextPosition++, 1f);
            plan.rows().wantBlock(session.lastBlock());
            plan.rows().addJob(0, session.blocks(), session.speech.next());
        }
    }

    /** As many rows as a tick with all modalities has. */
    void fillWhole(final TickPlan plan) {
        final InteractionConfig ids = context.interaction();
        fill(plan, TEXT_ROWS, TickRecord.AUDIO_POSITIONS, ids.videoRows(), ids.videoCols());
    }

    private void fill(
            final TickPlan plan, final int textRows, final int audioRows, final int videoRows, final int videoCols) {
        final InteractionConfig ids = context.interaction();
        // alternate between drawing and choosing, so that both ways of sampling are warm
        final SamplingParameters sampling =
                (tick & 1) == 0 ? SamplingParameters.GREEDY : new SamplingParameters(1f, 50, 0.9f);
        plan.clear(false);
        final int entry = plan.addEntry(
                session.index, session.stateAddress, session.localTable, session.globalTable, tick++, 1, sampling);
        plan.adapter(entry, memory.adapters.isEmpty() ? 0 : 1);
        token(plan, ids.tickTokenId());
        for (int i = 0; i < textRows; i++) {
            token(plan, ids.quietTokenId());
        }
        if (context.model().weights().audio().isPresent()) {
            final SlotPool pool = session.pool(Modality.AUDIO);
            for (int i = 0; i < audioRows; i++) {
                add(plan, RowKind.AUDIO, plan.addAudio(pool.address(0), pool.address(1)));
            }
        }
        if (context.model().weights().vision().isPresent()) {
            final long frame = session.pool(Modality.VIDEO).address(0);
            for (int row = 0; row < videoRows; row++) {
                for (int col = 0; col < videoCols; col++) {
                    add(plan, RowKind.PATCH, plan.addPatch(frame, frame, row, col));
                }
            }
        }
        plan.rows().wantOutput();
        plan.output(entry, OutputMachine.FREE, false, ids.textOutMax());
        script(plan, entry, ids);
    }

    private void script(final TickPlan plan, final int entry, final InteractionConfig ids) {
        final int outputs = OutputMachine.maxOutputs(ids);
        final int length = Math.min(outputs, EngineMemory.maxScript());
        // every other tick speaks, and the one after it flushes the vocoder
        final boolean says = session.speaks() && (tick & 2) == 0;
        final int drawn = says ? length - OutputMachine.SAY_BLOCKS : length;
        final int last = says ? ids.sayTokenId() : ids.quietTokenId();
        for (int i = 0; i < length; i++) {
            session.script.putInt(i * Integer.BYTES, i == drawn - 1 ? last : ids.hearTokenId());
            plan.outputTau(entry, i, 1f);
        }
        plan.script(entry, session.script.addressOffset(), drawn);
        if (session.speaks()) {
            plan.speech(entry, session.blocks(), session.speech.next(), true);
        }
        session.nextPosition += length;
    }

    private void token(final TickPlan plan, final int id) {
        add(plan, RowKind.TOKEN, id);
    }

    private void add(final TickPlan plan, final int kind, final int value) {
        plan.rows().add(kind, value, session.nextPosition++, 1f);
    }
}
