package dev.tactus.app.capacity;

import dev.tactus.app.doctor.CpuContention;
import dev.tactus.app.load.TickShape;
import dev.tactus.engine.Calibration;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds how many live sessions hold their deadline on this machine: a forecast after a short calibration says for how
 * many there is to be memory, then that many places are launched, contexts filled, and numbers of sessions tried.
 */
public final class CapacityMeasurement {
    private static final int FIRST_SESSIONS = 8;
    private static final int MOST_SESSIONS = 4_096;

    /** How much more than was predicted there is memory for. */
    private static final double ROOM = 1.7;

    private static final int ROOM_AT_LEAST = 4;

    /** Contexts are filled by fewer sessions than are thought to hold, so that none falls behind. */
    private static final double FILLING = 0.8;

    /** What is to be measured, and for how long. */
    public interface Setting {
        /**
         * An engine's settings, not concluded: run by the clock, without admission.
         *
         * @param sessions most sessions
         */
        EngineContext context(int sessions);

        /** What session number {@code number} does on the engine with those settings, concluded. */
        TickShape shape(EngineContext context, int number);

        /** How many sessions a calibrated engine is expected to hold. */
        int forecast(Calibration calibration);
    }

    /**
     * How long each part takes, in nanoseconds.
     *
     * @param calibrationNs longest calibration
     * @param fillNs longest time for sessions to fill their contexts
     * @param settleNs how long a number of sessions runs before it counts
     * @param pointNs how long it counts
     */
    public record Times(long calibrationNs, long fillNs, long settleNs, long pointNs) {}

    /** Told how far the measurement is. */
    public interface Listener {
        /** Called now and then with what is being done: {@code 40 sessions, measuring}. */
        void onProgress(String what);

        /** Called once the engine runs on which sessions are measured. */
        void onLaunch(EngineContext context, Engine engine);

        /** Called with each number of sessions. */
        void onPoint(CapacityPoint point);
    }

    /**
     * What came out.
     *
     * @param predicted sessions that the cost model expected before any lived
     * @param holds the largest number that held; 0 when none did
     * @param fails the smallest number that did not hold; more than {@code places} while all did
     * @param places sessions that there was memory for
     * @param corrected what the cost model expects after the live ticks corrected it
     * @param drift how many times what was calibrated the live ticks took
     * @param points in the order in which they were measured
     * @param contention who else wanted the CPUs
     */
    public record Result(
            int predicted,
            int holds,
            int fails,
            int places,
            int corrected,
            double drift,
            List<CapacityPoint> points,
            CpuContention.Shares contention) {
        /** Whether there was no memory for more than what held. */
        public boolean isOutOfMemory() {
            return fails > places;
        }
    }

    private final Setting setting;
    private final Times times;
    private final Listener listener;

    private CapacityMeasurement(final Setting setting, final Times times, final Listener listener) {
        this.setting = setting;
        this.times = times;
        this.listener = listener;
    }

    /**
     * Measures. The calling thread feeds and polls the sessions.
     *
     * @throws IllegalArgumentException when the engine's settings are not allowed
     * @throws IllegalStateException when the engine failed
     */
    public static Result run(final Setting setting, final Times times, final Listener listener) {
        return new CapacityMeasurement(setting, times, listener).run();
    }

    private Result run() {
        final CpuContention contention = CpuContention.start();
        final int places = places(firstForecast());
        final EngineContext context =
                setting.context(places).calibrationNs(times.calibrationNs()).conclude();
        listener.onProgress("calibrating up to " + named(places));
        try (Engine engine = Engine.launch(context)) {
            listener.onLaunch(context, engine);
            final int predicted = setting.forecast(engine.calibration());
            final CapacityLoad load = new CapacityLoad(
                    engine, places, context.interaction().globalWindow(), number -> setting.shape(context, number));
            load.resize((int) Math.max(1, FILLING * Math.min(places, predicted)));
            load.fill(times.fillNs(), () -> listener.onProgress("filling contexts"));
            final CapacitySearch search = new CapacitySearch(places, Math.max(1, Math.min(places, predicted)));
            final List<CapacityPoint> points = new ArrayList<>();
            while (search.next() > 0) {
                points.add(point(load, search.next()));
                search.take(search.next(), points.get(points.size() - 1).holds());
            }
            load.resize(0);
            return new Result(
                    predicted,
                    search.holds(),
                    search.fails(),
                    places,
                    setting.forecast(engine.calibration()),
                    engine.calibration().model().drift(),
                    List.copyOf(points),
                    contention.shares());
        }
    }

    /** What few sessions let one expect of many, so that there is memory for them. */
    private int firstForecast() {
        listener.onProgress("calibrating");
        final EngineContext context = setting.context(FIRST_SESSIONS).calibrationNs(times.calibrationNs() / 4);
        try (Engine engine = Engine.launch(context)) {
            return setting.forecast(engine.calibration());
        }
    }

    /** Sessions that there is memory for: more than were predicted, but not more than half of the machine's memory. */
    private int places(final int predicted) {
        final long half = ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                        .getTotalMemorySize()
                / 2;
        int places = (int) Math.min(MOST_SESSIONS, ROOM * predicted + ROOM_AT_LEAST);
        while (places > 1 && setting.context(places).conclude().memoryPlan().bytes() > half) {
            places -= Math.max(1, places / 8);
        }
        return places;
    }

    private CapacityPoint point(final CapacityLoad load, final int sessions) {
        load.resize(sessions);
        load.live(times.settleNs(), () -> listener.onProgress(named(sessions) + ", settling"));
        final CapacityPoint point =
                load.measure(times.pointNs(), () -> listener.onProgress(named(sessions) + ", measuring"));
        listener.onPoint(point);
        return point;
    }

    private static String named(final int sessions) {
        return sessions == 1 ? "1 session" : sessions + " sessions";
    }
}
