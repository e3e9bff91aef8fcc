package dev.tactus.engine;

import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.device.DeviceArenas;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.device.cpu.CpuMemory;
import dev.tactus.engine.device.cpu.QuantizedCache;
import dev.tactus.engine.device.cuda.CudaMemory;
import dev.tactus.engine.device.cuda.Gpu;
import dev.tactus.engine.ledger.Ledger;
import dev.tactus.engine.model.InklingProgram;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.engine.model.SessionLayout;
import dev.tactus.engine.model.StepProgram;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.PagePool;
import dev.tactus.memory.SlotPool;
import dev.tactus.scheduler.IngressRing;
import dev.tactus.scheduler.Pacing;
import dev.tactus.scheduler.TickRecord;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BitUtil;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * All memory of an engine, allocated at launch in one place and then frozen: KV pools, session states, media slots,
 * rings, plan, ledger, activations.
 */
final class EngineMemory implements AutoCloseable {
    private static final int ALIGNMENT = 64;
    private static final int PAGE = 4096;
    private static final int EGRESS_TICKS = 64;
    private static final int SCRIPT_IDS = 64;
    private static final int INGRESS_TICKS = 3;

    final DeviceArenas arenas;
    final StepProgram program;
    final OutputMachine machine;
    final PagePool localPool;
    final PagePool globalPool;
    final SessionState[] sessions;
    final IngressRing ingress;
    final UnsafeBuffer records;
    final TickPlan plan;
    final TickOutput output;
    final Ledger ledger;
    /** What the CPU computes in; null where a GPU does. */
    final CpuMemory cpu;

    /** What the GPU computes in; null where the CPU does. */
    final CudaMemory cuda;

    /** What the plan's adapters 1, 2, … are. */
    final List<LoraAdapter> adapters;

    /** The cache of quantised weights; null where there is none. */
    final QuantizedCache quantized;

    private final Sizes sizes;

    EngineMemory(final EngineContext context, final MemoryLedger ledgerOfBytes) {
        this.sizes = new Sizes(context);
        final Gpu device = context.usesCuda() ? Gpu.open() : null;
        this.arenas = device == null ? DeviceArenas.onHost(ledgerOfBytes) : device.arenas(ledgerOfBytes);
        final InteractionConfig ids = context.interaction();
        try {
            program = program(context);
            adapters = adapters(context);
            machine = new OutputMachine(context.model().config(), ids, context.speaks(), arenas.host());
            final SessionLayout layout = context.layout();
            localPool = pool(sizes.sessions * layout.localPages(), layout.localPageBytes());
            globalPool = pool(sizes.sessions * layout.globalPages(), layout.globalPageBytes());
            sessions = new SessionState[sizes.sessions];
            final boolean realtime = context.pacing() == Pacing.REALTIME;
            for (int i = 0; i < sizes.sessions; i++) {
                sessions[i] = session(i, layout, realtime);
            }
            ingress = new IngressRing(buffer(MemoryTag.RING, sizes.ingressBytes));
            records = buffer(MemoryTag.PLAN, sizes.sessions * TickRecord.length(ids.textInMax()));
            final int outputs = OutputMachine.maxOutputs(ids);
            plan = new TickPlan(arenas.mapped(), sizes.sessions, sizes.rows, sizes.audio, sizes.patches, outputs);
            output = new TickOutput(arenas.mapped(), sizes.sessions, outputs);
            ledger = new Ledger(arenas.host(), sizes.sessions);
            quantized = cache(context);
            cpu = device == null ? cpu(context) : null;
            cuda = device == null ? null : cuda(device, context);
            arenas.freeze();
        } catch (final RuntimeException | Error ex) {
            arenas.close();
            throw ex;
        }
    }

    private CpuMemory cpu(final EngineContext context) {
        return new CpuMemory(
                arenas.host(),
                program,
                adapters,
                context.cpuKernels(),
                sizes.rowLimits(),
                context.computeThreads(),
                machine,
                quantized);
    }

    private CudaMemory cuda(final Gpu device, final EngineContext context) {
        return new CudaMemory(
                device,
                arenas,
                program,
                adapters,
                context.layout(),
                sizes.rowLimits(),
                machine,
                context.numerics(),
                plan,
                output);
    }

    private static QuantizedCache cache(final EngineContext context) {
        return context.quantizedCache()
                ? new QuantizedCache(
                        context.model().directory(), context.model().files())
                : null;
    }

    private static StepProgram program(final EngineContext context) {
        final int patch = context.model().config().vision().patch();
        final int frameWidth = context.interaction().videoCols() * patch;
        return InklingProgram.compile(
                context.model().weights(),
                context.layout(),
                context.model().tables(),
                frameWidth,
                context.adapterTargets());
    }

    private List<LoraAdapter> adapters(final EngineContext context) {
        final List<LoraAdapter> loaded = new ArrayList<>();
        for (final NamedAdapter adapter : context.adapters()) {
            loaded.add(adapter.load(context.loraBase(), arenas.host(), context.ledger()));
        }
        return List.copyOf(loaded);
    }

    private PagePool pool(final int pages, final long bytes) {
        final long base = arenas.resident()
                .allocate(MemoryTag.KV, poolBytes(pages, bytes), PAGE)
                .address();
        return new PagePool(base, Math.max(1, bytes), pages);
    }

    private static long poolBytes(final int pages, final long bytes) {
        return Math.max(1, pages * bytes);
    }

    private SessionState session(final int index, final SessionLayout layout, final boolean realtime) {
        final FreezableArena mapped = arenas.mapped();
        final long media =
                mapped.allocate(MemoryTag.MEDIA, sizes.mediaBytes(), PAGE).address();
        final long videoBase = media + sizes.audioSlots * sizes.audioBytes;
        final long textBase = videoBase + sizes.videoSlots * sizes.videoBytes;
        final SlotPool[] pools = {
            new SlotPool(media, sizes.audioBytes, sizes.audioSlots),
            new SlotPool(videoBase, sizes.videoBytes, sizes.videoSlots),
            new SlotPool(textBase, sizes.textBytes, sizes.textSlots)
        };
        return new SessionState(
                index,
                pools,
                new OneToOneRingBuffer(buffer(MemoryTag.RING, sizes.egressBytes)),
                arenas.resident()
                        .allocate(MemoryTag.STATE, layout.stateBytes(), ALIGNMENT)
                        .address(),
                arenas.isResidentOnHost() ? layout.stateBytes() : 0,
                mapped.allocate(MemoryTag.STATE, tableBytes(layout.localPages()), ALIGNMENT)
                        .address(),
                mapped.allocate(MemoryTag.STATE, tableBytes(layout.globalPages()), ALIGNMENT)
                        .address(),
                buffer(mapped, MemoryTag.PLAN, SCRIPT_IDS * Integer.BYTES),
                sizes.speaks
                        ? new SpeechSlots(mapped.allocate(MemoryTag.MEDIA, SpeechSlots.BYTES, ALIGNMENT)
                                .address())
                        : null,
                layout.blocks(),
                realtime);
    }

    private static long tableBytes(final int pages) {
        return Math.max(1, pages) * (long) Long.BYTES;
    }

    private UnsafeBuffer buffer(final MemoryTag tag, final int bytes) {
        return buffer(arenas.host(), tag, bytes);
    }

    private static UnsafeBuffer buffer(final FreezableArena arena, final MemoryTag tag, final int bytes) {
        return new UnsafeBuffer(arena.allocate(tag, bytes, ALIGNMENT).address(), bytes);
    }

    /** Most ids of a script. */
    static int maxScript() {
        return SCRIPT_IDS;
    }

    @Override
    public void close() {
        CloseHelper.closeAll(cuda, arenas);
    }

    /**
     * What an {@link EngineMemory} of this context will allocate. Small columns of the plan are left out: kilobytes.
     */
    static MemoryPlan plan(final EngineContext context) {
        final Sizes sizes = new Sizes(context);
        final SessionLayout layout = context.layout();
        final int n = sizes.sessions;
        final StepProgram program = program(context);
        final List<MemoryPlan.Item> items = new ArrayList<>();
        items.add(new MemoryPlan.Item(
                n + " × " + layout.localPages() + " local KV pages",
                MemoryTag.KV,
                poolBytes(n * layout.localPages(), layout.localPageBytes())));
        items.add(new MemoryPlan.Item(
                n + " × " + layout.globalPages() + " global KV pages",
                MemoryTag.KV,
                poolBytes(n * layout.globalPages(), layout.globalPageBytes())));
        items.add(new MemoryPlan.Item(
                sizes.speaks ? "carries, voices and page tables" : "carries and page tables",
                MemoryTag.STATE,
                n * (layout.stateBytes() + tableBytes(layout.localPages()) + tableBytes(layout.globalPages()))));
        items.add(new MemoryPlan.Item("media slots", MemoryTag.MEDIA, n * sizes.mediaBytes()));
        if (sizes.speaks) {
            items.add(new MemoryPlan.Item("speech slots", MemoryTag.MEDIA, n * SpeechSlots.BYTES));
        }
        items.add(new MemoryPlan.Item(
                "ingress and egress rings", MemoryTag.RING, sizes.ingressBytes + (long) n * sizes.egressBytes));
        items.add(new MemoryPlan.Item("ledger", MemoryTag.LEDGER, n * Ledger.bytesPerSession()));
        items.add(new MemoryPlan.Item(
                "activations", MemoryTag.ACTIVATION, CpuMemory.bufferBytes(program, sizes.rowLimits())));
        if (context.usesCuda()) {
            items.add(new MemoryPlan.Item(
                    "GPU scratch", MemoryTag.SCRATCH, CudaMemory.scratchBytes(program, sizes.rowLimits())));
            items.add(new MemoryPlan.Item(
                    "weights on the GPU", MemoryTag.WEIGHTS, CudaMemory.weightBytes(program, context.numerics())));
        } else {
            planCpu(context, program, items);
        }
        if (!context.adapters().isEmpty()) {
            final long factors =
                    context.adapters().stream().mapToLong(NamedAdapter::bytes).sum();
            final int count = context.adapters().size();
            final long table = CpuMemory.adapterBytes(program, count);
            // a GPU has a copy of its own
            final long held = context.usesCuda() ? 2 * factors : factors;
            items.add(new MemoryPlan.Item(count + " adapter(s)", MemoryTag.WEIGHTS, held + table));
        }
        return new MemoryPlan(items);
    }

    private static void planCpu(
            final EngineContext context, final StepProgram program, final List<MemoryPlan.Item> items) {
        items.add(new MemoryPlan.Item(
                "worker scratch",
                MemoryTag.SCRATCH,
                Math.max(1, context.computeThreads()) * CpuMemory.scratchBytes(program, context.cpuKernels())));
        final long weights = CpuMemory.weightBytes(program, context.cpuKernels());
        if (weights > 0) {
            final String name = context.numerics().label() + " weights";
            items.add(new MemoryPlan.Item(name, MemoryTag.WEIGHTS, weights));
        }
    }

    /** Counts and bytes that follow from the settings. */
    private static final class Sizes {
        final boolean speaks;
        final int sessions;
        final int rows;
        final int audio;
        final int patches;
        final int audioSlots;
        final long audioBytes;
        final int videoSlots;
        final long videoBytes;
        final int textSlots;
        final long textBytes;
        final int ingressBytes;
        final int egressBytes;

        Sizes(final EngineContext context) {
            final InteractionConfig ids = context.interaction();
            final int patch = context.model().config().vision().patch();
            speaks = context.model().weights().voice().isPresent();
            sessions = context.maxSessions();
            rows = sessions * context.rowsPerSession();
            audio = sessions * TickRecord.AUDIO_POSITIONS;
            patches = sessions * ids.videoRows() * ids.videoCols();
            // one slot more than the pool's ticks: the left context of the next one
            audioSlots = EngineContext.POOL_TICKS * TickRecord.AUDIO_POSITIONS + 1;
            audioBytes = BitUtil.align(AudioInput.SLOT_SAMPLES * Float.BYTES, ALIGNMENT);
            videoSlots = EngineContext.POOL_TICKS * EngineContext.FRAMES_PER_TICK + 1;
            videoBytes = BitUtil.align(ids.videoRows() * patch * ids.videoCols() * patch * 3, ALIGNMENT);
            textSlots = EngineContext.POOL_TICKS * EngineContext.CHUNKS_PER_TICK;
            textBytes = (long) TextInput.SLOT_IDS * Integer.BYTES;
            final int perTick =
                    TickRecord.AUDIO_POSITIONS + EngineContext.FRAMES_PER_TICK + EngineContext.CHUNKS_PER_TICK;
            ingressBytes = IngressRing.requiredBytes(sessions * perTick * INGRESS_TICKS);
            final int record = EgressRecord.length(OutputMachine.maxOutputs(ids), true) + 16;
            egressBytes =
                    BitUtil.findNextPositivePowerOfTwo(record * EGRESS_TICKS) + RingBufferDescriptor.TRAILER_LENGTH;
        }

        long mediaBytes() {
            return audioSlots * audioBytes + videoSlots * videoBytes + textSlots * textBytes;
        }

        CpuMemory.Rows rowLimits() {
            return new CpuMemory.Rows(rows, sessions, audio, patches, sessions, sessions);
        }
    }

    int videoSlots() {
        return sizes.videoSlots;
    }

    int textSlots() {
        return sizes.textSlots;
    }
}
