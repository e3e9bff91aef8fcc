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

    CpuPass(final KernelSet kernels, final Generation generation) {
        this.kernels = kernels;
        this.generation = generation;
    }

    void prefill(final TickPlan newPlan) {
        plan = newPlan;
        rows = newPlan.rows();
        prefill = true;
    }

    void decode(final PassRows newRows) {
        rows = newRows;
        prefill = false;
    }

    int count(final RowSpace space) {
        if (space == RowSpace.PASS) {
            return rows.rows();
        }
        if (space == RowSpace.OUTPUT) {
            return rows.outputRows();
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
