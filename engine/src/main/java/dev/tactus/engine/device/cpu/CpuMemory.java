package dev.tactus.engine.device.cpu;

import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraModule;
import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.model.BufferSpec;
import dev.tactus.engine.model.Op;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.engine.model.RowSpace;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.kernel.AdapterFactors;
import dev.tactus.kernel.c.NativeProgramBuilder;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import java.util.List;

/** The memory of a {@link CpuBackend}: one activation slab for all buffers of the program, and scratch per worker. */
public final class CpuMemory {
    private static final long ALIGNMENT = 64;

    private final CpuKernels kernels;
    private final long[] addresses;
    private final long[] scratch;
    private final long sums;
    private final AdapterFactors factors;
    private final NativeInterpreter nativeInterpreter;
    private final Generation generation;
    private final PassRows[] decodeRows;

    /**
     * Most rows of each space.
     *
     * @param pass positions of a pass
     * @param output positions whose logits are wanted
     * @param audio audio sources of a tick
     * @param patch patch sources of a tick
     * @param voice blocks of speech that a pass takes in, and positions that one is made of; they count where the model
     *     speaks
     * @param sessions sessions of a pass
     */
    public record Rows(int pass, int output, int audio, int patch, int voice, int sessions) {
        /** Most rows of a space. */
        public int of(final RowSpace space) {
            return switch (space) {
                case PASS -> pass;
                case OUTPUT -> output;
                case AUDIO -> audio;
                case PATCH -> patch;
                case SPEECH, VOICE -> voice;
            };
        }
    }

    /**
     * Allocates.
     *
     * @param machine the output machine; null where nothing is sampled
     */
    public CpuMemory(
            final FreezableArena arena,
            final StepProgram program,
            final CpuKernels kernels,
            final Rows rows,
            final int workers,
            final OutputMachine machine) {
        this(arena, program, List.of(), kernels, rows, workers, machine, null);
    }

    /**
     * Allocates for a program with adapters, and takes quantised weights from a cache.
     *
     * @param adapters what the plan's adapters 1, 2, … are; their modules are among the program's, and their factors
     *     stay where they are
     * @param machine the output machine; null where nothing is sampled
     * @param cache null for none; used for FAST_INT8 alone
     */
    public CpuMemory(
            final FreezableArena arena,
            final StepProgram program,
            final List<LoraAdapter> adapters,
            final CpuKernels kernels,
            final Rows rows,
            final int workers,
            final OutputMachine machine,
            final QuantizedCache cache) {
        this.kernels = kernels;
        this.factors = adapters.isEmpty() ? null : factors(arena, program, adapters, (address, floats) -> address);
        this.sums = sums(program, kernels);
        this.addresses = new long[program.buffers().size()];
        long next = arena.allocate(MemoryTag.ACTIVATION, bufferBytes(program, rows), ALIGNMENT)
                .address();
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = next;
            next += bytes(program.buffers().get(i), rows);
        }
        final int parties = Math.max(1, workers);
        if (kernels.isNative()) {
            scratch = new long[0];
            nativeInterpreter = new NativeInterpreter(
                    arena,
                    NativeBinder.bind(arena, program, factors, addresses, rows, kernels, parties, cache),
                    Math.max(rows.sessions(), rows.output()));
        } else {
            scratch = scratch(arena, parties, scratchBytes(program, kernels));
            nativeInterpreter = null;
        }
        this.generation = new Generation(arena, machine, blockElements(program), rows.sessions());
        this.decodeRows = new PassRows[] {
            new PassRows(arena, rows.sessions(), rows.sessions()), new PassRows(arena, rows.sessions(), rows.sessions())
        };
    }

    private static int blockElements(final StepProgram program) {
        for (final Op op : program.ops()) {
            if (op instanceof Op.Flow flow) {
                return flow.shape().block();
            }
        }
        return 0;
    }

    /** Where a device has a factor that lies at an address of the host. */
    @FunctionalInterface
    public interface FactorPlace {
        /** The device's address of so many floats. */
        long of(long address, long floats);
    }

    /**
     * The table of what adapters have.
     *
     * @param arena where it lies
     * @param adapters what the plan's adapters 1, 2, … are
     * @param place where the factors are for whoever reads the table
     */
    public static AdapterFactors factors(
            final FreezableArena arena,
            final StepProgram program,
            final List<LoraAdapter> adapters,
            final FactorPlace place) {
        final AdapterFactors factors =
                new AdapterFactors(arena, adapters.size(), program.modules(), program.adapterRank());
        for (int i = 0; i < adapters.size(); i++) {
            final float scale = adapters.get(i).config().scale();
            for (final LoraModule m : adapters.get(i).modules()) {
                final AdapterFactors.Module shape =
                        new AdapterFactors.Module(m.tensor().name(), m.experts(), m.rows(), m.cols());
                final int module = program.modules().indexOf(shape);
                if (module < 0) {
                    throw new IllegalArgumentException(
                            "adapter " + (i + 1) + " has factors beside " + shape + ", which the program has not");
                }
                final long a = place.of(m.a(), m.floatsOfA());
                final long b = place.of(m.b(), m.floatsOfB());
                factors.set(i + 1, module, a, b, m.rank(), scale);
            }
        }
        return factors;
    }

    private static long[] scratch(final FreezableArena arena, final int workers, final long bytes) {
        final long[] scratch = new long[workers];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = arena.allocate(MemoryTag.SCRATCH, bytes, ALIGNMENT).address();
        }
        return scratch;
    }

    private static long bytes(final BufferSpec spec, final Rows rows) {
        final long bytes = (long) spec.columns() * rows.of(spec.space()) * Float.BYTES;
        return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /** Bytes of all buffers of a program. */
    public static long bufferBytes(final StepProgram program, final Rows rows) {
        return Math.max(
                ALIGNMENT,
                program.buffers().stream().mapToLong(spec -> bytes(spec, rows)).sum());
    }

    /** Bytes of scratch per worker. */
    public static long scratchBytes(final StepProgram program, final CpuKernels kernels) {
        final boolean sums = !kernels.isNative() && program.adapterRank() > 0;
        return sums ? sums(program, kernels) + AdapterOps.SCRATCH_BYTES : kernelBytes(program, kernels);
    }

    /** Bytes of the tables of adapters that an engine holds beside their factors. */
    public static long adapterBytes(final StepProgram program, final int adapters) {
        return AdapterFactors.bytes(adapters, program.modules().size());
    }

    /** Where the sums of adapters lie in a worker's scratch: behind what kernels take. */
    private static long sums(final StepProgram program, final CpuKernels kernels) {
        return (kernelBytes(program, kernels) + ALIGNMENT - 1) & -ALIGNMENT;
    }

    private static long kernelBytes(final StepProgram program, final CpuKernels kernels) {
        int maxK = Math.max(1, program.adapterRank());
        int maxHeadDim = 1;
        long speech = 0;
        for (final Op op : program.ops()) {
            if (op instanceof Op.Flow flow) {
                speech = kernels.isNative()
                        ? NativeProgramBuilder.speechScratchBytes(kernels.isa(), flow.shape())
                        : Math.max(kernels.set().flowScratchBytes(flow.shape()), SpeechOps.SCRATCH_BYTES);
            }
            maxK = Math.max(maxK, innerDimension(op));
            if (op instanceof Op.Attention attention) {
                final int headDim = attention.shape().headDim();
                maxHeadDim =
                        Math.max(maxHeadDim, Math.max(headDim, attention.shape().dRel()));
            }
        }
        return kernels.isNative()
                ? NativeProgramBuilder.scratchBytes(
                        kernels.isa(), kernels.numerics(), maxK, FastMatrices.maxColumns(program), maxHeadDim, speech)
                : Math.max(kernels.set().scratchBytes(maxK, maxHeadDim), speech);
    }

    /** Bytes of the weights that a FAST class prepares. */
    public static long weightBytes(final StepProgram program, final CpuKernels kernels) {
        return FastMatrices.bytes(program, kernels.numerics());
    }

    private static int innerDimension(final Op op) {
        if (op instanceof Op.Linear linear) {
            return linear.w().cols();
        }
        if (op instanceof Op.LinearConv linear) {
            return linear.w().cols();
        }
        if (op instanceof Op.LinearSwiglu linear) {
            return linear.w().cols();
        }
        return op instanceof Op.ExpertsUp up
                ? Math.max(up.routed().width(), up.routed().hidden())
                : 1;
    }

    CpuKernels kernels() {
        return kernels;
    }

    /** What runs passes in C; null where Java does. */
    NativeInterpreter nativeInterpreter() {
        return nativeInterpreter;
    }

    long[] addresses() {
        return addresses;
    }

    long[] scratch() {
        return scratch;
    }

    /** Bytes from a worker's scratch to what adapters need of it. */
    long sums() {
        return sums;
    }

    /** What adapters have; null without any. */
    AdapterFactors factors() {
        return factors;
    }

    Generation generation() {
        return generation;
    }

    PassRows[] decodeRows() {
        return decodeRows;
    }
}
