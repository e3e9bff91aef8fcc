package dev.tactus.bench.gpu;

import dev.tactus.bench.latency.TickResult;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import tools.jackson.databind.json.JsonMapper;

/** The results as JSON, for comparing runs. Durations are nanoseconds. Of the software driver there are none. */
public final class GpuJson {
    private static final double[] PERCENTILES = {50, 90, 99, 100};
    private static final String[] NAMES = {"p50", "p90", "p99", "max"};
    private static final int BUCKET_NS = 250_000;

    private final GpuResults results;

    private GpuJson(final GpuResults results) {
        this.results = results;
    }

    /**
     * A document with the head's fields, then the GPU's, then figures.
     *
     * @param head what describes the run: machine, date, commit
     */
    public static byte[] write(final Map<String, Object> head, final GpuResults results) {
        final Map<String, Object> root = new LinkedHashMap<>(head);
        new GpuJson(results).fill(root);
        return JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }

    private void fill(final Map<String, Object> root) {
        root.put("gpu", results.device());
        root.put("cuda_of_driver", results.driver());
        if (results.soft()) {
            root.put("label", "softcuda: no times");
        }
        root.put(
                "targets",
                List.of(GpuTarget.values()).stream().map(this::target).toList());
        root.put("problems", results.problems());
        if (!results.soft() && !Double.isNaN(results.copyRate())) {
            root.put("copy_gb_per_second", results.copyRate());
        }
        root.put("kernels", results.lines().stream().map(this::line).toList());
        root.put("graphs", results.latencies().stream().map(this::latency).toList());
        results.bits().ifPresent(bits -> {
            final Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("positions", bits.positions());
            fields.put("logits", bits.logits());
            fields.put("different", bits.different());
            root.put("exact_bits", fields);
        });
        root.put("ticks", results.ticks().stream().map(this::tick).toList());
    }

    private Map<String, Object> target(final GpuTarget target) {
        final GpuTarget.Verdict verdict = target.verdict(results);
        final Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("target", target.text());
        fields.put("outcome", verdict.outcome().label());
        fields.put("detail", verdict.detail());
        return fields;
    }

    private Map<String, Object> line(final GpuLine line) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("op", line.op());
        fields.put("shape", line.shape());
        fields.put("class", line.numerics());
        fields.put("rows", line.rows());
        fields.put("bytes", line.bytes());
        if (!results.soft()) {
            fields.put("median_ns", line.medianNs());
            fields.put("p10_ns", line.p10Ns());
            fields.put("p90_ns", line.p90Ns());
            fields.put("share_of_copy", Double.isNaN(results.share(line)) ? null : results.share(line));
        }
        return fields;
    }

    private Map<String, Object> latency(final GraphLatency latency) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("kernels", latency.nodes());
        if (!results.soft()) {
            fields.put("launch_ns", percentiles(latency.launch()));
            fields.put("until_event_ns", percentiles(latency.event()));
            fields.put("until_word_ns", percentiles(latency.word()));
        }
        return fields;
    }

    private Map<String, Object> tick(final TickRun run) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("model", "random, " + run.wanted().parameters());
        fields.put("class", run.wanted().numerics().label());
        fields.put("sessions", run.wanted().sessions());
        fields.put("rows", run.wanted().rows());
        fields.put("passes", run.wanted().passes());
        fields.put("ticks", run.wanted().ticks());
        if (run.result().isEmpty()) {
            fields.put("not_measured", run.reason());
            return fields;
        }
        final TickResult result = run.result().get();
        fields.put("kernels", result.kernels());
        fields.put("context_from", result.contextFrom());
        fields.put("context_to", result.contextTo());
        if (!results.soft()) {
            times(fields, result);
        }
        run.idle().ifPresent(idle -> fields.put("idle", idle(idle)));
        return fields;
    }

    private static void times(final Map<String, Object> fields, final TickResult result) {
        fields.put("whole_ns", percentiles(result.whole()));
        fields.put("device_ns", percentiles(result.device()));
        fields.put("overhead_ns", percentiles(result.overhead()));
        fields.put("whole_histogram", histogram(result.whole()));
        final Map<String, Object> stages = new LinkedHashMap<>();
        result.stageNs().forEach((stage, ns) -> stages.put(stage.label(), ns));
        stages.put("unattributed", result.unattributedNs());
        fields.put("mean_stage_ns", stages);
        fields.put("heap_bytes_per_tick", result.heapBytesPerTick());
        fields.put("deadlines_missed", result.missed());
        fields.put("launch_ns", result.launchNs());
    }

    private Map<String, Object> idle(final TickIdle idle) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("ticks", idle.ticks());
        fields.put("graphs_per_tick", idle.graphs());
        fields.put("kernels_per_tick", idle.kernels());
        if (!results.soft()) {
            fields.put("share_between_graphs", idle.between());
            fields.put("share_at_most", Double.isNaN(idle.most()) ? null : idle.most());
        }
        return fields;
    }

    /** Ticks per quarter of a millisecond, by the upper end in nanoseconds; without those that have none. */
    private static Map<String, Long> histogram(final Histogram histogram) {
        final Map<String, Long> buckets = new LinkedHashMap<>();
        histogram.linearBucketValues(BUCKET_NS).forEach(bucket -> {
            if (bucket.getCountAddedInThisIterationStep() > 0) {
                buckets.put(String.valueOf(bucket.getValueIteratedTo()), bucket.getCountAddedInThisIterationStep());
            }
        });
        return buckets;
    }

    private static Map<String, Object> percentiles(final Histogram histogram) {
        final Map<String, Object> values = new LinkedHashMap<>();
        for (int i = 0; i < NAMES.length; i++) {
            values.put(NAMES[i], histogram.getValueAtPercentile(PERCENTILES[i]));
        }
        return values;
    }
}
