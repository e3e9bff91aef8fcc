package dev.tactus.bench.latency;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import tools.jackson.databind.json.JsonMapper;

/** The results as JSON, for comparing runs. Durations are nanoseconds. */
public final class TickJson {
    private static final double[] PERCENTILES = {50, 90, 99, 100};
    private static final String[] NAMES = {"p50", "p90", "p99", "max"};

    private TickJson() {}

    /**
     * A document with the head's fields, then {@code results}.
     *
     * @param head what describes the run: machine, model
     */
    public static byte[] write(final Map<String, Object> head, final List<TickResult> results) {
        final Map<String, Object> root = new LinkedHashMap<>(head);
        root.put("results", results.stream().map(TickJson::fields).toList());
        return JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }

    private static Map<String, Object> fields(final TickResult result) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        final TickScenario scenario = result.scenario();
        fields.put("sessions", scenario.sessions());
        fields.put("speaking", scenario.speaking());
        fields.put("threads", scenario.threads());
        fields.put("rows", scenario.rows());
        fields.put("passes", scenario.passes());
        fields.put("ticks", scenario.ticks());
        fields.put("kernels", result.kernels());
        fields.put("note", result.note());
        fields.put("launch_ns", result.launchNs());
        fields.put("settled_after_ticks", result.settledAfter());
        fields.put("context_from", result.contextFrom());
        fields.put("context_to", result.contextTo());
        fields.put("whole_ns", percentiles(result.whole()));
        fields.put("device_ns", percentiles(result.device()));
        fields.put("overhead_ns", percentiles(result.overhead()));
        final Map<String, Object> stages = new LinkedHashMap<>();
        result.stageNs().forEach((stage, ns) -> stages.put(stage.label(), ns));
        stages.put("unattributed", result.unattributedNs());
        fields.put("mean_stage_ns", stages);
        fields.put("heap_bytes_per_tick", result.heapBytesPerTick());
        fields.put("macs_per_second", numberOrNull(result.macsPerSecond()));
        fields.put("weight_bytes_per_second", numberOrNull(result.weightBytesPerSecond()));
        fields.put("deadlines_missed", result.missed());
        fields.put("cpu_steal", numberOrNull(result.contention().steal()));
        fields.put("cpu_others", numberOrNull(result.contention().others()));
        return fields;
    }

    /** JSON has no NaN. */
    private static Double numberOrNull(final double value) {
        return Double.isNaN(value) ? null : value;
    }

    private static Map<String, Object> percentiles(final Histogram histogram) {
        final Map<String, Object> values = new LinkedHashMap<>();
        for (int i = 0; i < NAMES.length; i++) {
            values.put(NAMES[i], histogram.getValueAtPercentile(PERCENTILES[i]));
        }
        return values;
    }
}
