package dev.tactus.engine;

import com.sun.management.ThreadMXBean;
import dev.tactus.engine.device.cuda.SoftGpu;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Measures heap bytes on the tick, device and worker threads of an engine in a JVM of its own, in rounds of ticks,
 * until two rounds in a row took none; prints what the last one took: {@code bytes per round: N}.
 *
 * <p>Arguments: model directory, kernels or {@value #CUDA}, {@code planted} or {@code clean}. A planted allocation sits
 * in the clock, which both the tick thread and the device read. Where the model speaks, so does one session; on a CPU
 * one has an adapter.
 */
final class TickAllocationMain {
    private static final int MAX_ROUNDS = 150;
    private static final int PLANTED_ROUNDS = 2;
    private static final int TICKS_PER_ROUND = 4;
    private static final int SESSIONS = 2;
    private static final String ADAPTER = "random";

    /** In place of kernels: the device is a GPU. */
    static final String CUDA = "CUDA";

    private static volatile Object sink;

    private TickAllocationMain() {}

    /** Prints the measurement. */
    public static void main(final String... args) {
        final boolean planted = args[2].equals("planted");
        final List<Thread> threads = new CopyOnWriteArrayList<>();
        final MemoryLedger ledger = new MemoryLedger();
        try (LoadedModel model = LoadedModel.open(Path.of(args[0]), ledger);
                FreezableArena arena = new FreezableArena(ledger);
                Engine engine = Engine.launch(on(args[1], model, arena)
                        .model(model)
                        .interaction(InteractionConfig.resolve(
                                model.weights().voice().isPresent() ? null : "default", model.config()))
                        .maxSessions(SESSIONS)
                        .threads(2)
                        .pacing(Pacing.STEPPED)
                        .warmUpNs(TimeUnit.SECONDS.toNanos(20))
                        .clock(planted ? plantedClock() : SystemNanoClock.INSTANCE)
                        .threadFactory(body -> {
                            final Thread thread = new Thread(body);
                            thread.setDaemon(true);
                            threads.add(thread);
                            return thread;
                        })
                        .ledger(ledger))) {
            System.out.println("kernels: " + engine.backendName() + " " + engine.warmUpNote());
            final int rounds = planted ? PLANTED_ROUNDS : MAX_ROUNDS;
            System.out.println("bytes per round: " + measure(engine, model, threads, rounds));
        }
    }

    private static EngineContext on(final String device, final LoadedModel model, final FreezableArena arena) {
        if (device.equals(CUDA)) {
            SoftGpu.require();
            return new EngineContext().device(DeviceChoice.CUDA);
        }
        return new EngineContext()
                .adapter(ADAPTER, RandomAdapter.everywhere(model, 6, 1, arena))
                .kernels(KernelChoice.valueOf(device));
    }

    private static NanoClock plantedClock() {
        return () -> {
            sink = new long[4];
            return System.nanoTime();
        };
    }

    private static long measure(
            final Engine engine, final LoadedModel model, final List<Thread> threads, final int maxRounds) {
        final ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final int modalities = Modality.AUDIO.bit() | Modality.VIDEO.bit() | Modality.TEXT.bit();
        final ScriptedSession[] sessions = new ScriptedSession[SESSIONS];
        for (int i = 0; i < sessions.length; i++) {
            final SessionSpec spec = SessionSpec.of(Modality.AUDIO, Modality.VIDEO, Modality.TEXT)
                    .withSeed(i)
                    .withSampling(new dev.tactus.kernel.SamplingParameters(1f, 40, 0.95f));
            final boolean adapted = i == 0 && engine.backendName().startsWith("cpu");
            SessionSpec told = adapted ? spec.withAdapter(ADAPTER) : spec.withLogProbabilities();
            if (i == 1 && model.weights().voice().isPresent()) {
                final InteractionConfig ids = InteractionConfig.resolve(null, model.config());
                told = told.withScript(ids.speakTokenId(), 100, ids.sayTokenId());
            }
            sessions[i] = new ScriptedSession(engine.open(told), modalities, i, SystemNanoClock.INSTANCE);
        }
        int quiet = 0;
        long bytes = 0;
        for (int round = 0; round < maxRounds && quiet < 2; round++) {
            final long before = allocated(bean, threads);
            runRound(engine, sessions, (long) round * TICKS_PER_ROUND);
            bytes = allocated(bean, threads) - before;
            quiet = bytes == 0 ? quiet + 1 : 0;
        }
        return bytes;
    }

    private static void runRound(final Engine engine, final ScriptedSession[] sessions, final long firstTick) {
        final SessionHandler nothing = event -> {};
        for (long tick = firstTick; tick < firstTick + TICKS_PER_ROUND; tick++) {
            // in the last tick of a round it may not speak, and its vocoder brings out what it held back
            sessions[1].session().mute(tick % TICKS_PER_ROUND == TICKS_PER_ROUND - 1);
            for (final ScriptedSession session : sessions) {
                session.feed(tick);
            }
            engine.awaitBeat(engine.step());
            for (final ScriptedSession session : sessions) {
                session.session().poll(nothing);
            }
        }
    }

    private static long allocated(final ThreadMXBean bean, final List<Thread> threads) {
        long sum = 0;
        for (final Thread thread : threads) {
            sum += bean.getThreadAllocatedBytes(thread.threadId());
        }
        return sum;
    }
}
