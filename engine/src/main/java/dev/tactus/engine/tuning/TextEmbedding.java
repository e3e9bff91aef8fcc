package dev.tactus.engine.tuning;

/** Token embeddings and their norm. */
final class TextEmbedding {
    /** Columns of a unit of the backward pass: rows of one token are added up in their order. */
    static final int COLUMNS = 16;

    private final Compute compute;
    private final Matrix table;
    private final NormLayer norm;
    private final long dRaw;

    TextEmbedding(final Compute compute, final Parameters parameters, final int maxRows) {
        this.compute = compute;
        this.table = Matrix.of(parameters.get("model.llm.embed.weight"));
        final float eps = parameters.config().text().rmsNormEps();
        this.norm = new NormLayer(compute, parameters.get("model.llm.embed_norm.weight"), eps, 1f, maxRows);
        this.dRaw = table.isTrained() ? compute.buffer(maxRows, table.inputs()) : 0;
    }

    /** Whether it is trained. */
    boolean learns() {
        return table.isTrained();
    }

    private long raw(final PackedRows rows, final int row) {
        return rows.kind(row) == PackedRows.TOKEN ? Floats.row(table.value(), rows.value(row), table.inputs()) : 0;
    }

    /** Writes the rows of x that are tokens. */
    void forward(final PackedRows rows, final long x) {
        final int d = table.inputs();
        compute.forRows(rows.rows(), d, (worker, row) -> {
            final long source = raw(rows, row);
            if (source != 0) {
                norm.forwardOne(source, Floats.row(x, row, d));
            }
        });
    }

    /** Adds to the gradients of the tokens' rows. Only where it is trained. */
    void backward(final PackedRows rows, final long dx) {
        final int d = table.inputs();
        norm.backward(row -> raw(rows, row), dx, dRaw, false, rows.rows());
        compute.crew.forEach(Compute.units(d, COLUMNS), (worker, unit) -> {
            final int n = Math.min(COLUMNS, d - unit * COLUMNS);
            final long column = (long) unit * COLUMNS * Float.BYTES;
            for (int row = 0; row < rows.rows(); row++) {
                if (rows.kind(row) == PackedRows.TOKEN) {
                    final long target = Floats.row(table.gradient(), rows.value(row), d) + column;
                    Floats.add(Floats.row(dRaw, row, d) + column, target, n);
                }
            }
        });
    }
}
