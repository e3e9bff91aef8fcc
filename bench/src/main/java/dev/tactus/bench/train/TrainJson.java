package dev.tactus.bench.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** The results as JSON, for comparing runs. Durations are nanoseconds, sizes bytes. */
public final class TrainJson {
    private TrainJson() {}

    /**
     * A document with the head's fields, then {@code results}.
     *
     * @param head what describes the run: machine, model
     */
    public static byte[] write(final Map<String, Object> head, final List<TrainResult> results) {
        final Map<String, Object> root = new LinkedHashMap<>(head);
        root.put("results", results.stream().map(TrainJson::fields).toList());
        return JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }

    private static Map<String, Object> fields(final TrainResult result) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("threads", result.threads());
        fields.put("positions", result.positions());
        fields.put("product_operations", result.cost().products());
        fields.put("attention_operations", result.cost().attention());
        fields.put("fma_gflops", spread(result.fma()));
        fields.put("gemm_gflops", spread(result.gemm()));
        for (final TrainStage stage : TrainStage.values()) {
            fields.put(stage.name().toLowerCase(Locale.ROOT), stage(result, stage));
        }
        final TrainMemory memory = result.memory();
        fields.put("parameters", memory.parameters());
        fields.put("state_bytes", memory.state());
        fields.put("activation_bytes", memory.activations());
        fields.put("scratch_bytes", memory.scratch());
        fields.put("first_loss", result.firstLoss());
        fields.put("last_loss", result.lastLoss());
        return fields;
    }

    private static Map<String, Object> stage(final TrainResult result, final TrainStage stage) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        final Spread ns = result.stageNs().get(stage);
        fields.put("median_ns", ns.median());
        fields.put("p10_ns", ns.p10());
        fields.put("p90_ns", ns.p90());
        fields.put("operations", result.cost().operations(stage));
        fields.put("positions_per_second", result.positionsPerSecond(stage));
        if (result.cost().operations(stage) > 0) {
            fields.put("share_of_gemm", orNull(result.gemmShare(stage)));
            fields.put("share_of_fma", orNull(result.fmaShare(stage)));
        }
        return fields;
    }

    /** JSON has no NaN. */
    private static Double orNull(final double value) {
        return Double.isNaN(value) ? null : value;
    }

    private static Map<String, Object> spread(final Spread spread) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("median", orNull(spread.median()));
        fields.put("p10", orNull(spread.p10()));
        fields.put("p90", orNull(spread.p90()));
        return fields;
    }
}
