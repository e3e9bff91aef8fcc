package dev.tactus.engine;

import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraBase;
import dev.tactus.engine.device.Backend;
import dev.tactus.engine.device.DeviceArenas;
import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.RowKind;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.device.cpu.CpuBackend;
import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.engine.device.cpu.CpuMemory;
import dev.tactus.engine.device.cuda.CudaBackend;
import dev.tactus.engine.device.cuda.CudaMemory;
import dev.tactus.engine.device.cuda.Gpu;
import dev.tactus.engine.model.AdapterTargets;
import dev.tactus.engine.model.InklingProgram;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.SessionLayout;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import org.agrona.CloseHelper;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Runs given token sequences through the engine's own plan and backend and hands out the logits of every position:
 * {@code tactus logits}, the golden tests, and the tests of equality between ways to cut a sequence.
 *
 * <p>Nothing is evicted: global layers keep all positions. One thread calls.
 */
public final class TeacherForcing implements AutoCloseable {
    private static final ConditionSink NO_CONDITIONS = (sequence, block, address) -> {};

    private final ModelConfig config;
    private final boolean speaks;
    private final DeviceArenas arenas;
    private final ForcedMedia media;
    private final Backend backend;
    private final TickPlan plan;
    private final TickOutput output;
    private final Tau tau;
    private final Lane[] lanes;
    private final int maxRows;
    private final int adapters;

    /** Makes the device once the memory that it shares with the engine is there. */
    private interface DeviceMaker {
        Backend make(
                DeviceArenas arenas,
                StepProgram program,
                SessionLayout layout,
                CpuMemory.Rows rows,
                TickPlan plan,
                TickOutput output);
    }

    /** Receives the logits of a position: float32 [unpadded vocabulary] at {@code address}, valid during the call. */
    @FunctionalInterface
    public interface LogitsSink {
        /** Called once per position, in rising order within a sequence. */
        void accept(int sequence, int position, long address);
    }

    /**
     * A sequence to force.
     *
     * @param ids token ids, placeholders included
     * @param bins int32 [audio placeholders, mels], in order; 0 when there are none
     * @param audio how many rows {@code bins} has
     * @param pixels float32 [patch placeholders, temporal, patch, patch, channels], normalised; 0 when there are none
     * @param patches how many patches {@code pixels} has
     * @param adapter its adapter among those given, from 1 on; 0 for the base alone
     * @param speech float32 [blocks, elements of a block], normalised; 0 when there are none
     * @param blocks how many blocks {@code speech} has, one for each {@link #SPEECH} among the ids
     */
    public record Sequence(
            int[] ids, long bins, int audio, long pixels, int patches, int adapter, long speech, int blocks) {
        /** Stands among the ids for a block of the model's own speech, which has no token. */
        public static final int SPEECH = -2;

        /** Without speech. */
        public Sequence(
                final int[] ids,
                final long bins,
                final int audio,
                final long pixels,
                final int patches,
                final int adapter) {
            this(ids, bins, audio, pixels, patches, adapter, 0, 0);
        }

        /** With the base alone. */
        public Sequence(final int[] ids, final long bins, final int audio, final long pixels, final int patches) {
            this(ids, bins, audio, pixels, patches, 0);
        }

        /** Text alone. */
        public static Sequence ofText(final int... ids) {
            return new Sequence(ids, 0, 0, 0, 0);
        }

        /** The same with an adapter, by its number from 1 on. */
        public Sequence withAdapter(final int number) {
            return new Sequence(ids, bins, audio, pixels, patches, number, speech, blocks);
        }

        /** The same with so many blocks of speech, in the order of their places among the ids. */
        public Sequence withSpeech(final long address, final int count) {
            return new Sequence(ids, bins, audio, pixels, patches, adapter, address, count);
        }
    }

    /**
     * Receives what the flow head is told about a block of speech: float32 [hidden] at {@code address}, valid during
     * the call.
     */
    @FunctionalInterface
    public interface ConditionSink {
        /** Called once per block, in rising order within a sequence. */
        void accept(int sequence, int block, long address);
    }

    private static final class Lane {
        private final long state;
        private final long local;
        private final long global;
        private int position;
        private int audio;
        private int patches;
        private int taken;
        private int told;

        Lane(final long state, final long local, final long global) {
            this.state = state;
            this.local = local;
            this.global = global;
        }
    }

    /**
     * Room for {@code sequences} sequences side by side.
     *
     * @param maxPositions longest sequence
     * @param maxRows most rows of one sequence in one pass
     * @param threads worker threads; 0 works on the caller's
     */
    public TeacherForcing(
            final LoadedModel model,
            final CpuKernels kernels,
            final int sequences,
            final int maxPositions,
            final int maxRows,
            final int threads,
            final ThreadFactory factory,
            final MemoryLedger ledger) {
        this(model, List.of(), kernels, sequences, maxPositions, maxRows, threads, factory, ledger);
    }

    /**
     * The same with adapters, which sequences name by number.
     *
     * @param adapters of this model; they stay the caller's, and are read where they lie in every pass
     * @throws InvalidModelException when one is for another model
     */
    public TeacherForcing(
            final LoadedModel model,
            final List<LoraAdapter> adapters,
            final CpuKernels kernels,
            final int sequences,
            final int maxPositions,
            final int maxRows,
            final int threads,
            final ThreadFactory factory,
            final MemoryLedger ledger) {
        this(
                model,
                adapters,
                sequences,
                maxPositions,
                maxRows,
                DeviceArenas.onHost(ledger),
                (arenas, program, layout, rows, plan, output) -> new CpuBackend(
                        program,
                        new CpuMemory(arenas.host(), program, adapters, kernels, rows, threads, null, null),
                        SystemNanoClock.INSTANCE,
                        threads,
                        factory,
                        false));
    }

    private TeacherForcing(
            final LoadedModel model,
            final List<LoraAdapter> adapters,
            final int sequences,
            final int maxPositions,
            final int maxRows,
            final DeviceArenas arenas,
            final DeviceMaker device) {
        this.arenas = arenas;
        this.adapters = requireBase(adapters, model);
        this.config = model.config();
        this.speaks = model.weights().voice().isPresent();
        this.maxRows = Math.min(maxRows, Math.max(1, maxPositions));
        this.tau = new Tau(config.text());
        try {
            final SessionLayout layout = SessionLayout.of(config.text(), Math.max(1, maxPositions), 0, this.maxRows)
                    .withVoice(model.weights().voice());
            final int width = config.vision().patch();
            final AdapterTargets targets = NamedAdapter.targets(
                    adapters.stream().map(LoraAdapter::outline).toList());
            final StepProgram program = InklingProgram.compile(model.weights(), layout, model.tables(), width, targets);
            final int rows = sequences * this.maxRows;
            plan = new TickPlan(arenas.mapped(), sequences, rows, rows, rows, 1);
            output = new TickOutput(arenas.mapped(), sequences, 1);
            media = new ForcedMedia(arenas, model.weights(), rows);
            lanes = new Lane[sequences];
            for (int i = 0; i < sequences; i++) {
                lanes[i] = lane(layout);
            }
            final CpuMemory.Rows most = new CpuMemory.Rows(rows, rows, rows, rows, rows, sequences);
            backend = device.make(arenas, program, layout, most, plan, output);
            arenas.freeze();
        } catch (final RuntimeException | Error ex) {
            arenas.close();
            throw ex;
        }
    }

    /** Room for {@code sequences} sequences side by side, on a GPU, without adapters. */
    public static TeacherForcing onCuda(
            final LoadedModel model,
            final NumericClass numerics,
            final int sequences,
            final int maxPositions,
            final int maxRows,
            final MemoryLedger ledger) {
        return onCuda(model, List.of(), numerics, sequences, maxPositions, maxRows, ledger);
    }

    /**
     * Room for {@code sequences} sequences side by side, on a GPU.
     *
     * @param adapters of this model, which sequences name by number; their factors are copied now
     * @param numerics EXACT or FAST_BF16
     * @param maxPositions longest sequence
     * @param maxRows most rows of one sequence in one pass
     * @throws IllegalArgumentException when there is no GPU, with the reasons
     */
    public static TeacherForcing onCuda(
            final LoadedModel model,
            final List<LoraAdapter> adapters,
            final NumericClass numerics,
            final int sequences,
            final int maxPositions,
            final int maxRows,
            final MemoryLedger ledger) {
        final Gpu gpu = Gpu.open();
        return new TeacherForcing(
                model,
                adapters,
                sequences,
                maxPositions,
                maxRows,
                gpu.arenas(ledger),
                (arenas, program, layout, rows, plan, output) -> new CudaBackend(
                        CudaMemory.forced(gpu, arenas, program, adapters, layout, rows, numerics, plan, output),
                        SystemNanoClock.INSTANCE));
    }

    private static int requireBase(final List<LoraAdapter> adapters, final LoadedModel model) {
        final LoraBase base = adapters.isEmpty() ? null : model.loraBase();
        adapters.forEach(adapter -> adapter.requireBase(base));
        return adapters.size();
    }

    private Lane lane(final SessionLayout layout) {
        return new Lane(
                arenas.resident()
                        .allocate(MemoryTag.STATE, Math.max(1, layout.stateBytes()), 64)
                        .address(),
                pages(layout.localPages(), layout.localPageBytes()),
                pages(layout.globalPages(), layout.globalPageBytes()));
    }

    private long pages(final int count, final long bytes) {
        final long table = arenas.mapped()
                .allocate(MemoryTag.KV, Math.max(1, count) * (long) Long.BYTES, 64)
                .address();
        for (int i = 0; i < count; i++) {
            OffHeap.putLong(
                    table + i * (long) Long.BYTES,
                    arenas.resident().allocate(MemoryTag.KV, bytes, 64).address());
        }
        return table;
    }

    /**
     * Runs sequences from where each stands to its end, {@code chunk} rows of each per pass.
     *
     * @throws InvalidModelException when ids, bins or patches do not fit the model or each other
     */
    public void run(final Sequence[] sequences, final int chunk, final LogitsSink sink) {
        run(sequences, chunk, sink, NO_CONDITIONS);
    }

    /** The same, and hands out what the flow head is told about every block of speech. */
    public void run(
            final Sequence[] sequences, final int chunk, final LogitsSink sink, final ConditionSink conditions) {
        if (sequences.length > lanes.length || chunk < 1 || chunk > maxRows) {
            throw new IllegalArgumentException(sequences.length + " sequences in passes of " + chunk
                    + " rows: expected at most " + lanes.length + " and 1 to " + maxRows);
        }
        for (int i = 0; i < sequences.length; i++) {
            check(i, sequences[i]);
        }
        boolean more = true;
        while (more) {
            more = false;
            plan.clear(true);
            media.clear();
            for (int i = 0; i < sequences.length; i++) {
                more |= addRows(i, sequences[i], chunk);
            }
            if (more) {
                pass(sink, conditions);
            }
        }
    }

    private void check(final int number, final Sequence sequence) {
        if (sequence.adapter() < 0 || sequence.adapter() > adapters) {
            throw new IllegalArgumentException(
                    "adapter of sequence " + number + " is " + sequence.adapter() + ": expected 0 to " + adapters);
        }
        int audio = 0;
        int patches = 0;
        int blocks = 0;
        for (int i = 0; i < sequence.ids().length; i++) {
            final int id = sequence.ids()[i];
            if (id == Sequence.SPEECH && speaks && i > 0) {
                blocks++;
                continue;
            }
            if (id < 0 || id >= config.text().vocab()) {
                throw new InvalidModelException("input_ids[" + i + "] of sequence " + number + " is " + id
                        + ": expected 0 to " + (config.text().vocab() - 1)
                        + (speaks ? ", or " + Sequence.SPEECH + " behind another for a block of speech" : ""));
            }
            audio += id == config.audioTokenId() ? 1 : 0;
            patches += id == config.imageTokenId() ? 1 : 0;
        }
        if (audio != sequence.audio() || patches != sequence.patches()) {
            throw new InvalidModelException(
                    "input_ids of sequence " + number + " has " + audio + " audio and " + patches
                            + " image placeholders: found " + sequence.audio() + " audio_bins and " + sequence.patches()
                            + " pixels, expected as many");
        }
        if (blocks != sequence.blocks()) {
            throw new InvalidModelException("input_ids of sequence " + number + " has " + blocks
                    + " places of speech: found " + sequence.blocks() + " blocks, expected as many");
        }
        checkAddress(number, "audio_bins", sequence.bins(), sequence.audio());
        checkAddress(number, "pixels", sequence.pixels(), sequence.patches());
        checkAddress(number, "blocks", sequence.speech(), sequence.blocks());
        checkBins(number, sequence);
    }

    /** Kernels read there without asking again. */
    private static void checkAddress(final int number, final String what, final long address, final int count) {
        if (count > 0 && (address == 0 || address % Float.BYTES != 0)) {
            throw new InvalidModelException(what + " of sequence " + number + " lie at address " + address
                    + ": expected one that is not 0 and divisible by " + Float.BYTES);
        }
    }

    private void checkBins(final int number, final Sequence sequence) {
        for (int i = 0; i < sequence.audio() * config.audio().mels(); i++) {
            final int bin = OffHeap.getInt(sequence.bins() + i * (long) Integer.BYTES);
            if (bin < 0 || bin >= config.audio().levels()) {
                throw new InvalidModelException("audio_bins["
                        + i / config.audio().mels() + ", "
                        + i % config.audio().mels() + "] of sequence " + number + " is " + bin + ": expected 0 to "
                        + (config.audio().levels() - 1));
            }
        }
    }

    private boolean addRows(final int number, final Sequence sequence, final int chunk) {
        final Lane lane = lanes[number];
        final int end = Math.min(sequence.ids().length, lane.position + chunk);
        if (lane.position >= end) {
            return false;
        }
        final int entry = plan.addEntry(number, lane.state, lane.local, lane.global, 0, 0, SamplingParameters.GREEDY);
        plan.adapter(entry, sequence.adapter());
        for (; lane.position < end; lane.position++) {
            final int id = sequence.ids()[lane.position];
            final float rowTau = tau.of(lane.position);
            if (id == Sequence.SPEECH) {
                final long bytes = (long) Vocoder.BLOCK_MELS * Float.BYTES;
                plan.rows().addSpeech(media.speech(sequence.speech() + lane.taken++ * bytes), lane.position, rowTau);
            } else if (id == config.audioTokenId()) {
                final long bytes = (long) config.audio().mels() * Integer.BYTES;
                final int source = plan.addAudioBins(media.bins(sequence.bins() + lane.audio++ * bytes));
                plan.rows().add(RowKind.AUDIO, source, lane.position, rowTau);
            } else if (id == config.imageTokenId()) {
                final long bytes = (long) config.vision().patchElements() * Float.BYTES;
                final int source = plan.addPatchPixels(media.pixels(sequence.pixels() + lane.patches++ * bytes));
                plan.rows().add(RowKind.PATCH, source, lane.position, rowTau);
            } else {
                plan.rows().add(RowKind.TOKEN, id, lane.position, rowTau);
            }
            plan.rows().wantOutput();
            final int next = lane.position + 1;
            if (next < sequence.ids().length && sequence.ids()[next] == Sequence.SPEECH) {
                plan.rows().wantBlock(0);
            }
        }
        return true;
    }

    private void pass(final LogitsSink sink, final ConditionSink conditions) {
        final long ticket = backend.submit(plan, output);
        int status;
        while ((status = backend.poll(ticket)) == Backend.PENDING) {
            Thread.onSpinWait();
        }
        if (status == Backend.FAILED) {
            throw new IllegalStateException("the device failed: " + backend.failure(), backend.failure());
        }
        final long bytes = (long) config.text().unpaddedVocab() * Float.BYTES;
        for (int row = 0; row < plan.rows().rows(); row++) {
            sink.accept(
                    plan.session(plan.rows().entryOfRow(row)),
                    (int) plan.rows().position(row),
                    backend.logits() + row * bytes);
        }
        final long told = (long) config.text().hidden() * Float.BYTES;
        for (int row = 0; row < plan.rows().rows(); row++) {
            final int voice = plan.rows().voiceRow(row);
            if (voice != PassRows.NO_OUTPUT) {
                final int sequence = plan.session(plan.rows().entryOfRow(row));
                conditions.accept(sequence, lanes[sequence].told++, backend.conditions() + voice * told);
            }
        }
    }

    /** What runs the passes, as {@link Backend#name()} calls it. */
    public String backendName() {
        return backend.name();
    }

    /** Stops the backend and frees its memory. */
    @Override
    public void close() {
        CloseHelper.closeAll(backend, arenas);
    }
}
