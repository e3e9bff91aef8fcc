package dev.tactus.engine.device.cpu;

import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.model.RowSpace;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.c.NativePass;
import dev.tactus.kernel.c.NativeProgram;
import dev.tactus.memory.FloatColumn;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.IntColumn;
import dev.tactus.memory.LongColumn;
import dev.tactus.memory.MemoryTag;

/** Hands whole passes to C: one native call per worker and pass, the program and its barriers inside. */
final class NativeInterpreter implements Interpreter {
    private final NativeProgram program;
    private final NativePass pass;
    private final LongColumn mask;
    private final FloatColumn temperature;
    private final FloatColumn topP;
    private final IntColumn topK;
    private final IntColumn outputPosition;

    NativeInterpreter(final FreezableArena arena, final NativeProgram program, final int maxSegments) {
        this.program = program;
        this.pass = new NativePass(arena);
        this.mask = LongColumn.allocate(arena, MemoryTag.PLAN, maxSegments);
        this.temperature = FloatColumn.allocate(arena, MemoryTag.PLAN, maxSegments);
        this.topP = FloatColumn.allocate(arena, MemoryTag.PLAN, maxSegments);
        this.topK = IntColumn.allocate(arena, MemoryTag.PLAN, maxSegments);
        this.outputPosition = IntColumn.allocate(arena, MemoryTag.PLAN, maxSegments);
    }

    @Override
    public int ops() {
        return program.ops();
    }

    @Override
    public void begin(final CpuPass current) {
        final TickPlan plan = current.plan;
        final PassRows rows = current.rows;
        pass.counts(
                rows.rows(),
                rows.segments(),
                rows.outputRows(),
                current.count(RowSpace.AUDIO),
                current.count(RowSpace.PATCH),
                plan.entries(),
                !plan.isForced());
        final PassRows.Columns r = rows.columns();
        pass.rows(
                r.kind(), r.value(), r.position(), r.tau(), r.outputRow(), r.entry(), r.firstRow(), r.rowsOfSegment());
        pass.draws(
                r.outputEntry(),
                mask.address(),
                temperature.address(),
                topP.address(),
                topK.address(),
                outputPosition.address());
        final PassRows.SpeechColumns s = rows.speechColumns();
        pass.speechCounts(rows.speechSources(), rows.voiceRows(), rows.jobs());
        pass.speech(s.speechBlock(), s.voiceRow(), s.voiceBlock(), s.jobEntry(), s.jobBlock(), s.jobSamples());
        final TickPlan.Columns p = plan.columns();
        pass.entries(p.state(), p.localPages(), p.globalPages(), p.tick(), p.seed(), p.adapter());
        pass.audio(p.audioLeft(), p.audioRight(), p.audioBins());
        pass.patches(p.patchPrevious(), p.patchCurrent(), p.patchRow(), p.patchCol(), p.patchPixels());
        if (!plan.isForced()) {
            prepareDraws(current);
        }
        pass.check(program);
    }

    private void prepareDraws(final CpuPass current) {
        for (int row = 0; row < current.rows.outputRows(); row++) {
            final int entry = current.rows.outputEntry(row);
            final SamplingParameters parameters = current.plan.sampling(entry);
            mask.set(row, current.generation.mask(entry));
            temperature.set(row, parameters.temperature());
            topP.set(row, parameters.topP());
            topK.set(row, parameters.topK());
            outputPosition.set(row, current.generation.outputs(entry));
        }
    }

    @Override
    public void run(final int worker) {
        program.run(pass, worker);
    }

    @Override
    public void runOp(final int op) {
        program.runOp(pass, op);
    }

    @Override
    public long preprocessNs() {
        return pass.preprocessNs();
    }

    @Override
    public long fuseNs() {
        return pass.fuseNs();
    }
}
