package dev.tactus.engine.tuning;

import dev.tactus.engine.model.TextConfig;
import dev.tactus.kernel.ExactMath;
import dev.tactus.memory.OffHeap;
import java.util.Arrays;

/**
 * A mixture of experts. A pair is one row at one expert; pairs lie in the order (expert, row), so that an expert's rows
 * are one product. A row's result does not depend on that order: it is combined in the order in which its experts were
 * chosen, as the engine does.
 *
 * <p>With t = w2ᵀ·dh of a pair, s its activated hidden and p its weight, for routed and shared experts alike: {@code dp
 * = t·s, ds = p·t, dw2 += dh ⊗ (p·s)}. Keeps gate and up of every pair, the router's logits, the choice and its
 * weights.
 */
final class ExpertsLayer implements Mlp {
    private static final String ROUTED = "experts.";
    private static final String SHARED = "shared_experts.shared_";

    private final Compute compute;
    private final Pairs pairs;
    private final int d;
    private final int hidden;
    private final int routed;
    private final int slots;
    private final Matrix gate;
    private final Parameter bias;
    private final Parameter scale;
    private final float routeScale;
    private final Matrix[] up;
    private final Matrix[] down;
    private final long z;
    private final long experts;
    private final long weights;
    private final long gateUp;

    /** Memory that the mixtures of a model use in turn, and the order of the pairs of the one at work. */
    static final class Pairs {
        private final int slots;
        private final int[] first;
        private final int[] rowOf;
        private final int[] slotOf;
        private final int[] pairOf;
        private final long x;
        private final long dx;
        private final long dh;
        private final long hidden;
        private final long dHidden;
        private final long dGateUp;
        private final long dWeights;
        private final long dScale;
        private final long dz;
        private final long dn;

        Pairs(final Compute compute, final TextConfig text, final int maxRows) {
            final int all = text.routedExperts() + text.sharedExperts();
            slots = text.expertsPerToken() + text.sharedExperts();
            final int most = Math.multiplyExact(maxRows, slots);
            first = new int[all + 1];
            rowOf = new int[most];
            slotOf = new int[most];
            pairOf = new int[most];
            x = compute.buffer(most, text.hidden());
            dx = compute.buffer(most, text.hidden());
            dh = compute.buffer(most, text.hidden());
            hidden = compute.buffer(most, text.moeIntermediate());
            dHidden = compute.buffer(most, text.moeIntermediate());
            dGateUp = compute.buffer(most, 2 * text.moeIntermediate());
            dWeights = compute.buffer(maxRows, slots);
            dScale = compute.buffer(maxRows, 1);
            dz = compute.buffer(maxRows, all);
            dn = compute.buffer(maxRows, text.hidden());
        }

        private int count() {
            return first[first.length - 1];
        }

        /** A counting sort of the choices by expert. */
        private void sort(final long experts, final int rows) {
            final int places = rows * slots;
            Arrays.fill(first, 0);
            for (int i = 0; i < places; i++) {
                first[OffHeap.getInt(experts + (long) i * Integer.BYTES) + 1]++;
            }
            for (int e = 1; e < first.length; e++) {
                first[e] += first[e - 1];
            }
            final int[] next = first.clone();
            for (int i = 0; i < places; i++) {
                final int pair = next[OffHeap.getInt(experts + (long) i * Integer.BYTES)]++;
                pairOf[i] = pair;
                rowOf[pair] = i / slots;
                slotOf[pair] = i % slots;
            }
        }
    }

    ExpertsLayer(
            final Compute compute,
            final Parameters parameters,
            final String prefix,
            final int maxRows,
            final Pairs pairs) {
        final TextConfig text = parameters.config().text();
        this.compute = compute;
        this.pairs = pairs;
        this.d = text.hidden();
        this.hidden = text.moeIntermediate();
        this.routed = text.routedExperts();
        this.slots = pairs.slots;
        this.routeScale = text.routeScale();
        this.gate = Matrix.of(parameters.get(prefix + "gate.weight"));
        this.bias = parameters.get(prefix + "gate.bias");
        this.scale = parameters.get(prefix + "gate.global_scale");
        this.up = new Matrix[routed + text.sharedExperts()];
        this.down = new Matrix[up.length];
        final long pairsKept = (long) maxRows * slots;
        final long keptUp = hasFactors(parameters, prefix, "w13_weight") ? compute.kept(pairsKept) : 0;
        final long keptDown = hasFactors(parameters, prefix, "w2_weight") ? compute.kept(pairsKept) : 0;
        for (int e = 0; e < up.length; e++) {
            final boolean own = e < routed;
            final int index = own ? e : e - routed;
            final String group = prefix + (own ? ROUTED : SHARED);
            up[e] = compute.matrix(parameters.get(group + "w13_weight"), index, keptUp);
            down[e] = compute.matrix(parameters.get(group + "w2_weight"), index, keptDown);
        }
        z = compute.buffer(maxRows, up.length);
        experts = compute.buffer(maxRows, slots);
        weights = compute.buffer(maxRows, slots);
        gateUp = compute.buffer((long) maxRows * slots, 2 * hidden);
    }

    private boolean hasFactors(final Parameters parameters, final String prefix, final String tensor) {
        return compute.hasFactors(parameters.get(prefix + ROUTED + tensor))
                || up.length > routed && compute.hasFactors(parameters.get(prefix + SHARED + tensor));
    }

    @Override
    public boolean learns() {
        boolean any = gate.isTrained();
        for (int e = 0; e < up.length; e++) {
            any |= up[e].learns() || down[e].learns();
        }
        return any;
    }

    private float scale() {
        return routeScale * Floats.get(scale.value(), 0);
    }

    private float weight(final int pair) {
        return Floats.get(weights, (long) pairs.rowOf[pair] * slots + pairs.slotOf[pair]);
    }

    @Override
    public void forward(final int rows, final long n, final long h) {
        compute.linear(gate, n, z, rows);
        final float factor = scale();
        compute.forRows(
                rows,
                up.length,
                (worker, row) -> compute.kernels.route(
                        Floats.row(z, row, up.length),
                        bias.value(),
                        routed,
                        up.length - routed,
                        slots - (up.length - routed),
                        factor,
                        Floats.row(experts, row, slots),
                        Floats.row(weights, row, slots)));
        pairs.sort(experts, rows);
        gather(n, pairs.x);
        perExpert((e, first, count) -> compute.linear(
                up[e], first, Floats.row(pairs.x, first, d), Floats.row(gateUp, first, 2 * hidden), count));
        compute.forRows(
                pairs.count(),
                hidden,
                (worker, pair) -> compute.kernels.swiglu(
                        Floats.row(gateUp, pair, 2 * hidden),
                        Floats.row(pairs.hidden, pair, hidden),
                        0,
                        hidden,
                        pairs.slotOf[pair] >= slots - (up.length - routed),
                        weight(pair)));
        perExpert((e, first, count) -> compute.linear(
                down[e], first, Floats.row(pairs.hidden, first, hidden), Floats.row(pairs.dx, first, d), count));
        compute.forRows(rows, d, (worker, row) -> combine(row, Floats.row(h, row, d)));
    }

    private void combine(final int row, final long h) {
        Floats.zero(h, d);
        for (int slot = 0; slot < slots; slot++) {
            final int pair = pairs.pairOf[row * slots + slot];
            final long y = Floats.row(pairs.dx, pair, d);
            if (slot < slots - (up.length - routed)) {
                compute.kernels.fmaRow(weight(pair), y, h, 0, d);
            } else {
                compute.kernels.addRow(y, h, 0, d);
            }
        }
    }

    private void gather(final long source, final long target) {
        compute.forRows(
                pairs.count(),
                d,
                (worker, pair) ->
                        Floats.copy(Floats.row(source, pairs.rowOf[pair], d), Floats.row(target, pair, d), d));
    }

    @FunctionalInterface
    private interface ExpertWork {
        void run(int expert, int firstPair, int count);
    }

    private void perExpert(final ExpertWork work) {
        for (int e = 0; e < up.length; e++) {
            final int count = pairs.first[e + 1] - pairs.first[e];
            if (count > 0) {
                work.run(e, pairs.first[e], count);
            }
        }
    }

    @Override
    public void backward(final int rows, final long n, final long dh, final long dn) {
        pairs.sort(experts, rows);
        gather(n, pairs.x);
        gather(dh, pairs.dh);
        perExpert((e, first, count) -> compute.inputGradient(
                down[e], Floats.row(pairs.dh, first, d), Floats.row(pairs.dHidden, first, hidden), count));
        compute.forRows(pairs.count(), 2 * hidden, (worker, pair) -> activationGradient(pair));
        perExpert((e, first, count) -> {
            compute.weightGradient(
                    down[e], first, Floats.row(pairs.dh, first, d), Floats.row(pairs.hidden, first, hidden), count);
            compute.linearGradients(
                    up[e],
                    first,
                    Floats.row(pairs.x, first, d),
                    Floats.row(pairs.dGateUp, first, 2 * hidden),
                    dn == 0 ? 0 : Floats.row(pairs.dx, first, d),
                    count);
        });
        if (gate.isTrained() || dn != 0) {
            routerGradients(rows, n, dn);
        }
    }

    private void routerGradients(final int rows, final long n, final long dn) {
        compute.forRows(rows, up.length, (worker, row) -> routerGradient(row));
        if (scale.isTrained()) {
            final float sum = routeScale * ExactMath.sum(pairs.dScale, rows);
            Floats.put(scale.gradient(), 0, Floats.get(scale.gradient(), 0) + sum);
        }
        compute.linearGradients(gate, n, pairs.dz, dn == 0 ? 0 : pairs.dn, rows);
        if (dn == 0) {
            return;
        }
        compute.forRows(rows, d, (worker, row) -> {
            final long target = Floats.row(dn, row, d);
            Floats.copy(Floats.row(pairs.dn, row, d), target, d);
            for (int slot = 0; slot < slots; slot++) {
                Floats.add(Floats.row(pairs.dx, pairs.pairOf[row * slots + slot], d), target, d);
            }
        });
    }

    private void activationGradient(final int pair) {
        final long t = Floats.row(pairs.dHidden, pair, hidden);
        final long s = Floats.row(pairs.hidden, pair, hidden);
        final long gu = Floats.row(gateUp, pair, 2 * hidden);
        compute.kernels.swiglu(gu, s, 0, hidden, false, 1f);
        final long place = (long) pairs.rowOf[pair] * slots + pairs.slotOf[pair];
        Floats.put(pairs.dWeights, place, Floats.dot(t, s, hidden));
        final float p = weight(pair);
        Activation.swigluGradient(gu, t, p, Floats.row(pairs.dGateUp, pair, 2 * hidden), hidden);
        Floats.scale(p, s, s, hidden);
        final LowRank side = down[expert(pairs.rowOf[pair], pairs.slotOf[pair])].side();
        if (side != null && pairs.slotOf[pair] < slots - (up.length - routed)) {
            // a shared expert's weight is in its hidden already, and so in what was kept
            Floats.scale(p, side.kept(pair), side.kept(pair), side.rank());
        }
    }

    /**
     * With a = softmax(log σ(z)) over the row's experts and p = scale · a: {@code dscale = Σ dp·a, dlog σ = scale · a ·
     * (dp − dscale), dz = dlog σ · (1 − σ(z))}.
     */
    private void routerGradient(final int row) {
        final long logits = Floats.row(z, row, up.length);
        final long dp = Floats.row(pairs.dWeights, row, slots);
        final double[] a = new double[slots];
        double total = 0;
        for (int i = 0; i < slots; i++) {
            a[i] = sigmoid(Floats.get(logits, expert(row, i)));
            total += a[i];
        }
        double dScale = 0;
        for (int i = 0; i < slots; i++) {
            a[i] /= total;
            dScale += a[i] * Floats.get(dp, i);
        }
        Floats.put(pairs.dScale, row, (float) dScale);
        final long target = Floats.row(pairs.dz, row, up.length);
        Floats.zero(target, up.length);
        for (int i = 0; i < slots; i++) {
            final int e = expert(row, i);
            final double back = sigmoid(-Floats.get(logits, e));
            Floats.put(target, e, (float) (scale() * a[i] * (Floats.get(dp, i) - dScale) * back));
        }
    }

    private int expert(final int row, final int slot) {
        return OffHeap.getInt(experts + ((long) row * slots + slot) * Integer.BYTES);
    }

    /** StrictMath, so that gradients are the same on every machine. */
    private static double sigmoid(final double x) {
        return 1 / (1 + StrictMath.exp(-x));
    }
}
