package dev.tactus.bench.latency;

import dev.tactus.app.doctor.CpuContention;
import dev.tactus.app.load.LiveLoad;
import dev.tactus.app.load.LiveTimes;
import dev.tactus.app.load.SessionFeed;
import dev.tactus.engine.AdmissionException;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.model.InteractionConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import java.util.function.UnaryOperator;

/**
 * Sessions by the clock for a long time, with a look at everything that must not grow: heap per tick, memory of the
 * process, media refused, the distance of a session's ticks from the clock, and the delay of its output.
 */
public final class SoakBench {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final long SETTLE_NS = TimeUnit.SECONDS.toNanos(5);
    private static final long FILL_STEP_NS = TimeUnit.SECONDS.toNanos(1);
    private static final double FULL = 0.98;
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
     * @param p50Ms latency of the ticks that were not skipped, tick end to emit, since the last look
     * @param p99Ms the same
     * @param p999Ms the same, p99.9
     * @param maxMs the longest
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
            double p999Ms,
            double maxMs,
            double deviceMs,
            double heapPerTick,
            long residentMb,
            long behind,
            long refused,
            double steal) {}

    /**
     * How a run goes.
     *
     * @param offered sessions that want to live
     * @param openedPerPeriod how many of them at a time; 1 with admission, so that it sees what it let in before
     * @param settleNs time after they were opened that does not count
     * @param fillNs longest time, settling included, until their contexts are full; 0 for contexts as they are
     * @param seconds how long, after all that
     * @param lookSeconds how long between two looks
     * @param pace when media is given
     */
    public record Plan(
            int offered,
            int openedPerPeriod,
            long settleNs,
            long fillNs,
            long seconds,
            long lookSeconds,
            LiveLoad.Pace pace) {
        /** A run of {@code offered} sessions that are opened one by one, fed just in time, with 5 s to settle. */
        public static Plan of(final int offered, final long seconds, final long lookSeconds) {
            return new Plan(offered, 1, SETTLE_NS, 0, seconds, lookSeconds, LiveLoad.Pace.JUST_IN_TIME);
        }
    }

    /**
     * What came out.
     *
     * @param backend the device and its kernels, as {@code cpu/vector}
     * @param admitted sessions that were let in
     * @param refusal what the first one that was refused was told; empty when none was
     * @param looks one after the other
     * @param warmUpNote what launch had to say of its warm-up
     * @param launchNote what else
     */
    public record Result(
            String backend, int admitted, String refusal, List<Look> looks, String warmUpNote, String launchNote) {
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

    private SoakBench(final Engine engine, final ThreadRoster roster, final Plan plan) {
        this.engine = engine;
        this.roster = roster;
        this.times = new LiveTimes(plan.offered());
        this.load = new LiveLoad(engine, times, plan.pace());
    }

    /**
     * Runs.
     *
     * @param engineSetting what the engine is to be beside {@code setting}
     * @param onLook told of each look
     */
    public static Result run(
            final LoadedModel model,
            final InteractionConfig interaction,
            final LiveSetting setting,
            final Plan plan,
            final UnaryOperator<EngineContext> engineSetting,
            final Consumer<Look> onLook) {
        final ThreadRoster roster = new ThreadRoster();
        final EngineContext context = engineSetting
                .apply(setting.context(model, interaction, plan.offered()))
                .threadFactory(roster);
        try (Engine engine = Engine.launch(context)) {
            final SoakBench bench = new SoakBench(engine, roster, plan);
            final String refusal = bench.openAll(model, interaction, setting, plan);
            bench.settle(plan, interaction.globalWindow());
            bench.times.reset();
            final List<Look> looks = new ArrayList<>();
            final long startNs = System.nanoTime();
            for (long second = plan.lookSeconds(); second <= plan.seconds(); second += plan.lookSeconds()) {
                final Look look = bench.lookAfter(startNs, second);
                looks.add(look);
                onLook.accept(look);
            }
            return new Result(
                    engine.backendName(), bench.feeds.size(), refusal, looks, engine.warmUpNote(), engine.launchNote());
        }
    }

    /** Opens what is let in; returns the first refusal. */
    private String openAll(
            final LoadedModel model, final InteractionConfig interaction, final LiveSetting setting, final Plan plan) {
        String refusal = "";
        for (int i = 0; i < plan.offered(); i++) {
            try {
                feeds.add(load.open(setting.shape(model, interaction, i), i));
                if (feeds.size() % plan.openedPerPeriod() == 0) {
                    load.run(1);
                }
            } catch (final AdmissionException ex) {
                refusal = refusal.isEmpty() ? ex.getMessage() : refusal;
            }
        }
        return refusal;
    }

    private void settle(final Plan plan, final long window) {
        final long settledNs = System.nanoTime() + plan.settleNs();
        final long fullNs = System.nanoTime() + plan.fillNs();
        load.run(settledNs, () -> {});
        while (System.nanoTime() < fullNs && load.positions(window) < FULL * window) {
            load.run(Math.min(fullNs, System.nanoTime() + FILL_STEP_NS), () -> {});
        }
    }

    private Look lookAfter(final long startNs, final long second) {
        final CpuContention contention = CpuContention.start();
        final long heap = roster.totalAllocatedBytes();
        final long fromNs = System.nanoTime();
        load.run(startNs + second * 1_000_000_000L, () -> {});
        final double periods = (System.nanoTime() - fromNs) / (double) EngineContext.PERIOD_NS;
        final Look look = new Look(
                second,
                load.live(),
                times.ticks(),
                times.missed(),
                times.missedInARow(),
                times.stepped(),
                times.skipped(),
                times.latency().getValueAtPercentile(50) / MS,
                times.latency().getValueAtPercentile(99) / MS,
                times.latency().getValueAtPercentile(99.9) / MS,
                times.latency().getMaxValue() / MS,
                times.deviceNs() / MS / periods,
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
