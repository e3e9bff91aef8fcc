package dev.tactus.engine.device.cuda;

import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.device.DeviceArenas;
import dev.tactus.engine.device.cpu.CpuMemory;
import dev.tactus.engine.model.RowSpace;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.kernel.AdapterFactors;
import dev.tactus.kernel.cuda.CudaAdapters;
import dev.tactus.kernel.cuda.GenerateField;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.util.List;

/** The factors of adapters and the table that names them, copied to the device once. Immutable. */
final class DeviceAdapters {
    private final CudaAdapters ofRows;
    private final CudaAdapters ofOutputs;

    /** Copies them; the calling thread has entered the GPU. Without adapters there is nothing. */
    DeviceAdapters(
            final Gpu gpu,
            final DeviceArenas arenas,
            final StepProgram program,
            final List<LoraAdapter> adapters,
            final GenerationBlock generation) {
        if (adapters.isEmpty()) {
            ofRows = CudaAdapters.NONE;
            ofOutputs = CudaAdapters.NONE;
            return;
        }
        final AdapterFactors factors = CpuMemory.factors(arenas.host(), program, adapters, (address, floats) -> {
            final long copy = arenas.resident()
                    .allocate(MemoryTag.WEIGHTS, floats * Float.BYTES, SlabArena.ALIGNMENT)
                    .address();
            gpu.upload(copy, address, floats * Float.BYTES);
            return copy;
        });
        final int modules = program.modules().size();
        final long bytes = AdapterFactors.bytes(adapters.size(), modules);
        final long table = gpu.table(arenas.resident(), MemoryTag.PLAN, OffHeap.ALL.asSlice(factors.address(), bytes));
        final int rank = program.adapterRank();
        ofRows = new CudaAdapters(table, generation.at(GenerateField.ROW_ADAPTER), modules, rank);
        ofOutputs = new CudaAdapters(table, generation.at(GenerateField.OUTPUT_ADAPTER), modules, rank);
    }

    /** Those of the rows of a space. */
    CudaAdapters of(final RowSpace space) {
        return space == RowSpace.OUTPUT ? ofOutputs : ofRows;
    }
}
