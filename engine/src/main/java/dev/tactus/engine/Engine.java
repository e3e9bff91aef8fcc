package dev.tactus.engine;

import dev.tactus.engine.device.Backend;
import dev.tactus.engine.device.cpu.CpuBackend;
import dev.tactus.engine.device.cpu.CpuWarmUp;
import dev.tactus.engine.device.cuda.CudaBackend;
import dev.tactus.engine.ledger.Ledger;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.scheduler.BeatGrid;
import dev.tactus.scheduler.Demand;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.IngressRecord;
import dev.tactus.scheduler.Ladder;
import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import dev.tactus.scheduler.PhaseTable;
import dev.tactus.scheduler.TickLoop;
import dev.tactus.scheduler.TickLoopParts;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.agrona.CloseHelper;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;

/**
 * A model, its sessions and the beat.
 *
 * <pre>{@code
 * try (LoadedModel model = LoadedModel.open(directory, ledger);
 *         Engine engine = Engine.launch(new EngineContext().model(model))) {
 *     Session session = engine.open(SessionSpec.of(Modality.AUDIO, Modality.TEXT));
 *     …
 * }
 * }</pre>
 *
 * Everything is allocated at launch; from then on a tick allocates nothing. Sessions are opened and closed from any
 * thread while the engine runs.
 */
public final class Engine implements AutoCloseable {
    private static final long AWAIT_PARK_NS = 200_000;
    private static final long MIN_PARK_NS = 10_000;
    private static final long MAX_PARK_NS = 200_000;
    private static final long NS_PER_MS = 1_000_000;
    private static final int STUCK_GRACE_MS = 500;

    private final EngineContext context;
    private final EngineMemory memory;
    private final Backend backend;
    private final LoopCounters counters = new LoopCounters();
    private final BeatGrid grid;
    private final PhaseTable phases;
    private final Calibration calibration;
    private final Demand demand = Demand.ofConversations();
    private final AdmissionDesk desk;
    private final TickLoop loop;
    private final TickInvoker invoker;
    private final List<AgentRunner> runners;
    private final String warmUpNote;
    private final String lockNote;
    private volatile Throwable loopFailure;
    private boolean closed;

    private Engine(final EngineContext context) {
        this.context = context.conclude();
        this.memory = new EngineMemory(context, context.ledger());
        this.lockNote = context.lockMemory() ? lockMemory() : "";
        Backend started = null;
        try {
            if (context.ports() == null) {
                if (memory.cuda != null) {
                    started = new CudaBackend(memory.cuda, context.clock());
                    this.warmUpNote = "";
                } else {
                    final CpuBackend cpu = cpuBackend();
                    started = cpu;
                    this.warmUpNote = warmUp(cpu);
                }
            } else {
                started = context.ports().device(context, memory.machine);
                this.warmUpNote = "";
            }
            this.backend = started;
            this.calibration = context.calibrationNs() == 0
                    ? null
                    : Calibration.run(context, memory, started, context.calibrationNs());
            this.desk = context.admission() ? new AdmissionDesk(context, calibration.model(), demand) : null;
            this.grid = new BeatGrid(EngineContext.PERIOD_NS, context.allowanceNs(), context.phases());
            this.phases = new PhaseTable(context.phases());
            this.loop = new TickLoop(parts());
            final boolean driven = context.threadingMode() == ThreadingMode.INVOKER;
            this.invoker = driven ? new TickInvoker(loop, context.pacing()) : null;
            this.runners = runnersFor(context.threadingMode());
            runners.forEach(runner -> AgentRunner.startOnThread(runner, context.threadFactory()));
        } catch (final RuntimeException | Error ex) {
            CloseHelper.closeAll(started, memory);
            throw ex;
        }
    }

    /**
     * Allocates, warms up and starts.
     *
     * @throws IllegalArgumentException when a setting is wrong, before anything is allocated
     */
    public static Engine launch(final EngineContext context) {
        return new Engine(context);
    }

    /** What runs on threads of the engine's own. */
    private List<AgentRunner> runnersFor(final ThreadingMode mode) {
        return switch (mode) {
            case INVOKER -> List.of();
            case SHARED -> List.of(runner(loop, new DeviceIdle(backend, backOff())));
            case DEDICATED ->
                List.of(
                        runner(loop.sealing(), backOff()),
                        runner(loop.emitting(), new DeviceIdle(backend, backOff())),
                        runner(loop.accounting(), backOff()));
        };
    }

    private static IdleStrategy backOff() {
        return new BackoffIdleStrategy(20, 20, MIN_PARK_NS, MAX_PARK_NS);
    }

    private AgentRunner runner(final Agent agent, final IdleStrategy idle) {
        return new AgentRunner(idle, this::onLoopError, null, agent);
    }

    private String lockMemory() {
        final String refusal = memory.arenas.host().lock();
        return refusal.isEmpty() ? "" : "the engine's memory is not locked: " + refusal;
    }

    private CpuBackend cpuBackend() {
        return new CpuBackend(
                memory.program,
                memory.cpu,
                context.clock(),
                context.computeThreads(),
                context.threadFactory(),
                context.pinWorkers());
    }

    private TickLoopParts parts() {
        final EnginePorts ports = context.ports();
        final EngineExecutor executor = new EngineExecutor(
                context.clock(),
                EngineContext.PERIOD_NS,
                context.pacing(),
                memory.sessions,
                new Planner(
                        context.interaction(), new Tau(context.model().config().text())),
                memory.machine,
                memory.plan,
                memory.output,
                backend,
                memory.ledger,
                calibration == null ? null : new CostMeter(calibration.model(), demand, context.clock()));
        if (ports != null) {
            ports.ingress(memory.ingress);
        }
        return new TickLoopParts(
                context.clock(),
                grid,
                context.pacing(),
                memory.ingress,
                ports == null ? executor : ports.executor(executor),
                ports == null ? executor : ports.slots(executor),
                counters,
                memory.records,
                context.maxSessions(),
                memory.videoSlots(),
                memory.textSlots(),
                context.interaction().textInMax(),
                context.interaction().textOutMax(),
                context.allowanceNs(Modality.VIDEO),
                context.allowanceNs(Modality.TEXT),
                context.missedTicks(),
                context.deviceTimeoutNs());
    }

    private String warmUp(final CpuBackend cpu) {
        if (Kernels.mustFallBack(context.kernels(), context.cpuKernels())) {
            cpu.useKernels(Kernels.fallback());
            return "this JVM runs without the C2 compiler, so vectors would be objects: the reference kernels are used";
        }
        if (context.kernels() == KernelChoice.REFERENCE || context.warmUpNs() == 0) {
            return "";
        }
        final SessionState session = memory.sessions[0];
        session.prepare(
                SessionSpec.of(Modality.AUDIO, Modality.VIDEO, Modality.TEXT),
                0,
                memory.localPool,
                context.layout().localPages(),
                memory.globalPool,
                context.layout().globalPages());
        final WarmUpTick tick = new WarmUpTick(context, memory, session);
        final boolean allocationFree = new CpuWarmUp(cpu, context.clock(), memory.plan, memory.output)
                .run(tick::fillSmall, tick::fillWhole, context.warmUpNs());
        session.reclaim(memory.localPool, memory.globalPool);
        if (cpu.failure() != null) {
            throw new IllegalStateException("the device failed while it warmed up", cpu.failure());
        }
        final long limitMs = context.warmUpNs() / 1_000_000;
        return allocationFree
                ? ""
                : "not all kernels were compiled after " + limitMs + " ms: the first ticks are slower and allocate";
    }

    private void onLoopError(final Throwable error) {
        loopFailure = error;
    }

    /**
     * Opens a session. By the clock, its tick 0 covers the first beat that starts after this call; stepped, it is the
     * next beat.
     *
     * @throws AdmissionException when it does not fit, saying what would
     * @throws IllegalStateException when the engine is closed or has failed
     */
    public synchronized Session open(final SessionSpec spec) {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
        if (failure() != null) {
            throw new IllegalStateException("the engine has failed: close it and launch another one", failure());
        }
        checkModalities(spec.modalities());
        checkScript(spec.script());
        final int adapter = adapterNumber(spec.adapter());
        final SessionState state = freeState();
        final int slot = desk == null ? emptiestSlot() : desk.admit(spec.modalities(), memory.sessions);
        if (state.phase == SessionState.ENDED) {
            state.reclaim(memory.localPool, memory.globalPool);
        }
        state.prepare(
                spec,
                adapter,
                memory.localPool,
                context.layout().localPages(),
                memory.globalPool,
                context.layout().globalPages());
        state.slot = slot;
        final int patch = context.model().config().vision().patch();
        final Session session = new Session(
                state,
                memory.ingress,
                context.clock(),
                memory.machine,
                context.interaction().videoRows() * patch,
                context.interaction().videoCols() * patch,
                context.model().config().text().unpaddedVocab());
        try {
            Session.offer(
                    memory.ingress,
                    context.clock(),
                    IngressRecord.OPEN,
                    state,
                    state.generation,
                    IngressRecord.opening(spec.modalities(), state.slot));
        } catch (final IllegalStateException ex) {
            state.reclaim(memory.localPool, memory.globalPool);
            throw ex;
        }
        return session;
    }

    private int emptiestSlot() {
        phases.clear();
        for (final SessionState state : memory.sessions) {
            if (state.phase == SessionState.LIVE) {
                phases.enter(state.slot);
            }
        }
        return phases.emptiest();
    }

    private void checkScript(final int[] script) {
        if (script.length > EngineMemory.maxScript()) {
            throw new IllegalArgumentException(
                    "the script has " + script.length + " ids: expected at most " + EngineMemory.maxScript());
        }
        final int vocabulary = context.model().config().text().unpaddedVocab();
        for (final int id : script) {
            // an id is an offset into a mask and into the embedding: nothing behind this check looks at it again
            if (id < 0 || id >= vocabulary) {
                throw new IllegalArgumentException(
                        "script id " + id + " is outside the vocabulary: expected 0 to " + (vocabulary - 1));
            }
        }
        checkSpeech(script);
    }

    /** Blocks of speech end a tick, and there is room for them behind so many outputs. */
    private void checkSpeech(final int[] script) {
        final int say = context.interaction().sayTokenId();
        final int most = OutputMachine.maxOutputs(context.interaction()) - 1 - OutputMachine.SAY_BLOCKS;
        for (int i = 0; i < script.length; i++) {
            if (script[i] != say) {
                continue;
            }
            if (!context.speaks()) {
                throw new AdmissionException("script id " + i + " is <say>: the model does not speak, its checkpoint "
                        + "has no model.audio_out tensors, or EngineContext.voice is off");
            }
            if (i != script.length - 1 || i > most) {
                throw new IllegalArgumentException("script id " + i + " of " + script.length
                        + " is <say>: expected it last, with at most " + most + " before it");
            }
        }
    }

    /** The number that a plan knows an adapter by; 0 for the base alone. */
    private int adapterNumber(final String id) {
        final List<String> ids = context.adapterIds();
        final int number = ids.indexOf(id) + 1;
        if (number == 0 && !id.equals(SessionSpec.BASE)) {
            throw new AdmissionException("no adapter \"" + id + "\": "
                    + (ids.isEmpty()
                            ? "the engine has none; name it to EngineContext.adapter before launch"
                            : "the engine has " + String.join(", ", ids)));
        }
        return number;
    }

    private void checkModalities(final int modalities) {
        if (Modality.AUDIO.in(modalities) && context.model().weights().audio().isEmpty()) {
            throw new AdmissionException("the model does not hear: its checkpoint has no model.audio tensors; "
                    + "open the session without AUDIO");
        }
        if (Modality.VIDEO.in(modalities) && context.model().weights().vision().isEmpty()) {
            throw new AdmissionException("the model does not see: its checkpoint has no model.visual tensors; "
                    + "open the session without VIDEO");
        }
    }

    private SessionState freeState() {
        for (final SessionState state : memory.sessions) {
            if (state.isReusable()) {
                return state;
            }
        }
        throw new AdmissionException("all " + memory.sessions.length
                + " sessions are open, or ended and not polled to their end: close one, or launch with"
                + " a larger maxSessions");
    }

    /**
     * The driver of an engine without threads.
     *
     * @throws IllegalStateException when the engine has threads of its own
     */
    public TickInvoker invoker() {
        if (invoker == null) {
            throw new IllegalStateException(
                    "the engine drives itself in " + context.threadingMode() + " mode: launch it with INVOKER");
        }
        return invoker;
    }

    /**
     * Releases one more beat, in {@link Pacing#STEPPED}, and returns its number; it is done once
     * {@link #completedBeats()} exceeds it.
     */
    public long step() {
        return loop.release();
    }

    /**
     * Waits, parking, until a released beat is done.
     *
     * @throws IllegalStateException when the loop has died, so that it never will be
     */
    public void awaitBeat(final long beat) {
        while (loop.completed() <= beat) {
            if (loopFailure != null) {
                throw new IllegalStateException("the tick loop failed: " + loopFailure, loopFailure);
            }
            LockSupport.parkNanos(AWAIT_PARK_NS);
        }
    }

    /** Beats that are done. */
    public long completedBeats() {
        return loop.completed();
    }

    /** What the loop counted. */
    public LoopCounters counters() {
        return counters;
    }

    /** The last ledger rows of every session. */
    public Ledger ledger() {
        return memory.ledger;
    }

    /**
     * The ladder of a slot of the period: for whoever replays what it once decided. The thread that drives the beat.
     */
    public Ladder ladder(final int phase) {
        return loop.ladder(phase);
    }

    /** When beats happen. */
    public BeatGrid grid() {
        return grid;
    }

    /** The kernels in use. */
    public String backendName() {
        return backend.name();
    }

    /**
     * What ticks cost, as launch measured it and live ticks correct it; null where launch did not
     * ({@link EngineContext#calibrationNs}).
     */
    public Calibration calibration() {
        return calibration;
    }

    /** What launch has to say about the warm-up; empty when all went as wanted. */
    public String warmUpNote() {
        return warmUpNote;
    }

    /**
     * What else launch has to say: that quantised weights could not be cached, or memory not be locked; empty when all
     * went as wanted.
     */
    public String launchNote() {
        final String cached = memory.quantized == null ? "" : memory.quantized.note();
        return cached.isEmpty() || lockNote.isEmpty() ? cached + lockNote : cached + "; " + lockNote;
    }

    /** Why the device or the loop failed; null while they have not. */
    public Throwable failure() {
        if (loopFailure != null) {
            return loopFailure;
        }
        return loop.isStuck() && backend.failure() == null ? stuckDevice() : backend.failure();
    }

    private IllegalStateException stuckDevice() {
        return new IllegalStateException(String.format(
                "the device %s did not return from a tick within %,d ms: all sessions have ended; close the engine and"
                        + " launch another one",
                backend.name(), context.deviceTimeoutNs() / NS_PER_MS));
    }

    /**
     * Stops the beat, then the device, then frees the memory. Producers and consumers have stopped before.
     *
     * <p>A device that is stuck is given {@value #STUCK_GRACE_MS} ms more. If it has not come back by then, its threads
     * and the engine's memory are left to it until the process ends, since it may still write there; the model is not
     * part of that and can serve another engine.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        CloseHelper.closeAll(runners);
        for (final SessionState state : memory.sessions) {
            state.retire(EndReason.CLOSED);
        }
        if (!loop.isStuck() || backend.awaitIdle(STUCK_GRACE_MS * NS_PER_MS)) {
            CloseHelper.closeAll(backend, memory);
        }
    }
}
