package dev.tactus.bench.kernels;

import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** The results as JSON, for comparing runs. Durations are nanoseconds. */
public final class KernelJson {
    private KernelJson() {}

    /**
     * A document with the head's fields, then {@code results}.
     *
     * @param head what describes the run: machine
     */
    public static byte[] write(final Map<String, Object> head, final KernelResults results) {
        final Map<String, Object> root = new LinkedHashMap<>(head);
        root.put("bytes", results.scenario().bytes());
        root.put("rounds", results.scenario().rounds());
        root.put(
                "results",
                results.lines().stream().map(line -> fields(results, line)).toList());
        return JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }

    private static Map<String, Object> fields(final KernelResults results, final KernelResult line) {
        final Map<String, Object> fields = new LinkedHashMap<>();
        final KernelCase c = line.kernelCase();
        fields.put("op", c.op());
        fields.put("shape", c.shape());
        fields.put("class", c.numerics());
        fields.put("kernels", c.kernels());
        fields.put("threads", line.threads());
        fields.put("calls_per_sample", line.calls());
        fields.put("median_ns", line.medianNs());
        fields.put("p10_ns", line.p10Ns());
        fields.put("p90_ns", line.p90Ns());
        fields.put("bytes", c.cost().bytes());
        fields.put("operations", c.cost().operations());
        if (c.cost().units() != 0) {
            fields.put(c.cost().unit(), c.cost().units());
        }
        final double share = results.share(line);
        fields.put("bound", ProbeCases.op(c.bound()));
        fields.put("share_of_bound", Double.isNaN(share) ? null : share);
        return fields;
    }
}
