package dev.tactus.bench.latency;

import dev.tactus.app.doctor.CpuContention;
import dev.tactus.engine.AdmissionException;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.scheduler.LoopCounters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import java.util.function.UnaryOperator;

/**
 * Sessions by the clock for a long time, with a look at everything that must not grow: heap per tick, memory of the
 * process, media refused, the distance of a session's ticks from the clock, and the delay of its output.
 */
public final class SoakBench {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final int SETTLING_PERIODS = 25;
    private static final double MS = 1e6;

    /**
     * One look.
     *
     * @param second since the start
     * @param open sessions that live
     * @param ticks session ticks since the last look
     * @param missed of them, missed
     * @param missedInARow of them, missed after a missed one
     * @param stepped of them, with a step of the ladder
     * @param skipped of them, skipped
     * @param p50Ms latency, tick end to emit, since the last look
     * @param p99Ms the same
     * @param deviceMs device time per period
     * @param heapPerTick bytes that the engine's threads allocated per period
     * @param residentMb memory of the process in RAM
     * @param behind ticks that the session farthest from the clock is behind it
     * @param refused media refused since the start
     * @param steal share of the CPUs that other guests took since the last look
     */
    public record Look(
            long second,
            int open,
            long ticks,
            long missed,
            long missedInARow,
            long stepped,
            long skipped,
            double p50Ms,
            double p99Ms,
            double deviceMs,
            double heapPerTick,
            long residentMb,
            long behind,
            long refused,
            double steal) {}

    /**
     * What came out.
     *
     * @param admitted sessions that were let in
     * @param refusal what the first one that was refused was told; empty when none was
     * @param looks one after the other
     * @param warmUpNote what launch had to say of its warm-up
     * @param launchNote what else
     */
    public record Result(int admitted, String refusal, List<Look> looks, String warmUpNote, String launchNote) {
        /** The sum of a count over all looks. */
        public long sum(final ToLongFunction<Look> count) {
            return looks.stream().mapToLong(count).sum();
        }
    }

    private final Engine engine;
    private final ThreadRoster roster;
    private final LiveTimes times;
    private final LiveLoad load;
    private final List<SessionFeed> feeds = new ArrayList<>();

    private SoakBench(final Engine engine, final ThreadRoster roster, final int sessions) {
        this.engine = engine;
        this.roster = roster;
        this.times = new LiveTimes(sessions);
        this.load = new LiveLoad(engine, times);
    }

    /**
     * Runs.
     *
     * @param offered sessions that want to live
     * @param seconds how long, after settling
     * @param lookSeconds how long between two looks
     * @param engineSetting what the engine is to be beside {@code setting}
     * @param onLook told of each look
     */
    public static Result run(
            final LoadedModel model,
            final InteractionConfig interaction,
            final LiveSetting setting,
            final int offered,
            final long seconds,
            final long lookSeconds,
            final UnaryOperator<EngineContext> engineSetting,
            final Consumer<Look> onLook) {
        final ThreadRoster roster = new ThreadRoster();
        final EngineContext context = engineSetting
                .apply(setting.context(model, interaction, offered))
                .threadFactory(roster);
        try (Engine engine = Engine.launch(context)) {
            final SoakBench bench = new SoakBench(engine, roster, offered);
            final String refusal = bench.openAll(model, interaction, setting, offered);
            bench.load.run(SETTLING_PERIODS);
            bench.times.reset();
            final List<Look> looks = new ArrayList<>();
            final long startNs = System.nanoTime();
            for (long second = lookSeconds; second <= seconds; second += lookSeconds) {
                final Look look = bench.lookAfter(startNs, second);
                looks.add(look);
                onLook.accept(look);
            }
            return new Result(bench.feeds.size(), refusal, looks, engine.warmUpNote(), engine.launchNote());
        }
    }

    /**
     * Opens what is let in, one per period, so that admission sees what it let in before; returns the first refusal.
     */
    private String openAll(
            final LoadedModel model,
            final InteractionConfig interaction,
            final LiveSetting setting,
            final int offered) {
        String refusal = "";
        for (int i = 0; i < offered; i++) {
            try {
                feeds.add(load.open(setting.shape(model, interaction, i), i));
                load.run(1);
            } catch (final AdmissionException ex) {
                refusal = refusal.isEmpty() ? ex.getMessage() : refusal;
            }
        }
        return refusal;
    }

    private Look lookAfter(final long startNs, final long second) {
        final CpuContention contention = CpuContention.start();
        final long heap = roster.totalAllocatedBytes();
        final long skipped = engine.counters().get(LoopCounters.SKIPPED);
        final long fromNs = System.nanoTime();
        load.run(startNs + second * 1_000_000_000L, nowNs -> {});
        final double periods = (System.nanoTime() - fromNs) / (double) EngineContext.PERIOD_NS;
        final Look look = new Look(
                second,
                load.live(),
                times.ticks,
                times.missed,
                times.missedInARow,
                times.stepped,
                engine.counters().get(LoopCounters.SKIPPED) - skipped,
                times.latency.getValueAtPercentile(50) / MS,
                times.latency.getValueAtPercentile(99) / MS,
                times.deviceNs / MS / periods,
                (roster.totalAllocatedBytes() - heap) / periods,
                residentMb(),
                load.behind(System.nanoTime()),
                load.refused(),
                contention.shares().steal());
        times.reset();
        return look;
    }

    private static long residentMb() {
        try {
            for (final String line : Files.readAllLines(STATUS)) {
                if (line.startsWith("VmRSS:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) >> 10;
                }
            }
        } catch (final IOException ex) {
            return -1; // no such file outside Linux
        }
        return -1;
    }
}
