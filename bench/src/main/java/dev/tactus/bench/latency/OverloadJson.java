package dev.tactus.bench.latency;

import dev.tactus.app.capacity.CapacityMeasurement;
import dev.tactus.app.capacity.CapacityPoint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** The results as JSON, for comparing runs and for the report. Durations are nanoseconds, shares from 0 to 1. */
public final class OverloadJson {
    private static final double NS_PER_MS = 1e6;

    private OverloadJson() {}

    /**
     * A document with the head's fields, then {@code capacity}, {@code targets} and {@code results}.
     *
     * @param head what describes the run: machine, model, command
     * @param capacity sessions that hold
     * @param measured how that was found; null when it was given
     */
    public static byte[] write(
            final Map<String, Object> head,
            final int capacity,
            final CapacityMeasurement.Result measured,
            final List<OverloadBench.Point> points) {
        final Map<String, Object> root = new LinkedHashMap<>(head);
        root.put("capacity", capacity(capacity, measured));
        root.put("targets", OverloadTarget.verdicts(points));
        root.put("results", points.stream().map(OverloadJson::fields).toList());
        return JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }

    private static Map<String, Object> capacity(final int capacity, final CapacityMeasurement.Result measured) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("sessions", capacity);
        fields.put("measured", measured != null);
        if (measured != null) {
            fields.put("predicted", measured.predicted());
            fields.put("holds", measured.holds());
            fields.put("fails", measured.isOutOfMemory() ? null : measured.fails());
            fields.put("cpu_steal", numberOrNull(measured.contention().steal()));
            fields.put(
                    "points",
                    measured.points().stream().map(OverloadJson::fields).toList());
        }
        return fields;
    }

    private static Map<String, Object> fields(final CapacityPoint point) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("sessions", point.sessions());
        fields.put("ticks", point.ticks());
        fields.put("missed", point.missed());
        fields.put("latency_p99.9_ns", ns(point.endMs()));
        fields.put("context", point.positions());
        fields.put("holds", point.holds());
        fields.put("cpu_steal", numberOrNull(point.contention().steal()));
        return fields;
    }

    private static Map<String, Object> fields(final OverloadBench.Point point) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        final SoakBench.Look look = point.look();
        fields.put("policy", point.policy().label());
        fields.put("factor", point.factor());
        fields.put("offered", point.offered());
        fields.put("admitted", point.result().admitted());
        fields.put("refusal", point.result().refusal());
        fields.put("open_at_end", look.open());
        fields.put("seconds", look.second());
        fields.put("ticks", look.ticks());
        fields.put("missed", look.missed());
        fields.put("missed_in_a_row", look.missedInARow());
        fields.put("skipped", look.skipped());
        fields.put("stepped", look.stepped());
        final Map<String, Object> latency = new LinkedHashMap<>();
        latency.put("p50", ns(look.p50Ms()));
        latency.put("p99", ns(look.p99Ms()));
        latency.put("p99.9", ns(look.p999Ms()));
        latency.put("max", ns(look.maxMs()));
        fields.put("latency_ns", latency);
        fields.put("device_ns_per_period", ns(look.deviceMs()));
        fields.put("ticks_behind", look.behind());
        fields.put("media_refused", look.refused());
        fields.put("heap_bytes_per_period", look.heapPerTick());
        fields.put("resident_mb", look.residentMb());
        fields.put("cpu_steal", numberOrNull(look.steal()));
        return fields;
    }

    private static long ns(final double ms) {
        return Math.round(ms * NS_PER_MS);
    }

    /** JSON has no NaN. */
    private static Double numberOrNull(final double value) {
        return Double.isNaN(value) ? null : value;
    }
}
