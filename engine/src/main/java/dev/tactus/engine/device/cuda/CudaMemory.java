package dev.tactus.engine.device.cuda;

import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.device.DeviceArenas;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.device.cpu.CpuMemory;
import dev.tactus.engine.model.BufferSpec;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.engine.model.SessionLayout;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.kernel.NumericClass;
import dev.tactus.memory.MemoryTag;
import java.util.List;

/**
 * What a {@link CudaBackend} works on: weights, activations and the pass in device memory, allocated once, and the
 * graphs that were captured over them. Made by the launching thread, then used by the backend alone.
 */
public final class CudaMemory implements AutoCloseable {
    /** The session draws tokens. */
    static final int GENERATING = 0;

    /** It speaks, or brings out what its vocoder held back. */
    static final int SPEAKING = 1;

    /** Its output is whole. */
    static final int COMPLETE = 2;

    private static final long ALIGNMENT = 64;

    private final Gpu gpu;
    private final TickPlan plan;
    private final TickOutput output;
    private final CpuMemory.Rows most;
    private final NumericClass numerics;
    private final PassBlock pass;
    private final GenerationBlock generation;
    private final PassGraphs graphs;
    private final ForcedOutput forced;

    /**
     * Allocates, copies the weights and captures the graphs.
     *
     * @param adapters what the plan's adapters 1, 2, … are; their factors are copied
     * @param layout what a session keeps
     * @param most rows of each space
     * @param machine what a tick may put out
     * @param numerics EXACT or FAST_BF16
     * @param plan the only plan that the backend will be given
     * @param output the only output
     * @throws dev.tactus.cuda.CudaException when the GPU has not enough memory, or refuses
     */
    public CudaMemory(
            final Gpu gpu,
            final DeviceArenas arenas,
            final StepProgram program,
            final List<LoraAdapter> adapters,
            final SessionLayout layout,
            final CpuMemory.Rows most,
            final OutputMachine machine,
            final NumericClass numerics,
            final TickPlan plan,
            final TickOutput output) {
        this.gpu = gpu;
        this.plan = plan;
        this.output = output;
        this.most = most;
        this.numerics = numerics;
        gpu.enter();
        try {
            final long[] buffers = buffers(arenas, program, most);
            final DeviceWeights weights = new DeviceWeights(gpu, arenas.resident(), new WeightList(program, numerics));
            pass = new PassBlock(gpu, arenas, plan, most);
            generation = new GenerationBlock(gpu, arenas, program, buffers, most, machine, plan, output, pass);
            forced = machine == null ? new ForcedOutput(gpu, arenas, program, buffers, most) : null;
            final DeviceAdapters factors = new DeviceAdapters(gpu, arenas, program, adapters, generation);
            graphs = PassGraphs.capture(
                    new GraphBinder(
                            gpu, arenas, program, layout, buffers, weights, pass, generation, factors, most, numerics),
                    most);
        } finally {
            gpu.leave();
        }
    }

    /** The same for passes whose rows are given: nothing is drawn, and the logits of a pass come to the host. */
    public static CudaMemory forced(
            final Gpu gpu,
            final DeviceArenas arenas,
            final StepProgram program,
            final List<LoraAdapter> adapters,
            final SessionLayout layout,
            final CpuMemory.Rows most,
            final NumericClass numerics,
            final TickPlan plan,
            final TickOutput output) {
        return new CudaMemory(gpu, arenas, program, adapters, layout, most, null, numerics, plan, output);
    }

    /** Bytes of weights and tables on the device. */
    public static long weightBytes(final StepProgram program, final NumericClass numerics) {
        return new WeightList(program, numerics).bytes();
    }

    /** Bytes that kernels work in beside the buffers of the program, where tokens are drawn. */
    public static long scratchBytes(final StepProgram program, final CpuMemory.Rows most) {
        return HeadBinder.scratchBytes(program, most);
    }

    private static long[] buffers(final DeviceArenas arenas, final StepProgram program, final CpuMemory.Rows most) {
        final long[] addresses = new long[program.buffers().size()];
        long next = arenas.resident()
                .allocate(MemoryTag.ACTIVATION, CpuMemory.bufferBytes(program, most), SlabArena.ALIGNMENT)
                .address();
        for (int i = 0; i < addresses.length; i++) {
            final BufferSpec spec = program.buffers().get(i);
            addresses[i] = next;
            final long bytes = (long) spec.columns() * most.of(spec.space()) * Float.BYTES;
            next += (bytes + ALIGNMENT - 1) & -ALIGNMENT;
        }
        return addresses;
    }

    Gpu gpu() {
        return gpu;
    }

    /** The class of its products. */
    NumericClass numerics() {
        return numerics;
    }

    int maxSessions() {
        return most.sessions();
    }

    /** Graphs have the addresses of one plan and one output inside. */
    void require(final TickPlan given, final TickOutput to) {
        if (given != plan || to != output) {
            throw new IllegalArgumentException("another plan or output than the graphs were captured with");
        }
    }

    /** Launches the gather and the prefill of a tick. */
    void launchPrefill(final TickPlan given) {
        pass.write(given);
        generation.clear();
        graphs.gather().launch(gpu.stream());
        graphs.gathered().record(gpu.stream());
        graphs.prefill(given.rows().rows()).launch(gpu.stream());
        if (given.isForced()) {
            forced.copy(given.rows());
        }
        graphs.passed().record(gpu.stream());
    }

    /** Launches what the pass that is over has left to do; whether there is anything. */
    boolean launchNext() {
        final int rows = generation.nextRows();
        final int jobs = generation.nextJobs();
        if (rows == 0 && jobs == 0) {
            return false;
        }
        if (rows == 0) {
            graphs.vocoder().launch(gpu.stream());
        } else {
            graphs.decode(jobs > 0 || generation.nextVoices() > 0).launch(gpu.stream());
        }
        graphs.passed().record(gpu.stream());
        return true;
    }

    /** Whether the gather of the tick is done. */
    boolean hasGathered() {
        return graphs.gathered().isDone();
    }

    /** Whether the pass that was launched last is done. */
    boolean hasPassed() {
        return graphs.passed().isDone();
    }

    /** How an entry stands after a pass. */
    int status(final int entry) {
        return generation.status(entry);
    }

    /** Logits of a teacher-forced pass, on the host. */
    long logits() {
        return forced == null ? 0 : forced.logits();
    }

    /** What the flow head is told in a teacher-forced pass, on the host. */
    long conditions() {
        return forced == null ? 0 : forced.conditions();
    }

    /** Waits for what the device works on; a lost device works on nothing. */
    void drain() {
        if (!gpu.context().isLost()) {
            gpu.stream().synchronize();
        }
    }

    /** Closes the graphs. Calling it again does nothing. */
    @Override
    public void close() {
        gpu.enter();
        try {
            graphs.close();
        } finally {
            gpu.leave();
        }
    }
}
