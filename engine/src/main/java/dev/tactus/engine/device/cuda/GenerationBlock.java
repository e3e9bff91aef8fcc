package dev.tactus.engine.device.cuda;

import dev.tactus.engine.device.DeviceArenas;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.device.cpu.CpuMemory;
import dev.tactus.engine.model.Op;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.kernel.cuda.GenerateField;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.IntColumn;
import dev.tactus.memory.MemoryTag;

/**
 * Where sessions stand in their output, on the device: what {@code struct Generate} of generate.cuh points to. What
 * comes out of a pass lies in mapped memory, where the host reads it once the pass is done.
 */
final class GenerationBlock {
    private static final int NEXT_ROWS = 0;
    private static final int NEXT_JOBS = 1;
    private static final int NEXT_VOICES = 2;
    private static final int NEXT_WORDS = 4;

    private final long[] fields = new long[GenerateField.values().length];
    private final FreezableArena resident;
    private final IntColumn status;
    private final IntColumn next;

    GenerationBlock(
            final Gpu gpu,
            final DeviceArenas arenas,
            final StepProgram program,
            final long[] buffers,
            final CpuMemory.Rows most,
            final OutputMachine machine,
            final TickPlan plan,
            final TickOutput output,
            final PassBlock pass) {
        resident = arenas.resident();
        status = IntColumn.allocate(arenas.mapped(), MemoryTag.PLAN, most.sessions());
        next = IntColumn.allocate(arenas.mapped(), MemoryTag.PLAN, NEXT_WORDS);
        plan(pass);
        stand(most.sessions());
        rows(pass, most);
        out(output.columns());
        set(GenerateField.MAX_OUTPUTS, plan.maxOutputs());
        set(GenerateField.BLOCK, blockElements(program));
        set(GenerateField.SAMPLED, buffers[program.sampled()]);
        final int outputs = Math.max(most.output(), most.sessions());
        set(GenerateField.SAMPLED_LOG, column(outputs, Float.BYTES));
        set(GenerateField.VOICE_FINITE, column(Math.max(most.voice(), most.sessions()), Integer.BYTES));
        if (machine != null) {
            machine(gpu, machine);
        }
    }

    private static int blockElements(final StepProgram program) {
        for (final Op op : program.ops()) {
            if (op instanceof Op.Flow flow) {
                return flow.shape().block();
            }
        }
        return 0;
    }

    private void set(final GenerateField field, final long value) {
        fields[field.ordinal()] = value;
    }

    private long column(final int elements, final int bytes) {
        return resident.allocate(MemoryTag.PLAN, Math.max(1, elements) * (long) bytes, SlabArena.ALIGNMENT)
                .address();
    }

    private void plan(final PassBlock pass) {
        set(GenerateField.STATE, pass.at(PassColumn.STATE));
        set(GenerateField.TICK, pass.at(PassColumn.TICK));
        set(GenerateField.SEED, pass.at(PassColumn.SEED));
        set(GenerateField.POLICY, pass.at(PassColumn.POLICY));
        set(GenerateField.TALKING, pass.at(PassColumn.TALKING));
        set(GenerateField.TEXT_BUDGET, pass.at(PassColumn.TEXT_BUDGET));
        set(GenerateField.HELD_BACK, pass.at(PassColumn.HELD_BACK));
        set(GenerateField.LOG_PROBABILITIES, pass.at(PassColumn.LOG_PROBABILITIES));
        set(GenerateField.ADAPTER, pass.at(PassColumn.ADAPTER));
        set(GenerateField.BLOCKS, pass.at(PassColumn.BLOCKS));
        set(GenerateField.SAMPLES, pass.at(PassColumn.SAMPLES));
        set(GenerateField.SCRIPT, pass.at(PassColumn.SCRIPT));
        set(GenerateField.SCRIPT_LENGTH, pass.at(PassColumn.SCRIPT_LENGTH));
        set(GenerateField.TEMPERATURE, pass.at(PassColumn.TEMPERATURE));
        set(GenerateField.TOP_P, pass.at(PassColumn.TOP_P));
        set(GenerateField.TOP_K, pass.at(PassColumn.TOP_K));
        set(GenerateField.OUTPUT_TAU, pass.at(PassColumn.OUTPUT_TAU));
    }

    private void stand(final int sessions) {
        set(GenerateField.MACHINE, column(sessions, Integer.BYTES));
        set(GenerateField.TEXT_USED, column(sessions, Integer.BYTES));
        set(GenerateField.BLOCKS_MADE, column(sessions, Integer.BYTES));
        set(GenerateField.OUTPUTS, column(sessions, Integer.BYTES));
        set(GenerateField.NEXT_POSITION, column(sessions, Long.BYTES));
        set(GenerateField.DRAWS, column(sessions, Integer.BYTES));
        set(GenerateField.MAKES, column(sessions, Integer.BYTES));
    }

    private void rows(final PassBlock pass, final CpuMemory.Rows most) {
        final int rows = Math.max(most.pass(), most.sessions());
        final int outputs = Math.max(most.output(), most.sessions());
        set(GenerateField.HEADER, pass.header());
        set(GenerateField.KIND, pass.at(PassColumn.KIND));
        set(GenerateField.VALUE, pass.at(PassColumn.VALUE));
        set(GenerateField.POSITION, pass.at(PassColumn.POSITION));
        set(GenerateField.TAU, pass.at(PassColumn.TAU));
        set(GenerateField.OUTPUT_ROW, pass.at(PassColumn.OUTPUT_ROW));
        set(GenerateField.VOICE_ROW, pass.at(PassColumn.VOICE_ROW));
        set(GenerateField.ROW_ENTRY, column(rows, Integer.BYTES));
        set(GenerateField.ROW_ADAPTER, column(rows, Integer.BYTES));
        set(GenerateField.ENTRY, pass.at(PassColumn.ENTRY));
        set(GenerateField.FIRST_ROW, pass.at(PassColumn.FIRST_ROW));
        set(GenerateField.ROWS_OF_SEGMENT, pass.at(PassColumn.ROWS_OF_SEGMENT));
        set(GenerateField.OUTPUT_ENTRY, pass.at(PassColumn.OUTPUT_ENTRY));
        set(GenerateField.OUTPUT_ADAPTER, column(outputs, Integer.BYTES));
        set(GenerateField.SPEECH_BLOCK, pass.at(PassColumn.SPEECH_BLOCK));
        set(GenerateField.VOICE_BLOCK, pass.at(PassColumn.VOICE_BLOCK));
        set(GenerateField.VOICE_ENTRY, column(Math.max(most.voice(), most.sessions()), Integer.BYTES));
        set(GenerateField.JOB_ENTRY, pass.at(PassColumn.JOB_ENTRY));
        set(GenerateField.JOB_BLOCK, pass.at(PassColumn.JOB_BLOCK));
        set(GenerateField.JOB_SAMPLES, pass.at(PassColumn.JOB_SAMPLES));
    }

    private void out(final TickOutput.Columns columns) {
        set(GenerateField.OUT_COUNT, columns.count());
        set(GenerateField.OUT_ERROR, columns.error());
        set(GenerateField.OUT_SAMPLES, columns.samples());
        set(GenerateField.OUT_STATUS, status.address());
        set(GenerateField.OUT_TOKEN, columns.token());
        set(GenerateField.OUT_DRAWN_IN, columns.drawnIn());
        set(GenerateField.OUT_LOG_PROBABILITY, columns.logProbability());
        set(GenerateField.OUT_NEXT, next.address());
    }

    private void machine(final Gpu gpu, final OutputMachine machine) {
        set(GenerateField.VOCABULARY, machine.vocabulary());
        set(GenerateField.QUIET, machine.quiet());
        set(GenerateField.HEAR, machine.hear());
        set(GenerateField.SPEAK, machine.speak());
        set(GenerateField.SAY, machine.say());
        set(GenerateField.MASKS, gpu.table(resident, MemoryTag.TABLE, machine.masks()));
        set(GenerateField.MASK_WORDS, machine.words());
    }

    /** Whether tokens are drawn: there is an output machine. */
    boolean draws() {
        return at(GenerateField.MASKS) != 0;
    }

    /** Whether the model speaks. */
    boolean speaks() {
        return at(GenerateField.BLOCK) != 0;
    }

    /** Forgets what the last tick told, before the next is launched. */
    void clear() {
        for (int i = 0; i < NEXT_WORDS; i++) {
            next.set(i, 0);
        }
    }

    /** Most output positions of an entry in a tick. */
    int maxOutputs() {
        return (int) at(GenerateField.MAX_OUTPUTS);
    }

    /** The fields of {@code struct Generate}, in order. */
    long[] fields() {
        return fields;
    }

    /** Where a field points to. */
    long at(final GenerateField field) {
        return fields[field.ordinal()];
    }

    /** How an entry stands after a pass; once the pass is done. */
    int status(final int entry) {
        return status.get(entry);
    }

    /** Rows of the next pass; once a pass is done. */
    int nextRows() {
        return next.get(NEXT_ROWS);
    }

    /** Jobs of the vocoder in the next pass. */
    int nextJobs() {
        return next.get(NEXT_JOBS);
    }

    /** Blocks of speech that the next pass makes. */
    int nextVoices() {
        return next.get(NEXT_VOICES);
    }
}
