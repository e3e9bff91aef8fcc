package dev.tactus.bench.kernels;

import dev.tactus.bench.kernels.KernelCase.Bound;
import dev.tactus.bench.kernels.KernelCase.Cost;
import dev.tactus.bench.kernels.KernelCase.Work;
import dev.tactus.kernel.AttentionShape;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.c.Region;
import dev.tactus.memory.KvRingLayout;
import dev.tactus.memory.OffHeap;
import java.util.ArrayList;
import java.util.List;

/** Attention of one row: {@value #KV_HEADS} kv heads, each read by one or more query heads. */
final class AttentionCases {
    private static final int KV_HEADS = 4;
    private static final int HEAD_DIM = 64;
    private static final int D_REL = 16;
    private static final int MOST_EXTENT = 1024;

    private AttentionCases() {}

    static List<KernelCase> of(final KernelScenario scenario) {
        final List<KernelCase> cases = new ArrayList<>();
        for (final int window : scenario.shapes().windows()) {
            for (final int queries : scenario.shapes().queries()) {
                for (final KernelSet set : LinearCases.sets(scenario)) {
                    cases.add(attention(set, window, queries));
                }
            }
        }
        return cases;
    }

    private static KernelCase attention(final KernelSet set, final int window, final int queries) {
        final long headKeys = (long) KV_HEADS * queries * window;
        // a product with the key, another with the value
        final double operations = 4.0 * HEAD_DIM * headKeys;
        final long bytes = 2L * KV_HEADS * window * HEAD_DIM * Float.BYTES;
        return new KernelCase(
                "attention",
                "window " + window + ", " + queries + (queries == 1 ? " query" : " queries"),
                "exact",
                LinearCases.name(set),
                new Cost(bytes, operations, headKeys, "head-keys"),
                Bound.FMA,
                true,
                operands -> work(operands, set, window, queries));
    }

    private static Work work(final Operands operands, final KernelSet set, final int window, final int queries) {
        final KvRingLayout layout = KvRingLayout.of(window, 0, 1);
        final int heads = KV_HEADS * queries;
        final int extent = Math.min(window, MOST_EXTENT);
        final AttentionShape shape = new AttentionShape(
                heads, KV_HEADS, HEAD_DIM, D_REL, extent, window, 0, layout.sinkPages(), layout.ringPages(), 0);
        final long q = operands.noise((long) heads * HEAD_DIM).address();
        final long r = operands.noise((long) heads * D_REL).address();
        final long bias = operands.noise((long) D_REL * extent).address();
        final long out = operands.zeros((long) heads * HEAD_DIM * Float.BYTES).address();
        final long pages = operands.zeros((long) layout.pages() * Long.BYTES).address();
        final long pageFloats = AttentionShape.layerBytes(KV_HEADS, HEAD_DIM) / Float.BYTES;
        for (int i = 0; i < layout.pages(); i++) {
            OffHeap.putLong(
                    pages + (long) i * Long.BYTES, operands.noise(pageFloats).address());
        }
        final Region[] scratch = operands.scratch(set.scratchBytes(heads * HEAD_DIM, HEAD_DIM));
        return (part, parts, worker) -> set.attention(
                shape,
                q,
                r,
                bias,
                pages,
                window - 1L,
                1f,
                out,
                queries * Work.from(KV_HEADS, 1, part, parts),
                queries * Work.from(KV_HEADS, 1, part + 1, parts),
                scratch[worker].address());
    }
}
