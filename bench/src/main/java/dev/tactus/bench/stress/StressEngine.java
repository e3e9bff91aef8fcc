package dev.tactus.bench.stress;

import dev.tactus.engine.AdmissionException;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.EnginePorts;
import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.device.Backend;
import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.RowKind;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.engine.sim.SimModel;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import dev.tactus.scheduler.IngressRing;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.agrona.concurrent.SystemNanoClock;

/**
 * A stepped engine for one session at a time, driven by whoever calls, over a device that computes nothing: a tick puts
 * out one token, which is the session's seed, and speech whose samples are all the tick's number.
 *
 * <p>Launching one takes longer than a test's round, so that they are used again, by one round after the other; none is
 * ever closed.
 */
class StressEngine implements Backend, EnginePorts {
    /** Samples of a tick's speech. */
    static final int SPEECH_SAMPLES = 3200;

    private static final SimModel MODEL = new SimModel();
    private static final ConcurrentLinkedQueue<StressEngine> IDLE = new ConcurrentLinkedQueue<>();
    private static final int MODALITIES = Modality.AUDIO.bit();

    private final Engine engine;
    private IngressRing ring;
    private TickPlan plan;
    private TickOutput output;
    private boolean speaks;
    private long heard;

    /** A new engine. */
    StressEngine() {
        engine = Engine.launch(new EngineContext()
                .model(MODEL.loaded())
                .maxSessions(1)
                .threadingMode(ThreadingMode.INVOKER)
                .pacing(Pacing.STEPPED)
                .kernels(KernelChoice.REFERENCE)
                .warmUpNs(0)
                .clock(SystemNanoClock.INSTANCE)
                .ledger(new MemoryLedger())
                .ports(this));
    }

    /** An engine that nobody uses, with no session open. */
    static StressEngine take() {
        final StressEngine idle = IDLE.poll();
        final StressEngine taken = idle == null ? new StressEngine() : idle;
        taken.heard = 0;
        taken.speaks = false;
        return taken;
    }

    /** Gives it back; its session has ended and was polled to its end. */
    void giveBack() {
        IDLE.add(this);
    }

    /** The engine. */
    Engine engine() {
        return engine;
    }

    /** The ring by which everything reaches it. */
    IngressRing ring() {
        return ring;
    }

    /** Opens a session that hears and whose every tick puts out {@code token}; null when the index is taken. */
    Session open(final int token) {
        try {
            return engine.open(new SessionSpec(MODALITIES, token, SamplingParameters.GREEDY));
        } catch (final AdmissionException full) {
            return null;
        }
    }

    /** Runs a beat from seal to account. */
    void beat() {
        engine.invoker().tick();
    }

    /** Lets every tick bring speech. Before the first one. */
    void speak() {
        speaks = true;
    }

    /** What the last tick heard: what stood at both ends of its first slot, 0 for a gap, -1 when they differed. */
    long heard() {
        return heard;
    }

    /** Ends a session, if it has not, and polls it to its end. Nobody else uses it any more. */
    void end(final Session session) {
        session.close();
        while (!session.isEnded()) {
            beat();
            session.poll(new Deaf());
        }
    }

    /** Hears nothing of what it is told. */
    private static final class Deaf implements SessionHandler {
        @Override
        public void onTick(final TickEvent event) {
            // the round is over
        }
    }

    // --- the device ---

    @Override
    public Backend device(final EngineContext context, final OutputMachine machine) {
        return this;
    }

    @Override
    public void ingress(final IngressRing ingress) {
        ring = ingress;
    }

    @Override
    public String name() {
        return "stress";
    }

    @Override
    public long submit(final TickPlan newPlan, final TickOutput newOutput) {
        plan = newPlan;
        output = newOutput;
        output.clear(plan.entries());
        return 0;
    }

    @Override
    public int poll(final long ticket) {
        final long nowNs = System.nanoTime();
        output.stages(nowNs, 0, 0, plan.rows().rows());
        for (int entry = 0; entry < plan.entries(); entry++) {
            heard = listen(entry);
            output.add(entry, (int) plan.seed(entry), OutputMachine.START);
            if (speaks) {
                say(plan.samples(entry), plan.tick(entry));
                output.samples(entry, SPEECH_SAMPLES);
            }
            output.complete(entry, 0, 0, nowNs);
        }
        return DONE;
    }

    private long listen(final int entry) {
        final PassRows rows = plan.rows();
        final int first = rows.firstRow(entry);
        for (int row = first; row < first + rows.rowsOfSegment(entry); row++) {
            if (rows.kind(row) == RowKind.AUDIO) {
                return EngineRound.written(plan.audioRight(rows.value(row)));
            }
        }
        return 0;
    }

    /** Writes the speech of a tick. */
    void say(final long address, final long tick) {
        for (int i = 0; i < SPEECH_SAMPLES; i += EngineRound.SAMPLE_STEP) {
            OffHeap.putFloat(address + i * (long) Float.BYTES, tick);
        }
    }

    @Override
    public Throwable failure() {
        return null;
    }

    @Override
    public long logits() {
        return 0;
    }

    @Override
    public long conditions() {
        return 0;
    }

    @Override
    public void close() {
        // it has no threads and no memory
    }
}
