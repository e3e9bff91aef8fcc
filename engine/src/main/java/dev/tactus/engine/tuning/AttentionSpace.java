package dev.tactus.engine.tuning;

import dev.tactus.engine.Tau;
import dev.tactus.engine.model.LayerConfig;
import dev.tactus.engine.model.TextConfig;
import dev.tactus.kernel.AttentionShape;
import dev.tactus.memory.KvRingLayout;
import dev.tactus.memory.OffHeap;

/**
 * Memory that the attention of all layers uses in turn: pages of keys and values for the forward pass, and panels of
 * one (sequence, key-value head) per worker for the backward pass.
 *
 * <pre>
 *   pages of a sequence       ⌈longest / 256⌉, of one layer
 *   panels of a worker        k, v, dk, dv [longest, D] | q, dq, do [64, D] | r, dr [64, d_rel]
 *                             | s, ds [64, longest] | b [64, min(extent, longest)]
 * </pre>
 */
final class AttentionSpace {
    /** Queries whose scores stand in memory at a time. */
    static final int QUERIES = 64;

    final int longest;
    final float[] tau;
    private final long[] tables;
    private final Panels[] panels;
    private final int pagesPerSequence;

    /** The panels of a worker, by address. */
    static final class Panels {
        final long k;
        final long v;
        final long dk;
        final long dv;
        final long q;
        final long dq;
        final long dOut;
        final long r;
        final long dr;
        final long s;
        final long ds;
        final long b;

        private Panels(final Compute compute, final int longest, final int headDim, final int dRel, final int extent) {
            k = compute.scratch((long) longest * headDim);
            v = compute.scratch((long) longest * headDim);
            dk = compute.scratch((long) longest * headDim);
            dv = compute.scratch((long) longest * headDim);
            q = compute.scratch((long) QUERIES * headDim);
            dq = compute.scratch((long) QUERIES * headDim);
            dOut = compute.scratch((long) QUERIES * headDim);
            r = compute.scratch((long) QUERIES * dRel);
            dr = compute.scratch((long) QUERIES * dRel);
            s = compute.scratch((long) QUERIES * longest);
            ds = compute.scratch((long) QUERIES * longest);
            b = compute.scratch((long) QUERIES * Math.min(extent, longest));
        }
    }

    AttentionSpace(final Compute compute, final TextConfig text, final TrainingLimits limits) {
        longest = limits.longest();
        pagesPerSequence = (longest + KvRingLayout.PAGE_POSITIONS - 1) >> KvRingLayout.PAGE_SHIFT;
        tau = new float[longest];
        final Tau positions = new Tau(text);
        for (int i = 0; i < longest; i++) {
            tau[i] = positions.of(i);
        }
        int headDim = 1;
        int extent = 1;
        long layerBytes = 1;
        for (final LayerConfig layer : text.layers()) {
            headDim = Math.max(headDim, layer.headDim());
            extent = Math.max(extent, layer.extent());
            layerBytes = Math.max(layerBytes, AttentionShape.layerBytes(layer.kvHeads(), layer.headDim()));
        }
        tables = new long[limits.sequences()];
        for (int s = 0; s < tables.length; s++) {
            tables[s] = pages(compute, layerBytes);
        }
        panels = new Panels[compute.crew.workers()];
        for (int i = 0; i < panels.length; i++) {
            panels[i] = new Panels(compute, longest, headDim, text.dRel(), extent);
        }
    }

    private long pages(final Compute compute, final long layerBytes) {
        final long table = compute.scratch(2L * pagesPerSequence);
        for (int p = 0; p < pagesPerSequence; p++) {
            OffHeap.putLong(table + p * (long) Long.BYTES, compute.scratch(layerBytes / Float.BYTES));
        }
        return table;
    }

    /** The page table of a sequence. */
    long table(final int sequence) {
        return tables[sequence];
    }

    /** The panels of a worker. */
    Panels panels(final int worker) {
        return panels[worker];
    }

    /** The shape of a layer's attention over these pages. */
    AttentionShape shape(final TextConfig text, final LayerConfig layer, final TrainingLimits limits) {
        return new AttentionShape(
                layer.heads(),
                layer.kvHeads(),
                layer.headDim(),
                text.dRel(),
                layer.extent(),
                layer.local() ? text.window() : limits.globalWindow(),
                layer.local() ? 0 : limits.sinks(),
                0,
                pagesPerSequence,
                0);
    }
}
