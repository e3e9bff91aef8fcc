package dev.tactus.engine.device.cuda;

import dev.tactus.engine.device.DeviceArenas;
import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.cpu.CpuMemory;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.memory.MemoryTag;

/** What a teacher-forced pass gives, copied to the host behind its prefill. A tick that draws has no use for it. */
final class ForcedOutput {
    private final Gpu gpu;
    private final Copy logits;
    private final Copy conditions;

    /** A buffer and its place on the host; null where the program has no such buffer. */
    private record Copy(long device, long host, long rowBytes) {
        static Copy of(
                final DeviceArenas arenas,
                final StepProgram program,
                final long[] buffers,
                final int buffer,
                final CpuMemory.Rows most) {
            if (buffer < 0) {
                return null;
            }
            final long rowBytes = (long) program.buffers().get(buffer).columns() * Float.BYTES;
            final int rows = most.of(program.buffers().get(buffer).space());
            final long host = arenas.mapped()
                    .allocate(MemoryTag.ACTIVATION, Math.max(1, rows * rowBytes), SlabArena.ALIGNMENT)
                    .address();
            return new Copy(buffers[buffer], host, rowBytes);
        }
    }

    ForcedOutput(
            final Gpu gpu,
            final DeviceArenas arenas,
            final StepProgram program,
            final long[] buffers,
            final CpuMemory.Rows most) {
        this.gpu = gpu;
        this.logits = Copy.of(arenas, program, buffers, program.logits(), most);
        this.conditions = Copy.of(arenas, program, buffers, program.conditions(), most);
    }

    /** Puts the copies of a pass behind it. */
    void copy(final PassRows rows) {
        copy(logits, rows.outputRows());
        copy(conditions, rows.voiceRows());
    }

    private void copy(final Copy what, final int rows) {
        if (what != null && rows > 0) {
            gpu.stream().copyToHost(what.host(), what.device(), rows * what.rowBytes());
        }
    }

    long logits() {
        return logits.host();
    }

    long conditions() {
        return conditions == null ? 0 : conditions.host();
    }
}
