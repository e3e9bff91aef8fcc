package dev.tactus.engine.tuning;

import dev.tactus.kernel.WeightType;
import dev.tactus.memory.OffHeap;

/** dMel bins to position vectors: the sum of their table rows, and its norm. */
final class AudioEncoder implements MediaEncoder {
    private static final float EPS = 1e-6f;

    private final Compute compute;
    private final Matrix table;
    private final NormLayer norm;
    private final int mels;
    private final int levels;
    private final long bag;
    private final long dBag;

    AudioEncoder(final Compute compute, final Parameters parameters, final int maxAudio) {
        this.compute = compute;
        this.table = Matrix.of(parameters.get("model.audio.encoder.weight"));
        this.norm = new NormLayer(compute, parameters.get("model.audio.final_norm.weight"), EPS, 1f, maxAudio);
        this.mels = parameters.config().audio().mels();
        this.levels = parameters.config().audio().levels();
        this.bag = compute.buffer(maxAudio, table.inputs());
        this.dBag = table.isTrained() ? compute.buffer(maxAudio, table.inputs()) : 0;
    }

    @Override
    public byte kind() {
        return PackedRows.AUDIO;
    }

    @Override
    public void forward(final PackedRows rows, final long y) {
        final int d = table.inputs();
        compute.forRows(
                rows.audio(),
                d,
                (worker, i) -> compute.kernels.audioBag(
                        WeightType.F32, table.value(), rows.bins(i), mels, levels, d, Floats.row(bag, i, d), 0, d));
        norm.forward(bag, y, rows.audio());
    }

    @Override
    public void backward(final PackedRows rows, final long dy) {
        final int d = table.inputs();
        norm.backward(bag, dy, dBag, false, rows.audio());
        compute.crew.forEach(Compute.units(d, TextEmbedding.COLUMNS), (worker, unit) -> {
            final int n = Math.min(TextEmbedding.COLUMNS, d - unit * TextEmbedding.COLUMNS);
            final long column = (long) unit * TextEmbedding.COLUMNS * Float.BYTES;
            for (int i = 0; i < rows.audio(); i++) {
                for (int m = 0; m < mels; m++) {
                    final int bin = OffHeap.getInt(rows.bins(i) + (long) m * Integer.BYTES);
                    final long target = Floats.row(table.gradient(), (long) m * levels + bin, d) + column;
                    Floats.add(Floats.row(dBag, i, d) + column, target, n);
                }
            }
        });
    }
}
