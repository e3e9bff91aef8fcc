package dev.tactus.engine.tuning;

import dev.tactus.memory.OffHeap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Adam with decoupled weight decay and a clipped global norm, over parameters that lie in one slab.
 *
 * <p>Loshchilov and Hutter, "Decoupled weight decay regularization" (arXiv 1711.05101), algorithm 2, with bias
 * correction. Per element, in float32 with one rounding per operation; the scalars are computed in float64 and rounded
 * once. g is the gradient times clip / divisor, t counts steps from 1:
 *
 * <pre>
 *   m = β1·m + (1-β1)·g            v = β2·v + ((1-β2)·g)·g
 *   w = w·(1 - rate·decay) - (rate / (1-β1^t)) · (m / (sqrt(v)·(1 / sqrt(1-β2^t)) + ε))
 * </pre>
 *
 * The norm is summed in float64: 8 lanes per block of {@value #BLOCK} elements of one parameter, then blocks in rising
 * order. Blocks do not depend on workers, so neither do bits. An instance belongs to one thread, which may lend others
 * through {@link BlockSplit}.
 */
public final class AdamW {
    /** Elements per block: four arrays of it fit into a core's first two caches. */
    static final int BLOCK = 8192;

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    /** The largest norm whose square, as a second moment, is surely a float32. */
    private static final double LARGEST_NORM = 1e18;

    /** Its inverse is surely a float32. */
    private static final double SMALLEST_DIVISOR = 1e-30;

    private final AdamSettings settings;
    private final AdamSlab slab;
    private final List<AdamSlice> slices;
    private final long[] offsets;
    private final int[] counts;
    private final boolean[] decays;
    private final double[] squares;
    private long steps;

    /**
     * An optimiser that has made no step.
     *
     * @param slices what is trained; the rest of the slab is never written. Not empty, without overlaps
     */
    public AdamW(final AdamSettings settings, final AdamSlab slab, final List<AdamSlice> slices) {
        this.settings = settings;
        this.slab = slab;
        this.slices = slices.stream()
                .sorted(Comparator.comparingLong(AdamSlice::offset))
                .toList();
        checkSlices();
        final int blocks = Math.toIntExact(
                this.slices.stream().mapToLong(s -> blocksOf(s.count())).sum());
        offsets = new long[blocks];
        counts = new int[blocks];
        decays = new boolean[blocks];
        squares = new double[blocks];
        cut();
    }

    /** How many steps were made; a counter that a checkpoint keeps. */
    public long steps() {
        return steps;
    }

    /** Goes on as after {@code count} steps; values and moments are the caller's to restore. */
    public void resumeAt(final long count) {
        if (count < 0) {
            throw new IllegalArgumentException("AdamW: resume at step " + count + ": expected at least 0");
        }
        steps = count;
    }

    /**
     * One step.
     *
     * @param learningRate of this step, at least 0
     * @param divisor of the gradients, positive: 1, or what the batches since the last step summed up to
     * @param split who computes the blocks
     * @throws TrainingException when a gradient is NaN or infinite or the norm is beyond 1e18: nothing has changed then
     */
    public AdamStep step(final double learningRate, final double divisor, final BlockSplit split) {
        requireRate(learningRate, divisor);
        split.run(squares.length, this::sumSquares);
        double sum = 0;
        for (final double square : squares) {
            sum += square;
        }
        final double norm = Math.sqrt(sum) / divisor;
        requireFinite(norm, sum);
        final boolean clipped = norm > settings.clipNorm();
        final double clip = clipped ? settings.clipNorm() / norm : 1;
        final double effective = Math.min(norm, settings.clipNorm());
        if (!(effective <= LARGEST_NORM)) {
            throw new TrainingException("step " + (steps + 1) + ": gradient norm is " + norm
                    + ": expected at most 1e18, as second moments are float32; set a clip norm");
        }
        final long step = steps + 1;
        final Scalars scalars = new Scalars(settings, step, learningRate, clip / divisor);
        split.run(squares.length, (from, to) -> update(from, to, scalars));
        steps = step;
        return new AdamStep(step, learningRate, norm, clipped);
    }

    private void sumSquares(final int from, final int to) {
        for (int block = from; block < to; block++) {
            squares[block] = sumSquares(slab.gradients() + offsets[block] * Float.BYTES, counts[block]);
        }
    }

    private void update(final int from, final int to, final Scalars scalars) {
        final Stage stage = new Stage();
        for (int block = from; block < to; block++) {
            final long at = offsets[block] * Float.BYTES;
            final int count = counts[block];
            stage.load(slab, at, count);
            stage.update(count, decays[block] ? scalars.keptDecaying : 1f, scalars);
            stage.store(slab, at, count);
        }
    }

    /** Σ g² in float64; a product of two float32 is exact there. */
    private static double sumSquares(final long gradients, final int count) {
        double a0 = 0;
        double a1 = 0;
        double a2 = 0;
        double a3 = 0;
        double a4 = 0;
        double a5 = 0;
        double a6 = 0;
        double a7 = 0;
        int i = 0;
        for (; i <= count - 8; i += 8) {
            final long at = gradients + (long) i * Float.BYTES;
            a0 += square(at);
            a1 += square(at + 4);
            a2 += square(at + 8);
            a3 += square(at + 12);
            a4 += square(at + 16);
            a5 += square(at + 20);
            a6 += square(at + 24);
            a7 += square(at + 28);
        }
        for (; i < count; i++) {
            a0 += square(gradients + (long) i * Float.BYTES);
        }
        return ((a0 + a4) + (a2 + a6)) + ((a1 + a5) + (a3 + a7));
    }

    private static double square(final long address) {
        final double g = OffHeap.getFloat(address);
        return g * g;
    }

    private void checkSlices() {
        long end = 0;
        for (final AdamSlice slice : slices) {
            if (slice.offset() < end || slice.count() < 0 || slice.offset() > slab.count() - slice.count()) {
                throw new IllegalArgumentException("AdamW: " + slice.name() + ": elements " + slice.offset() + " to "
                        + (slice.offset() + slice.count()) + ": expected a part of " + end + " to " + slab.count()
                        + ", behind the slice before it");
            }
            end = slice.offset() + slice.count();
        }
        if (end == 0) {
            throw new IllegalArgumentException("AdamW: nothing to train: expected at least one slice");
        }
    }

    private void cut() {
        int block = 0;
        for (final AdamSlice slice : slices) {
            for (long done = 0; done < slice.count(); done += BLOCK) {
                offsets[block] = slice.offset() + done;
                counts[block] = (int) Math.min(BLOCK, slice.count() - done);
                decays[block] = slice.decays();
                block++;
            }
        }
    }

    private static long blocksOf(final long count) {
        return (count + BLOCK - 1) / BLOCK;
    }

    private static void requireRate(final double learningRate, final double divisor) {
        if (!(learningRate >= 0 && (float) learningRate < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "AdamW: learning rate is " + learningRate + ": expected a finite number from 0 on");
        }
        if (!(divisor >= SMALLEST_DIVISOR && divisor < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "AdamW: divisor is " + divisor + ": expected " + SMALLEST_DIVISOR + " or more, finite");
        }
    }

    /** The message is worth a search: who trains wants to know which parameter went wrong first. */
    private void requireFinite(final double norm, final double sum) {
        if (Double.isFinite(norm)) {
            return;
        }
        for (final AdamSlice slice : slices) {
            for (long i = 0; i < slice.count(); i++) {
                final float g = OffHeap.getFloat(slab.gradients() + (slice.offset() + i) * Float.BYTES);
                if (!Float.isFinite(g)) {
                    throw new TrainingException("step " + (steps + 1) + ": gradient of " + slice.name() + ", element "
                            + i + ", is " + g + ": expected finite gradients; nothing was changed");
                }
            }
        }
        throw new TrainingException("step " + (steps + 1) + ": gradient norm is " + norm + ", from a sum of squares of "
                + sum + ": expected a finite number; nothing was changed");
    }

    @Override
    public String toString() {
        return "AdamW " + settings + ", " + slices.size() + " parameters, "
                + Arrays.stream(counts).asLongStream().sum() + " elements, " + steps + " steps";
    }

    /**
     * One block on the heap, where the compiler can tell the four arrays apart and makes vectors of the loop; over raw
     * addresses it does not, and the step took 1.7 times as long.
     */
    private static final class Stage {
        private final float[] w = new float[BLOCK];
        private final float[] g = new float[BLOCK];
        private final float[] m = new float[BLOCK];
        private final float[] v = new float[BLOCK];

        void load(final AdamSlab slab, final long at, final int count) {
            MemorySegment.copy(OffHeap.ALL, FLOAT, slab.values() + at, w, 0, count);
            MemorySegment.copy(OffHeap.ALL, FLOAT, slab.gradients() + at, g, 0, count);
            MemorySegment.copy(OffHeap.ALL, FLOAT, slab.firstMoments() + at, m, 0, count);
            MemorySegment.copy(OffHeap.ALL, FLOAT, slab.secondMoments() + at, v, 0, count);
        }

        void store(final AdamSlab slab, final long at, final int count) {
            MemorySegment.copy(w, 0, OffHeap.ALL, FLOAT, slab.values() + at, count);
            MemorySegment.copy(m, 0, OffHeap.ALL, FLOAT, slab.firstMoments() + at, count);
            MemorySegment.copy(v, 0, OffHeap.ALL, FLOAT, slab.secondMoments() + at, count);
        }

        void update(final int count, final float kept, final Scalars s) {
            update(
                    w,
                    g,
                    m,
                    v,
                    count,
                    kept,
                    s.gradientScale,
                    s.beta1,
                    s.rest1,
                    s.beta2,
                    s.rest2,
                    s.rootScale,
                    s.epsilon,
                    s.rate);
        }

        private static void update(
                final float[] w,
                final float[] g,
                final float[] m,
                final float[] v,
                final int count,
                final float kept,
                final float scale,
                final float beta1,
                final float rest1,
                final float beta2,
                final float rest2,
                final float rootScale,
                final float epsilon,
                final float rate) {
            for (int i = 0; i < count; i++) {
                final float gradient = g[i] * scale;
                final float first = beta1 * m[i] + rest1 * gradient;
                final float second = beta2 * v[i] + (rest2 * gradient) * gradient;
                final float root = (float) Math.sqrt(second) * rootScale + epsilon;
                w[i] = w[i] * kept - rate * (first / root);
                m[i] = first;
                v[i] = second;
            }
        }
    }

    /** What is the same for all elements of a step. */
    private static final class Scalars {
        private final float gradientScale;
        private final float beta1;
        private final float rest1;
        private final float beta2;
        private final float rest2;
        private final float rootScale;
        private final float epsilon;
        private final float rate;
        private final float keptDecaying;

        private Scalars(
                final AdamSettings settings, final long step, final double learningRate, final double gradientScale) {
            this.gradientScale = (float) gradientScale;
            beta1 = (float) settings.beta1();
            rest1 = (float) (1 - settings.beta1());
            beta2 = (float) settings.beta2();
            rest2 = (float) (1 - settings.beta2());
            rootScale = (float) (1 / Math.sqrt(1 - StrictMath.pow(settings.beta2(), step)));
            epsilon = (float) settings.epsilon();
            rate = (float) (learningRate / (1 - StrictMath.pow(settings.beta1(), step)));
            keptDecaying = (float) (1 - learningRate * settings.weightDecay());
        }
    }
}
