package dev.tactus.bench.latency;

import dev.tactus.app.doctor.CpuContention;
import dev.tactus.app.load.LiveLoad;
import dev.tactus.app.load.LiveTimes;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.model.InteractionConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Sessions by the clock, all in one slot of the period and spread over several, in turns: what spreading does to the
 * latency of a session, and what it costs.
 */
public final class PhaseBench {
    private static final int SETTLING_PERIODS = 10;

    /**
     * How sessions are to be run.
     *
     * @param setting what they do
     * @param sessions how many
     * @param seconds of each turn
     * @param turns how often each number of slots is measured
     */
    public record Scenario(LiveSetting setting, int sessions, int seconds, int turns) {}

    /**
     * What one number of slots gave.
     *
     * @param phases slots of the period
     * @param latency from a tick's end to its emit, in nanoseconds
     * @param ticks session ticks
     * @param seconds they took
     * @param missed ticks that missed their deadline
     * @param deviceMs what the device worked per period, in milliseconds
     * @param steal share of the CPUs that other guests of the host took
     */
    public record Result(
            int phases, Histogram latency, long ticks, double seconds, long missed, double deviceMs, double steal) {}

    private PhaseBench() {}

    /** Measures each of {@code phases} in turns. The calling thread feeds and polls. */
    public static List<Result> run(
            final LoadedModel model,
            final InteractionConfig interaction,
            final Scenario scenario,
            final int[] phases,
            final Runnable afterTurn) {
        final List<List<Result>> turns = new ArrayList<>();
        for (int i = 0; i < phases.length; i++) {
            turns.add(new ArrayList<>());
        }
        for (int turn = 0; turn < scenario.turns(); turn++) {
            for (int i = 0; i < phases.length; i++) {
                turns.get(i).add(turn(model, interaction, scenario, phases[i]));
                afterTurn.run();
            }
        }
        return turns.stream().map(PhaseBench::sum).toList();
    }

    private static Result sum(final List<Result> turns) {
        final Histogram latency = turns.get(0).latency().copy();
        for (final Result turn : turns.subList(1, turns.size())) {
            latency.add(turn.latency());
        }
        return new Result(
                turns.get(0).phases(),
                latency,
                turns.stream().mapToLong(Result::ticks).sum(),
                turns.stream().mapToDouble(Result::seconds).sum(),
                turns.stream().mapToLong(Result::missed).sum(),
                turns.stream().mapToDouble(Result::deviceMs).average().orElseThrow(),
                turns.stream().mapToDouble(Result::steal).average().orElseThrow());
    }

    private static Result turn(
            final LoadedModel model, final InteractionConfig interaction, final Scenario scenario, final int phases) {
        final LiveSetting setting = scenario.setting();
        try (Engine engine = Engine.launch(
                setting.context(model, interaction, scenario.sessions()).phases(phases))) {
            final LiveTimes times = new LiveTimes(scenario.sessions());
            final LiveLoad load = new LiveLoad(engine, times, LiveLoad.Pace.JUST_IN_TIME);
            for (int i = 0; i < scenario.sessions(); i++) {
                load.open(setting.shape(model, interaction, i), i);
            }
            load.run(SETTLING_PERIODS);
            times.reset();
            final CpuContention contention = CpuContention.start();
            final long startNs = System.nanoTime();
            load.run((int) (TimeUnit.SECONDS.toNanos(scenario.seconds()) / EngineContext.PERIOD_NS));
            final double seconds = (System.nanoTime() - startNs) / 1e9;
            return new Result(
                    phases,
                    times.latency(),
                    times.ticks(),
                    seconds,
                    times.missed(),
                    times.deviceNs() / 1e6 / (seconds * 1e9 / EngineContext.PERIOD_NS),
                    contention.shares().steal());
        }
    }
}
