package dev.tactus.kernel;

import static dev.tactus.kernel.GuardedMemory.get;
import static dev.tactus.kernel.GuardedMemory.weight;

import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.OffHeap;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The flow head: the reference's bits, a block alone as among others, and near a double computation. */
abstract class FlowConformanceTest {
    private static final KernelSet REFERENCE = new ReferenceKernels();

    private final GuardedMemory.Edge edge;

    /** Where buffers stand. */
    FlowConformanceTest(final GuardedMemory.Edge edge) {
        this.edge = edge;
    }

    /** The implementation under test. */
    abstract KernelSet kernels();

    /** A head of random weights, with the matrices scaled so that nothing grows. */
    private static final class Head {
        private final FlowShape shape;
        private final GuardedMemory memory;
        private final FlowHead.Weights weights;
        private final long address;

        Head(final GuardedMemory memory, final FlowShape shape, final int timeEmbedding, final WeightType type) {
            this.shape = shape;
            this.memory = memory;
            final int width = shape.width();
            final List<FlowHead.Layer> layers = new ArrayList<>();
            for (int i = 0; i < shape.layers(); i++) {
                // matrices of one head may differ in type
                final WeightType other = WeightType.values()[i % 2];
                layers.add(new FlowHead.Layer(
                        memory.gaussians(width), matrix(type, width, width), matrix(other, width, width)));
            }
            weights = new FlowHead.Weights(
                    matrix(type, width, shape.block()),
                    matrix(type, width, timeEmbedding),
                    matrix(type, width, shape.hidden()),
                    layers,
                    memory.gaussians(width),
                    matrix(type, shape.block(), width),
                    timeEmbedding);
            address = memory.bytes(FlowHead.bytes(shape));
            FlowHead.write(shape, weights, memory.floats(timeEmbedding), address);
        }

        private FlowHead.Weight matrix(final WeightType type, final int outputs, final int inputs) {
            final long w = memory.weights(type, outputs * inputs);
            final float factor = (float) (1 / Math.sqrt(inputs));
            for (int i = 0; i < outputs * inputs; i++) {
                final int bits = Float.floatToRawIntBits(weight(type, w, i) * factor);
                if (type == WeightType.BF16) {
                    OffHeap.putShort(w + 2L * i, (short) (bits >>> 16));
                } else {
                    OffHeap.putInt(w + 4L * i, bits);
                }
            }
            return new FlowHead.Weight(type, w);
        }

        /** The block of a condition and noise, in double. */
        double[] blockOf(final double[] c, final double[] noise) {
            final double[] x = noise.clone();
            final double[] u = times(weights.c(), shape.width(), c);
            for (int n = 0; n < shape.steps(); n++) {
                double[] h = times(weights.x(), shape.width(), x);
                add(times(weights.t(), shape.width(), embedding((double) n / shape.steps())), 1, h);
                add(u, 1, h);
                for (final FlowHead.Layer layer : weights.layers()) {
                    final double[] inside = times(layer.a(), shape.width(), rms(h, layer.norm()));
                    for (int i = 0; i < inside.length; i++) {
                        inside[i] = inside[i] / (1 + Math.exp(-inside[i]));
                    }
                    add(times(layer.b(), shape.width(), inside), 1, h);
                }
                h = rms(h, weights.norm());
                add(times(weights.out(), shape.block(), h), 1.0 / shape.steps(), x);
            }
            return x;
        }

        private double[] embedding(final double t) {
            final int half = weights.timeEmbedding() / 2;
            final double[] e = new double[2 * half];
            for (int i = 0; i < half; i++) {
                final double f = half == 1 ? 1 : Math.exp(Math.log(1000) * i / (half - 1));
                e[i] = Math.sin(t * f);
                e[half + i] = Math.cos(t * f);
            }
            return e;
        }

        private static void add(final double[] y, final double factor, final double[] x) {
            for (int i = 0; i < x.length; i++) {
                x[i] += factor * y[i];
            }
        }

        private static double[] rms(final double[] x, final long w) {
            double squares = 0;
            for (final double v : x) {
                squares += v * v;
            }
            final double r = 1 / Math.sqrt(squares / x.length + 1e-6);
            final double[] y = new double[x.length];
            for (int i = 0; i < y.length; i++) {
                y[i] = x[i] * r * get(w, i);
            }
            return y;
        }

        private static double[] times(final FlowHead.Weight w, final int outputs, final double[] x) {
            final double[] y = new double[outputs];
            for (int o = 0; o < outputs; o++) {
                for (int i = 0; i < x.length; i++) {
                    y[o] += weight(w.type(), w.address(), (long) o * x.length + i) * x[i];
                }
            }
            return y;
        }
    }

    @Test
    void shouldEqualReferenceAndADoubleFlowAtOddSizes() {
        int seed = 1;
        for (final WeightType type : WeightType.values()) {
            flow(seed++, type, new FlowShape(1, 1, 1, 0, 1), 2, 1);
            flow(seed++, type, new FlowShape(21, 15, 13, 2, 3), 6, 3);
            flow(seed++, type, new FlowShape(40, 33, 31, 1, 2), 8, 1);
            flow(seed++, type, new FlowShape(12, 10, 17, 1, 2), 4, 35);
            flow(seed++, type, new FlowShape(64, 400, 48, 3, 6), 64, 2);
        }
    }

    private void flow(
            final int seed, final WeightType type, final FlowShape shape, final int timeEmbedding, final int rows) {
        try (GuardedMemory memory = new GuardedMemory(seed, edge)) {
            final Head head = new Head(memory, shape, timeEmbedding, type);
            final long c = memory.gaussians(rows * shape.hidden());
            final long noise = memory.gaussians(rows * shape.block());
            final long expected = memory.copyOf(noise, 4L * rows * shape.block());
            final long actual = memory.copyOf(noise, 4L * rows * shape.block());
            final long plain = memory.bytes(REFERENCE.flowScratchBytes(shape));
            final long scratch = memory.bytes(kernels().flowScratchBytes(shape));
            REFERENCE.flow(head.address, c, expected, rows, plain);
            kernels().flow(head.address, c, actual, rows, scratch);
            final String what = "flow " + type + ' ' + shape + " rows=" + rows;
            memory.assertSameBits(what, expected, actual, rows * shape.block());
            memory.assertGuards(what);
            for (int r = 0; r < rows; r++) {
                final double[] block = head.blockOf(
                        doubles(c, r * shape.hidden(), shape.hidden()),
                        doubles(noise, r * shape.block(), shape.block()));
                for (int i = 0; i < block.length; i++) {
                    final float found = get(actual, (long) r * shape.block() + i);
                    KernelConformanceTest.assertNear(block[i], found, 1e-4, what + " row " + r + " element " + i);
                }
            }
        }
    }

    private static double[] doubles(final long address, final int first, final int count) {
        final double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = get(address, first + i);
        }
        return values;
    }

    @Test
    void shouldMakeABlockTheSameAloneAndAmongOthers() {
        try (GuardedMemory memory = new GuardedMemory(9, edge)) {
            final FlowShape shape = new FlowShape(33, 20, 37, 2, 3);
            final int rows = 2 * FlowShape.ROWS + 3;
            final Head head = new Head(memory, shape, 8, WeightType.BF16);
            final long c = memory.gaussians(rows * shape.hidden());
            final long all = memory.gaussians(rows * shape.block());
            final long alone = memory.copyOf(all, 4L * rows * shape.block());
            final long scratch = memory.bytes(kernels().flowScratchBytes(shape));
            kernels().flow(head.address, c, all, rows, scratch);
            for (int r = 0; r < rows; r++) {
                final long x = alone + 4L * r * shape.block();
                kernels().flow(head.address, c + 4L * r * shape.hidden(), x, 1, scratch);
            }
            memory.assertSameBits("one by one", all, alone, rows * shape.block());
            memory.assertGuards("one by one");
        }
    }

    @Test
    void shouldActivate() {
        try (GuardedMemory memory = new GuardedMemory(3, edge)) {
            final int n = 83;
            final long x = memory.gaussians(n, 5f);
            final long before = memory.copyOf(x, 4L * n);
            final long y = memory.copyOf(x, 4L * n);
            REFERENCE.silu(x, 1, n);
            kernels().silu(y, 1, 20);
            kernels().silu(y, 20, n);
            memory.assertSameBits("silu", x, y, n);
            memory.assertGuards("silu");
            KernelConformanceTest.assertNear(get(before, 0), get(y, 0), 0, "before the range");
            for (int i = 1; i < n; i++) {
                final double g = get(before, i);
                KernelConformanceTest.assertNear(g / (1 + Math.exp(-g)), get(y, i), 1e-5, "silu " + i);
            }
        }
    }
}
