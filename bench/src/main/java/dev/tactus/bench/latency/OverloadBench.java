package dev.tactus.bench.latency;

import dev.tactus.app.capacity.CapacityMeasurement;
import dev.tactus.app.load.LiveLoad;
import dev.tactus.app.load.TickShape;
import dev.tactus.engine.Calibration;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.scheduler.Demand;
import dev.tactus.scheduler.MissedTickPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * More sessions than fit, from half of what fits to several times that: what admission does about it, and what the
 * ladder does where nobody is refused. Every point is an engine of its own, and the two policies take turns, so that a
 * slow minute of the machine falls on both. Media is given ahead, as while capacity is measured.
 */
public final class OverloadBench {
    /** As many as a period has slots by default: each slot gets one. */
    private static final int OPENED_PER_PERIOD = 8;

    /** What is done about too many sessions. */
    public enum Policy {
        /** Only what the cost model says will fit is let in; the ladder is there as well, as in a service. */
        ADMISSION("admission"),
        /** All are let in, and the ladder takes from them what does not fit. */
        LADDER("ladder");

        private final String label;

        Policy(final String label) {
            this.label = label;
        }

        /** Its name in reports. */
        public String label() {
            return label;
        }
    }

    /**
     * How the curves are measured.
     *
     * @param factors offered sessions over capacity, a point each
     * @param settleNs time of each point that does not count
     * @param fillNs longest time, settling included, until contexts are full
     * @param seconds how long each point counts
     * @param engine what the engines are to be beside the setting: slots of the period, threading
     */
    public record Plan(
            List<Double> factors, long settleNs, long fillNs, long seconds, UnaryOperator<EngineContext> engine) {
        /** Copies and checks the factors. */
        public Plan {
            factors = List.copyOf(factors);
            for (final double factor : factors) {
                if (!(factor > 0)) {
                    throw new IllegalArgumentException("a factor of " + factor + " of capacity: expected more than 0");
                }
            }
            if (seconds < 1) {
                throw new IllegalArgumentException(seconds + " seconds for each point: expected at least 1");
            }
        }
    }

    /**
     * One point of a curve.
     *
     * @param policy whose curve
     * @param factor offered sessions over capacity, as asked for
     * @param offered sessions
     * @param result of the run; one look
     */
    public record Point(Policy policy, double factor, int offered, SoakBench.Result result) {
        /** What was measured. */
        public SoakBench.Look look() {
            return result.looks().get(0);
        }
    }

    /** Told how far the curves are. */
    public interface Progress {
        /**
         * Called before each point.
         *
         * @param done points before it
         */
        void onPoint(Policy policy, int offered, int done);
    }

    private OverloadBench() {}

    /**
     * Measures how many sessions of {@code setting} hold on this machine as {@code tactus capacity} does, less than one
     * tick in a thousand missed, but with nothing given up: without admission, and without the ladder.
     */
    public static CapacityMeasurement.Result capacity(
            final LoadedModel model,
            final InteractionConfig interaction,
            final LiveSetting setting,
            final Plan plan,
            final CapacityMeasurement.Times times,
            final CapacityMeasurement.Listener listener) {
        final TickShape quiet = TickShape.of(model.weights(), interaction, setting.rows(), setting.passes());
        final CapacityMeasurement.Setting asked = new CapacityMeasurement.Setting() {
            @Override
            public EngineContext context(final int sessions) {
                return plan.engine()
                        .apply(setting.context(model, interaction, sessions))
                        .missedTicks(MissedTickPolicy.OFF);
            }

            @Override
            public TickShape shape(final EngineContext context, final int number) {
                return setting.shape(model, interaction, number);
            }

            @Override
            public int forecast(final Calibration calibration) {
                return calibration.forecast(quiet.modalities(), Demand.steady(setting.speaking(), setting.passes()));
            }
        };
        return CapacityMeasurement.run(asked, times, listener);
    }

    /**
     * Measures both curves. The calling thread feeds and polls.
     *
     * @param capacity sessions that hold
     * @param progress told of each point
     */
    public static List<Point> run(
            final LoadedModel model,
            final InteractionConfig interaction,
            final LiveSetting setting,
            final int capacity,
            final Plan plan,
            final Progress progress) {
        final List<Point> points = new ArrayList<>();
        for (final double factor : plan.factors()) {
            for (final Policy policy : Policy.values()) {
                final int offered = (int) Math.max(1, Math.round(factor * capacity));
                progress.onPoint(policy, offered, points.size());
                final SoakBench.Plan soak = new SoakBench.Plan(
                        offered,
                        policy == Policy.ADMISSION ? 1 : OPENED_PER_PERIOD,
                        plan.settleNs(),
                        plan.fillNs(),
                        plan.seconds(),
                        plan.seconds(),
                        LiveLoad.Pace.AHEAD);
                final SoakBench.Result result = SoakBench.run(
                        model,
                        interaction,
                        setting,
                        soak,
                        context -> plan.engine()
                                .apply(context)
                                .admission(policy == Policy.ADMISSION)
                                .missedTicks(MissedTickPolicy.DEFAULT),
                        look -> {});
                points.add(new Point(policy, factor, offered, result));
            }
        }
        return points;
    }
}
