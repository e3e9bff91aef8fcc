package dev.tactus.engine.device.cpu;

import dev.tactus.engine.model.RowSpace;
import dev.tactus.memory.OffHeap;

/** Draws a token per output row. Units are output rows. */
final class SampleOp extends CpuOp {
    private final long logits;
    private final int vocabulary;
    private final long tokens;

    SampleOp(final long logits, final int vocabulary, final long tokens) {
        this.logits = logits;
        this.vocabulary = vocabulary;
        this.tokens = tokens;
    }

    @Override
    int units(final CpuPass pass) {
        return pass.plan.isForced() ? 0 : pass.count(RowSpace.OUTPUT);
    }

    @Override
    void run(final CpuPass pass, final long scratch, final int from, final int to) {
        for (int row = from; row < to; row++) {
            final int entry = pass.rows.outputEntry(row);
            final int id = pass.kernels.sample(
                    logits + (long) row * vocabulary * Float.BYTES,
                    vocabulary,
                    pass.generation.mask(entry),
                    pass.plan.sampling(entry),
                    pass.plan.seed(entry),
                    (int) pass.plan.tick(entry),
                    pass.generation.outputs(entry),
                    scratch);
            OffHeap.putInt(tokens + row * (long) Integer.BYTES, id);
        }
    }
}
