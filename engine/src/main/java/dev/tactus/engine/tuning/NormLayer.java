package dev.tactus.engine.tuning;

/**
 * Root-mean-square norm {@code y = x · r · w / divisor}, {@code r = 1 / sqrt(x·x / d + eps)}, and its gradients: with g
 * = dy · w / divisor, {@code dx = r · (g − x · r² · (g·x) / d)} and {@code dw = Σ dy · x · r / divisor}.
 */
final class NormLayer {
    /** Floats of the rows whose part of dw is summed in one chain. */
    private static final int CHUNK_FLOATS = 16 * 1024;

    private final Compute compute;
    private final Parameter w;
    private final int d;
    private final float eps;
    private final float divisor;
    private final int chunk;

    /** A norm of at most {@code maxVectors} vectors. */
    NormLayer(final Compute compute, final Parameter w, final float eps, final float divisor, final long maxVectors) {
        this.compute = compute;
        this.w = w;
        this.d = (int) w.elements();
        this.eps = eps;
        this.divisor = divisor;
        this.chunk = Math.max(1, CHUNK_FLOATS / d);
        if (w.isTrained()) {
            compute.reservePartials((maxVectors + chunk - 1) / chunk * d);
        }
    }

    /** {@code y = norm(x)}; y may be x. */
    void forward(final long x, final long y, final int vectors) {
        compute.crew.forEach(
                Compute.units(vectors, chunk),
                (worker, unit) -> compute.kernels.rmsNorm(
                        x, w.value(), y, d, eps, divisor, unit * chunk, Math.min(vectors, (unit + 1) * chunk)));
    }

    /** Norms one vector: for rows that lie apart. */
    void forwardOne(final long x, final long y) {
        compute.kernels.rmsNorm(x, w.value(), y, d, eps, divisor, 0, 1);
    }

    /**
     * {@code dx = …}, or {@code dx += …} where it adds; {@code dw += …} where w is trained. dx may be dy where it does
     * not add.
     */
    void backward(final long x, final long dy, final long dx, final boolean add, final int vectors) {
        backward(i -> Floats.row(x, i, d), dy, dx, add, vectors);
    }

    /** Where the input of a vector lies; 0 for one that has no part in it: its dx stays as it is. */
    @FunctionalInterface
    interface Place {
        long of(int vector);
    }

    /** As the other, for inputs that lie apart. */
    void backward(final Place x, final long dy, final long dx, final boolean add, final int vectors) {
        final int units = Compute.units(vectors, chunk);
        compute.crew.forEach(units, (worker, unit) -> {
            final long dw = w.isTrained() ? Floats.row(compute.partials(), unit, d) : 0;
            if (dw != 0) {
                Floats.zero(dw, d);
            }
            final int end = Math.min(vectors, (unit + 1) * chunk);
            for (int i = unit * chunk; i < end; i++) {
                final long input = x.of(i);
                if (input != 0) {
                    vector(input, Floats.row(dy, i, d), Floats.row(dx, i, d), add, dw, compute.temporary(worker));
                }
            }
        });
        for (int unit = 0; unit < units && w.isTrained(); unit++) {
            Floats.add(Floats.row(compute.partials(), unit, d), w.gradient(), d);
        }
    }

    private void vector(final long x, final long dy, final long dx, final boolean add, final long dw, final long g) {
        final float r = 1f / (float) Math.sqrt(Floats.dot(x, x, d) / d + eps);
        final float factor = r / divisor;
        if (dw == 0) {
            Floats.multiply(dy, w.value(), g, d);
        } else {
            weighted(x, dy, factor, dw, g);
        }
        final float projection = Floats.dot(g, x, d) * (r * r) / d;
        Floats.addScaled(-projection, x, g, d);
        if (add) {
            Floats.addScaled(factor, g, dx, d);
        } else {
            Floats.scale(factor, g, dx, d);
        }
    }

    /** {@code g = dy · w, dw += dy · x · factor}. */
    private void weighted(final long x, final long dy, final float factor, final long dw, final long g) {
        int i = 0;
        for (; i < Floats.bound(d); i += Floats.lanes()) {
            Floats.store(Floats.load(dy, i).mul(Floats.load(w.value(), i)), g, i);
            Floats.store(Floats.load(dy, i).mul(Floats.load(x, i).mul(factor)).add(Floats.load(dw, i)), dw, i);
        }
        for (; i < d; i++) {
            Floats.put(g, i, Floats.get(dy, i) * Floats.get(w.value(), i));
            Floats.put(dw, i, Floats.get(dy, i) * (Floats.get(x, i) * factor) + Floats.get(dw, i));
        }
    }
}
