package dev.tactus.engine.device.cpu;

import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.model.RowSpace;
import dev.tactus.kernel.KernelSet;

/**
 * The pass that ops run on: whose rows, which media. One per backend; changed by the device thread between passes, read
 * by all workers during one.
 */
final class CpuPass {
    KernelSet kernels;
    final Generation generation;
    TickPlan plan;
    PassRows rows;
    private boolean prefill;
    private boolean adapted;

    CpuPass(final KernelSet kernels, final Generation generation) {
        this.kernels = kernels;
        this.generation = generation;
    }

    void prefill(final TickPlan newPlan) {
        plan = newPlan;
        rows = newPlan.rows();
        prefill = true;
        adapted = anyAdapter();
    }

    void decode(final PassRows newRows) {
        rows = newRows;
        prefill = false;
        adapted = anyAdapter();
    }

    private boolean anyAdapter() {
        for (int s = 0; s < rows.segments(); s++) {
            if (adapterOf(s) != 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether a session of the pass has an adapter. */
    boolean isAdapted() {
        return adapted;
    }

    /** Number of a segment's adapter; 0 for the base alone. */
    int adapterOf(final int segment) {
        return plan.adapter(rows.entry(segment));
    }

    /** How many rows of a space belong to a segment; those of the segments before it come first. */
    int rowsOf(final int segment, final RowSpace space) {
        if (space == RowSpace.PASS) {
            return rows.rowsOfSegment(segment);
        }
        int count = 0;
        final int first = rows.firstRow(segment);
        for (int row = first; row < first + rows.rowsOfSegment(segment); row++) {
            count += rows.outputRow(row) == PassRows.NO_OUTPUT ? 0 : 1;
        }
        return count;
    }

    int count(final RowSpace space) {
        if (space == RowSpace.PASS) {
            return rows.rows();
        }
        if (space == RowSpace.OUTPUT) {
            return rows.outputRows();
        }
        if (space == RowSpace.SPEECH) {
            return rows.speechSources();
        }
        if (space == RowSpace.VOICE) {
            return rows.voiceRows();
        }
        if (!prefill) {
            return 0;
        }
        return space == RowSpace.AUDIO ? plan.audioSources() : plan.patchSources();
    }

    long state(final int segment) {
        return plan.state(rows.entry(segment));
    }

    long pages(final int entry, final boolean local) {
        return local ? plan.localPages(entry) : plan.globalPages(entry);
    }
}
