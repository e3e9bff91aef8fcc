package dev.tactus.engine;

import dev.tactus.engine.adapter.LoraAdapter;
import dev.tactus.engine.adapter.LoraBase;
import dev.tactus.engine.adapter.LoraOutline;
import dev.tactus.engine.device.cpu.CpuKernels;
import dev.tactus.engine.model.AdapterTargets;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.SessionLayout;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.c.Isa;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.MissedTickPolicy;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import dev.tactus.scheduler.TickLoop;
import dev.tactus.scheduler.TickLoopParts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * How an engine is to be: set, then handed to {@link Engine#launch}, which concludes it once. Not thread-safe.
 *
 * <p>{@link #conclude()} checks everything and computes every size; what it returns is constant from then on.
 */
public final class EngineContext {
    /** T: 200 ms. */
    public static final long PERIOD_NS = TimeUnit.MILLISECONDS.toNanos(200);

    /** Media pools hold this many ticks. */
    static final int POOL_TICKS = 3;

    /** Frames that may wait per tick of the pool: 30 frames per second. */
    static final int FRAMES_PER_TICK = 6;

    /** Text chunks that may wait per tick of the pool. */
    static final int CHUNKS_PER_TICK = 4;

    /** Most adapters of an engine: each has a row in a table of all matrices. */
    static final int MOST_ADAPTERS = 256;

    private static final int MOST_SESSIONS = 4096;
    private static final int MOST_THREADS = 256;
    private static final int MOST_PHASES = 64;
    private static final int DEFAULT_PHASES = 8;

    /** Time for a pause of the whole machine beside the tick. */
    private static final long DEFAULT_DEVICE_TIMEOUT_NS = 10 * PERIOD_NS;

    private static final int BY_SESSIONS = 0;

    private static final long BY_ADMISSION = -1;
    private static final long DEFAULT_CALIBRATION_NS = TimeUnit.SECONDS.toNanos(1);

    private LoadedModel model;
    private InteractionConfig interaction;
    private int maxSessions = 1;
    private int phases = BY_SESSIONS;
    private long deviceTimeoutNs = -1;
    private MissedTickPolicy missedTicks = MissedTickPolicy.DEFAULT;
    private int threads = Runtime.getRuntime().availableProcessors();
    private ThreadingMode threadingMode = ThreadingMode.SHARED;
    private Pacing pacing = Pacing.REALTIME;
    private DeviceChoice device = DeviceChoice.CPU;
    private KernelChoice kernels = KernelChoice.AUTO;
    private Isa isa;
    private NumericClass numerics = NumericClass.EXACT;
    private boolean quantizedCache;
    private CpuKernels cpuKernels;
    private boolean pinWorkers = true;
    private boolean lockMemory;
    private boolean voice = true;
    private long allowanceNs;
    private long videoAllowanceNs = TickLoopParts.UNTIL_THE_SEAL;
    private long textAllowanceNs = TickLoopParts.UNTIL_THE_SEAL;
    private long warmUpNs = TimeUnit.SECONDS.toNanos(1);
    private long memoryBudget = Long.MAX_VALUE;
    private boolean admission = true;
    private long admissionMarginNs = AdmissionDesk.MARGIN_NS;
    private long calibrationNs = BY_ADMISSION;
    private NanoClock clock = SystemNanoClock.INSTANCE;
    private ThreadFactory threadFactory = EngineContext::daemon;
    private MemoryLedger ledger = new MemoryLedger();
    private List<NamedAdapter> adapters = new ArrayList<>();
    private LoraBase loraBase;
    private EnginePorts ports;
    private SessionLayout layout;

    private static Thread daemon(final Runnable body) {
        final Thread thread = new Thread(body);
        thread.setDaemon(true);
        return thread;
    }

    /** The model; required. It stays the caller's, who closes it after the engine. */
    public EngineContext model(final LoadedModel newModel) {
        model = newModel;
        return this;
    }

    /** The micro-turn; by default that of the model's config. */
    public EngineContext interaction(final InteractionConfig newInteraction) {
        interaction = newInteraction;
        return this;
    }

    /** Most sessions at a time; 1 by default. */
    public EngineContext maxSessions(final int sessions) {
        maxSessions = sessions;
        return this;
    }

    /**
     * Slots of the period over which sessions are spread, so that the device works for a few of them at a time and each
     * waits for its own cohort only; 1 to {@value #MOST_PHASES}. By default {@value #DEFAULT_PHASES}, or as many as
     * there may be sessions; stepped, always 1.
     */
    public EngineContext phases(final int count) {
        if (count < 1 || count > MOST_PHASES) {
            throw new IllegalArgumentException("phases is " + count + ": expected 1 to " + MOST_PHASES);
        }
        phases = count;
        return this;
    }

    /** What sessions give up, and when, where ticks run late; {@link MissedTickPolicy#DEFAULT} by default. */
    public EngineContext missedTicks(final MissedTickPolicy policy) {
        missedTicks = policy;
        return this;
    }

    /**
     * How long the device may work on one tick before it counts as stuck: then all sessions end as
     * {@link dev.tactus.scheduler.EndReason#DEVICE_STUCK}, {@link Engine#failure()} says so, and another engine can be
     * launched. 0 for ever; by default ten periods, and for ever when stepped. Time in which the tick thread did not
     * run either does not count.
     */
    public EngineContext deviceTimeoutNs(final long ns) {
        if (ns < 0) {
            throw new IllegalArgumentException("deviceTimeoutNs is " + ns + ": expected 0 or more");
        }
        deviceTimeoutNs = ns;
        return this;
    }

    /** Threads that compute, the device thread included; all processors by default. Unused in INVOKER mode. */
    public EngineContext threads(final int count) {
        threads = count;
        return this;
    }

    /** Which threads the engine starts; SHARED by default. */
    public EngineContext threadingMode(final ThreadingMode mode) {
        threadingMode = mode;
        return this;
    }

    /** What makes a beat due; the clock by default. */
    public EngineContext pacing(final Pacing newPacing) {
        pacing = newPacing;
        return this;
    }

    /** Which kernels; AUTO by default. */
    public EngineContext kernels(final KernelChoice choice) {
        kernels = choice;
        return this;
    }

    /**
     * What the engine computes on; the CPU by default. On CUDA, weights, keys and values, carries and activations lie
     * in the GPU's memory, media and speech slots in memory that both see; threads, kernels, instruction set and
     * pinning of workers have no meaning there. There is no FAST_INT8 yet, and adapters come from folders: their
     * factors are copied at launch. Platform threads launch and close the engine and drive its beat: the driver keeps
     * its state per OS thread.
     */
    public EngineContext device(final DeviceChoice choice) {
        device = choice;
        return this;
    }

    /** Which device, kernels, instruction set and class, at once. */
    public EngineContext kernels(final KernelSelection selection) {
        return device(selection.device())
                .kernels(selection.choice())
                .isa(selection.isa())
                .numerics(selection.numerics())
                .quantizedCache(selection.quantizedCache());
    }

    /** The instruction set of the C kernels, which are then required; by default the best that the CPU has. */
    public EngineContext isa(final Isa instructions) {
        isa = instructions;
        return this;
    }

    /** How products are computed; EXACT by default. The FAST classes require the C kernels. */
    public EngineContext numerics(final NumericClass newNumerics) {
        numerics = newNumerics;
        return this;
    }

    /**
     * Whether the quantised weights of FAST_INT8 are kept in
     * {@value dev.tactus.engine.device.cpu.QuantizedCache#FILE_NAME} in the model's directory, about as large as half
     * of its bfloat16 weights, and read from there at the next launch; false by default. A file of another or a changed
     * model is replaced; where none can be written, {@link Engine#launchNote()} says so and nothing else changes. The
     * bits are the same with and without. Quantising takes about half a second per GB of bfloat16 weights: only where
     * files are read faster than that does the cache save time.
     *
     * <p>It has no effect on the other classes: EXACT reads weights in place, and rounding them for FAST_BF16 is as
     * fast as reading them from a file.
     */
    public EngineContext quantizedCache(final boolean cached) {
        quantizedCache = cached;
        return this;
    }

    /**
     * Whether each thread that computes stays on a CPU of its own; true by default. It has no effect where there are
     * more such threads than CPUs to run on, or where the kernels are Java's.
     */
    public EngineContext pinWorkers(final boolean pin) {
        pinWorkers = pin;
        return this;
    }

    /**
     * Whether all memory of the engine is locked into RAM at launch; false by default. Where the system refuses,
     * {@link Engine#launchNote()} says so, with the remedy, and the engine runs unlocked. The mapped checkpoint is not
     * part of it: its pages are those of the file.
     */
    public EngineContext lockMemory(final boolean lock) {
        lockMemory = lock;
        return this;
    }

    /**
     * Whether sessions may speak where the model can; true by default. Without, {@code <say>} is masked, as for a model
     * that has no voice.
     */
    public EngineContext voice(final boolean speaks) {
        voice = speaks;
        return this;
    }

    /** How long after the end of a tick its media may still arrive; 0 by default. */
    public EngineContext allowanceNs(final long ns) {
        allowanceNs = ns;
        return this;
    }

    /**
     * How long after the end of a tick a frame, or text, of it may still be committed; what comes later belongs to the
     * next tick. By default whatever waits at the seal is in time. Audio belongs to the tick of its number and is late
     * once that is sealed: its allowance is that of the seal.
     *
     * @param modality {@link Modality#VIDEO} or {@link Modality#TEXT}
     * @param ns from 0 to {@link #allowanceNs(long)}
     */
    public EngineContext allowanceNs(final Modality modality, final long ns) {
        if (modality == Modality.AUDIO) {
            throw new IllegalArgumentException(
                    "audio is in time until its tick is sealed: set the allowance of the seal");
        }
        if (modality == Modality.VIDEO) {
            videoAllowanceNs = ns;
        } else {
            textAllowanceNs = ns;
        }
        return this;
    }

    /**
     * Longest time that launch spends on warming kernels up; 1 s by default, 0 for none. It ends as soon as ticks
     * allocate nothing. A service that must hold its first deadlines gives it five.
     */
    public EngineContext warmUpNs(final long ns) {
        warmUpNs = ns;
        return this;
    }

    /**
     * Whether a session is refused that would break deadlines, its own or others', by what ticks cost on this machine;
     * true by default. Without, all are taken that there is memory for. It has no effect on an engine that is stepped,
     * has one session, or another device.
     */
    public EngineContext admission(final boolean refuses) {
        admission = refuses;
        return this;
    }

    /**
     * How long before its deadline a cohort must have ended at p99.9 for a session to be admitted; 10 ms by default.
     */
    public EngineContext admissionMarginNs(final long ns) {
        admissionMarginNs = ns;
        return this;
    }

    /**
     * Longest time that launch spends on measuring what ticks cost ({@link Engine#calibration()}), after the warm-up; 0
     * for none. By default 1 s with admission, none without.
     */
    public EngineContext calibrationNs(final long ns) {
        calibrationNs = ns;
        return this;
    }

    /** Most bytes the engine may hold beside the mapped checkpoint; unlimited by default. */
    public EngineContext memoryBudget(final long bytes) {
        memoryBudget = bytes;
        return this;
    }

    /** The engine clock. */
    public EngineContext clock(final NanoClock newClock) {
        clock = newClock;
        return this;
    }

    /** What makes the engine's threads; daemon threads by default. */
    public EngineContext threadFactory(final ThreadFactory factory) {
        threadFactory = factory;
        return this;
    }

    /**
     * An adapter that sessions may choose by {@code id}, beside others; read at launch into memory of the engine's own.
     *
     * @param folder holds an adapter of this model as PEFT writes it
     */
    public EngineContext adapter(final String id, final Path folder) {
        open("adapter").add(new NamedAdapter(id, folder, null, null));
        return this;
    }

    /**
     * An adapter that sessions may choose by {@code id}, read where it lies at every tick: a trainer may change its
     * factors between ticks. It stays the caller's, who frees its arena after the engine is closed.
     */
    public EngineContext adapter(final String id, final LoraAdapter loaded) {
        open("adapter").add(new NamedAdapter(id, null, loaded, null));
        return this;
    }

    /** The account of the engine's memory. */
    public EngineContext ledger(final MemoryLedger newLedger) {
        ledger = newLedger;
        return this;
    }

    /** Another device than the CPU, and eyes on the engine's ports: for simulation and tests. None by default. */
    public EngineContext ports(final EnginePorts newPorts) {
        ports = newPorts;
        return this;
    }

    /**
     * Checks the settings and fixes every size. Calling it again does nothing.
     *
     * @throws IllegalArgumentException naming the setting, what was found and what is allowed
     */
    public EngineContext conclude() {
        if (layout != null) {
            return this;
        }
        if (model == null) {
            throw new IllegalArgumentException("no model: set EngineContext.model");
        }
        range("maxSessions", maxSessions, 1, MOST_SESSIONS);
        range("threads", threads, 1, MOST_THREADS);
        range("allowanceNs", allowanceNs, 0, PERIOD_NS - 1);
        range("warmUpNs", warmUpNs, 0, TimeUnit.MINUTES.toNanos(1));
        range("calibrationNs", calibrationNs, BY_ADMISSION, TimeUnit.MINUTES.toNanos(1));
        range("admissionMarginNs", admissionMarginNs, 0, PERIOD_NS - allowanceNs - 1);
        checkAllowance("VIDEO", videoAllowanceNs);
        checkAllowance("TEXT", textAllowanceNs);
        if (pacing == Pacing.STEPPED && allowanceNs != 0) {
            throw new IllegalArgumentException(
                    "allowanceNs is " + allowanceNs + ": expected 0 when stepped, where media cannot be late");
        }
        if (pacing == Pacing.STEPPED && phases > 1) {
            throw new IllegalArgumentException(
                    "phases is " + phases + ": expected 1 when stepped, where all sessions take each step together");
        }
        if (interaction == null) {
            interaction = InteractionConfig.resolve(null, model.config());
        }
        final int vocabulary = model.config().text().unpaddedVocab();
        // ids are offsets into masks and into the embedding: nothing behind this check looks at them again
        interaction.controlIds().forEach((field, id) -> range("interaction " + field, id, 0, vocabulary - 1L));
        if (usesCuda()) {
            checkCuda();
        } else {
            cpuKernels = Kernels.of(kernels, isa, numerics);
        }
        checkAdapters();
        layout = SessionLayout.of(
                        model.config().text(),
                        interaction.globalWindow(),
                        interaction.sinkPositions(),
                        rowsPerSession())
                .withVoice(model.weights().voice());
        final long needed = memoryPlan().bytes();
        if (needed > memoryBudget) {
            layout = null;
            throw new IllegalArgumentException(String.format(
                    "the engine needs %,d bytes for %d session(s): the memory budget is %,d",
                    needed, maxSessions, memoryBudget));
        }
        return this;
    }

    private void checkAllowance(final String modality, final long ns) {
        if (ns != TickLoopParts.UNTIL_THE_SEAL) {
            range("allowanceNs of " + modality, ns, 0, allowanceNs);
        }
    }

    private void checkCuda() {
        selection().check();
        for (final NamedAdapter adapter : adapters) {
            if (adapter.given() != null) {
                throw new IllegalArgumentException("adapter \"" + adapter.id() + "\" is in memory of its owner, who may"
                        + " change it: expected a folder, CUDA copies factors at launch");
            }
        }
    }

    private KernelSelection selection() {
        return new KernelSelection(device, kernels, isa, numerics, quantizedCache);
    }

    private void checkAdapters() {
        if (adapters.size() > MOST_ADAPTERS) {
            throw new IllegalArgumentException(
                    adapters.size() + " adapters: expected at most " + MOST_ADAPTERS + " beside one model");
        }
        if (adapters.isEmpty()) {
            return;
        }
        loraBase = model.loraBase();
        final Set<String> ids = new HashSet<>();
        final List<NamedAdapter> checked = new ArrayList<>();
        for (final NamedAdapter adapter : adapters) {
            checked.add(adapter.checked(loraBase, ledger));
            if (!ids.add(adapter.id())) {
                throw new IllegalArgumentException("adapter id \"" + adapter.id() + "\" is taken: ids differ");
            }
        }
        adapters = checked;
    }

    private static void range(final String name, final long value, final long min, final long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " is " + value + ": expected " + min + " to " + max);
        }
    }

    /** Every byte the engine will hold beside the mapped checkpoint. After {@link #conclude()}. */
    public MemoryPlan memoryPlan() {
        return EngineMemory.plan(this);
    }

    /** What a session keeps. After {@link #conclude()}. */
    public SessionLayout layout() {
        return layout;
    }

    /** Most rows of one session in one prefill. */
    public int rowsPerSession() {
        return Planner.maxRows(interaction, TickLoop.MAX_SKIPPED);
    }

    /** The model. */
    public LoadedModel model() {
        return model;
    }

    /** The micro-turn. */
    public InteractionConfig interaction() {
        return interaction;
    }

    /** Most sessions at a time. */
    public int maxSessions() {
        return maxSessions;
    }

    /** Slots of the period. */
    public int phases() {
        if (pacing == Pacing.STEPPED) {
            return 1;
        }
        return phases == BY_SESSIONS ? Math.min(DEFAULT_PHASES, maxSessions) : phases;
    }

    /** What sessions give up. */
    public MissedTickPolicy missedTicks() {
        return missedTicks;
    }

    /** How long a tick may be on the device; 0 for ever. */
    public long deviceTimeoutNs() {
        if (deviceTimeoutNs < 0) {
            return pacing == Pacing.STEPPED ? 0 : DEFAULT_DEVICE_TIMEOUT_NS;
        }
        return deviceTimeoutNs;
    }

    /** Threads that compute; 0 where the caller's does, or a GPU. */
    public int computeThreads() {
        return threadingMode == ThreadingMode.INVOKER || usesCuda() ? 0 : threads;
    }

    /** Which threads the engine starts. */
    public ThreadingMode threadingMode() {
        return threadingMode;
    }

    /** What makes a beat due. */
    public Pacing pacing() {
        return pacing;
    }

    /** What it computes on. */
    public DeviceChoice device() {
        return device;
    }

    /** Whether passes run on a GPU: simulation brings a device of its own. */
    boolean usesCuda() {
        return device == DeviceChoice.CUDA && ports == null;
    }

    /** Which kernels. */
    public KernelChoice kernels() {
        return kernels;
    }

    /** The class of its products. */
    public NumericClass numerics() {
        return numerics;
    }

    /** Whether quantised weights are kept beside the model. */
    public boolean quantizedCache() {
        return quantizedCache;
    }

    /** Whether computing threads are pinned where they can be. */
    public boolean pinWorkers() {
        return pinWorkers;
    }

    /** Whether the engine's memory is locked. */
    public boolean lockMemory() {
        return lockMemory;
    }

    /** Whether sessions may speak. */
    public boolean speaks() {
        return voice && model.weights().voice().isPresent();
    }

    /** What the choice of kernels means on this machine; null on CUDA. After {@link #conclude()}. */
    CpuKernels cpuKernels() {
        return cpuKernels;
    }

    /** How long a frame or text may be late for its tick. */
    long allowanceNs(final Modality modality) {
        return modality == Modality.VIDEO ? videoAllowanceNs : textAllowanceNs;
    }

    /** How long media may be late. */
    public long allowanceNs() {
        return allowanceNs;
    }

    /** Whether sessions are refused that would break deadlines. */
    public boolean admission() {
        return admission && pacing == Pacing.REALTIME && ports == null && maxSessions > 1 && calibrationNs != 0;
    }

    /** How long before its deadline a cohort must have ended at p99.9. */
    public long admissionMarginNs() {
        return admissionMarginNs;
    }

    /** Longest calibration; 0 for none. */
    public long calibrationNs() {
        if (calibrationNs == BY_ADMISSION) {
            return admission() ? DEFAULT_CALIBRATION_NS : 0;
        }
        return ports == null ? calibrationNs : 0;
    }

    /** Longest warm-up. */
    public long warmUpNs() {
        return warmUpNs;
    }

    /** The engine clock. */
    public NanoClock clock() {
        return clock;
    }

    /** What makes threads. */
    public ThreadFactory threadFactory() {
        return threadFactory;
    }

    /** The account of the engine's memory. */
    public MemoryLedger ledger() {
        return ledger;
    }

    /** What stands at the ports; null for the CPU and nobody who watches. */
    EnginePorts ports() {
        return ports;
    }

    private List<NamedAdapter> open(final String setting) {
        if (layout != null) {
            throw new IllegalStateException(setting + " after the context was concluded: set it before the launch");
        }
        return adapters;
    }

    /** The adapters, checked, adapter n of a plan at n - 1; after {@link #conclude()}. */
    List<NamedAdapter> adapters() {
        return Collections.unmodifiableList(adapters);
    }

    /** The ids that a session may name; after {@link #conclude()}. */
    public List<String> adapterIds() {
        return adapters.stream().map(NamedAdapter::id).toList();
    }

    /** The model as adapters name it; null without adapters. After {@link #conclude()}. */
    LoraBase loraBase() {
        return loraBase;
    }

    /** Which matrices adapters stand beside; after {@link #conclude()}. */
    AdapterTargets adapterTargets() {
        final List<LoraOutline> outlines =
                adapters.stream().map(NamedAdapter::outline).toList();
        return NamedAdapter.targets(outlines);
    }
}
