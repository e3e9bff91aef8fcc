package dev.tactus.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.cuda.DeviceUnderTest.Buffer;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.OffHeap;
import org.junit.jupiter.api.Test;

/** A mixture of experts on the device has the bits of the reference. */
class ExpertLaunchesTest {
    private static final KernelSet REFERENCE = new ReferenceKernels();
    private static final int[] ROWS = {1, 2, 7, 17};

    @Test
    void shouldChooseTheSameExperts() {
        try (DeviceUnderTest device = new DeviceUnderTest(1)) {
            for (final int rows : ROWS) {
                route(device, rows, 40, 2, 6, false);
                route(device, rows, 7, 0, 7, false);
            }
            route(device, 5, 256, 2, 6, false);
            route(device, 5, 70, 1, 9, true);
        }
    }

    /** Tied: scores of few values, so that the lower index decides. */
    private static void route(
            final DeviceUnderTest device,
            final int rows,
            final int routed,
            final int shared,
            final int chosen,
            final boolean tied) {
        final int logits = routed + shared;
        final Buffer z = device.gaussians((long) rows * logits, 4f);
        final Buffer bias = device.gaussians(routed, 0.1f);
        if (tied) {
            for (int i = 0; i < rows * logits; i++) {
                OffHeap.putFloat(z.host(i), Math.round(z.get(i) / 4f));
            }
            for (int i = 0; i < routed; i++) {
                OffHeap.putFloat(bias.host(i), 0f);
            }
            device.upload(z);
            device.upload(bias);
        }
        final int slots = chosen + shared;
        final Buffer experts = device.floats((long) rows * slots);
        final Buffer weights = device.floats((long) rows * slots);
        device.run(new ExpertLaunches(device.kernels())
                .route(
                        z.device(),
                        bias.device(),
                        routed,
                        shared,
                        chosen,
                        1.7f,
                        experts.device(),
                        weights.device(),
                        device.rows(rows, 20)));
        for (int row = 0; row < rows; row++) {
            REFERENCE.route(
                    z.host((long) row * logits),
                    bias.host(),
                    routed,
                    shared,
                    chosen,
                    1.7f,
                    experts.host((long) row * slots),
                    weights.host((long) row * slots));
        }
        final String what = chosen + " of " + routed + " experts and " + shared + ", " + rows + " rows";
        device.assertSame(what, experts);
        device.assertSame(what + ", weights", weights);
    }

    @Test
    void shouldChooseExpertsThatExistWhateverTheLogits() {
        try (DeviceUnderTest device = new DeviceUnderTest(2)) {
            final int routed = 40;
            final int chosen = 6;
            final Buffer z = device.floats(routed);
            final Buffer bias = device.gaussians(routed);
            final Buffer experts = device.floats(chosen);
            final Buffer weights = device.floats(chosen);
            device.run(new ExpertLaunches(device.kernels())
                    .route(
                            z.device(),
                            bias.device(),
                            routed,
                            0,
                            chosen,
                            1f,
                            experts.device(),
                            weights.device(),
                            device.rows(1, 1)));
            final long numbers = device.download(experts);
            for (int i = 0; i < chosen; i++) {
                final int expert = OffHeap.getInt(numbers + (long) i * Integer.BYTES);
                assertTrue(expert >= 0 && expert < routed, "expert " + expert + " of NaN logits");
            }
        }
    }

    @Test
    void shouldRunExpertsOfEveryType() {
        try (DeviceUnderTest device = new DeviceUnderTest(3)) {
            for (final WeightType routed : WeightType.values()) {
                for (final WeightType shared : WeightType.values()) {
                    new Mixture(device, routed, shared, 24, 16, 0).check(1, 1, 1);
                    new Mixture(device, routed, shared, 24, 16, 0).check(7, 3);
                }
                new Mixture(device, routed, routed, 21, 9, 0).check(2);
                new Mixture(device, routed, routed, 13, 11, 0).check(1, 1);
            }
        }
    }

    @Test
    void shouldAddWhatAdaptersHaveBesideExperts() {
        try (DeviceUnderTest device = new DeviceUnderTest(4)) {
            new Mixture(device, WeightType.BF16, WeightType.BF16, 24, 16, 4).check(3, 1, 2);
            new Mixture(device, WeightType.F32, WeightType.BF16, 24, 16, 18).check(1, 1, 1);
        }
    }

    @Test
    void shouldRefuseMoreThanALaneEach() {
        try (DeviceUnderTest device = new DeviceUnderTest(5)) {
            final ExpertLaunches launches = new ExpertLaunches(device.kernels());
            final long x = device.floats(16).device();
            final CudaRows rows = device.rows(1, 1);
            for (final int[] counts : new int[][] {{40, 2, 31}, {1025, 0, 1}, {3, 0, 4}}) {
                final String message = assertThrows(
                                IllegalArgumentException.class,
                                () -> launches.route(x, x, counts[0], counts[1], counts[2], 1f, x, x, rows))
                        .getMessage();
                assertTrue(message.contains("at most 32 slots and 1024 experts"), message);
            }
        }
    }

    /** A mixture of five routed and one shared expert, two of them chosen. */
    private static final class Mixture {
        private static final int ROUTED = 5;
        private static final int SLOTS = 3;

        private final DeviceUnderTest device;
        private final WeightType routedType;
        private final WeightType sharedType;
        private final int d;
        private final int hidden;
        private final int rank;
        private final Buffer routedUp;
        private final Buffer routedDown;
        private final Buffer sharedUp;
        private final Buffer sharedDown;
        private final AdapterBench bench;

        /** Without adapters when {@code rank} is 0. */
        Mixture(
                final DeviceUnderTest device,
                final WeightType routedType,
                final WeightType sharedType,
                final int d,
                final int hidden,
                final int rank) {
            this.device = device;
            this.routedType = routedType;
            this.sharedType = sharedType;
            this.d = d;
            this.hidden = hidden;
            this.rank = rank;
            routedUp = device.weights(routedType, ROUTED * 2L * hidden * d, 0.3f);
            routedDown = device.weights(routedType, (long) ROUTED * d * hidden, 0.3f);
            sharedUp = device.weights(sharedType, 2L * hidden * d, 0.3f);
            sharedDown = device.weights(sharedType, (long) d * hidden, 0.3f);
            bench = new AdapterBench(device, 4, Math.max(1, rank));
            if (rank > 0) {
                bench.add(1, 0, ROUTED, 2 * hidden, d, rank);
                bench.add(1, 1, 1, 2 * hidden, d, rank);
                bench.add(1, 2, ROUTED, d, hidden, rank);
                bench.add(2, 1, 1, 2 * hidden, d, rank - 1);
                bench.add(2, 3, 1, d, hidden, rank - 1);
            }
        }

        void check(final int... rowsOfSegment) {
            final BlockEnd end = new BlockEnd(device, d, 3, rowsOfSegment);
            final int rows = end.rows();
            final int[] adapterOf = new int[rows];
            final int[] expertOf = new int[rows * SLOTS];
            for (int row = 0; row < rows; row++) {
                adapterOf[row] = row % 3;
                expertOf[row * SLOTS] = row % ROUTED;
                expertOf[row * SLOTS + 1] = (row + 2) % ROUTED;
                expertOf[row * SLOTS + 2] = ROUTED;
            }
            final Buffer experts = device.ints(expertOf);
            final Buffer weights = device.gaussians((long) rows * SLOTS);
            final Buffer x = device.gaussians((long) rows * d);
            final Buffer y = device.floats((long) rows * SLOTS * hidden);
            final Buffer h = device.floats((long) rows * d);
            launch(end, experts, weights, x, y, h, adapterOf);
            expect(experts, weights, x, y, h, adapterOf);
            end.expect(h.host());
            final String what = routedType + " and " + sharedType + " experts [" + hidden + ", " + d + "], rank " + rank
                    + ", " + rows + " rows";
            device.assertSame(what + ", hidden", y);
            end.assertSame(what);
        }

        private void launch(
                final BlockEnd end,
                final Buffer experts,
                final Buffer weights,
                final Buffer x,
                final Buffer y,
                final Buffer h,
                final int[] adapterOf) {
            final int rows = end.rows();
            final CudaRows count = device.rows(rows, 12);
            final CudaAdapters adapters = rank == 0 ? CudaAdapters.NONE : bench.table(adapterOf);
            final Buffer t = device.floats((long) rows * SLOTS * Math.max(1, rank));
            final RowLaunches rowLaunches = new RowLaunches(device.kernels());
            final ExpertLaunches launches = new ExpertLaunches(device.kernels());
            if (rank > 0) {
                device.run(rowLaunches.adapterDown(
                        x.device(), d, 0, choice(experts, false, 1), t.device(), adapters, count));
            }
            device.run(launches.up(
                    group(routedUp, sharedUp, 2 * hidden, d, experts, weights, t, 0),
                    x.device(),
                    y.device(),
                    adapters,
                    count));
            if (rank > 0) {
                device.run(rowLaunches.adapterDown(
                        y.device(), hidden, 2, choice(experts, true, 3), t.device(), adapters, count));
            }
            final CudaResidual residual = end.residual();
            device.run(launches.downConv(
                    group(routedDown, sharedDown, d, hidden, experts, weights, t, 2),
                    y.device(),
                    h.device(),
                    residual,
                    adapters,
                    count));
            if (!residual.fused()) {
                device.run(rowLaunches.residualConv(h.device(), residual, d, end.segments()));
            }
        }

        private static RowLaunches.Choice choice(final Buffer experts, final boolean perSlot, final int sharedModule) {
            return new RowLaunches.Choice(experts.device(), ROUTED, SLOTS, perSlot, sharedModule);
        }

        private ExpertLaunches.Group group(
                final Buffer routed,
                final Buffer shared,
                final int n,
                final int k,
                final Buffer experts,
                final Buffer weights,
                final Buffer t,
                final int module) {
            return new ExpertLaunches.Group(
                    DeviceUnderTest.matrix(routedType, routed, n, k),
                    ROUTED,
                    DeviceUnderTest.matrix(sharedType, shared, n, k),
                    experts.device(),
                    weights.device(),
                    SLOTS,
                    rank == 0 ? CudaAdapters.Beside.NONE : new CudaAdapters.Beside(module, t.device()),
                    rank == 0 ? -1 : module + 1);
        }

        private void expect(
                final Buffer experts,
                final Buffer weights,
                final Buffer x,
                final Buffer y,
                final Buffer h,
                final int[] adapterOf) {
            final long gateUp = device.floats(2L * hidden).host();
            final long down = device.floats(d).host();
            for (int slot = 0; slot < adapterOf.length * SLOTS; slot++) {
                final int row = slot / SLOTS;
                final long in = x.host((long) row * d);
                final long out = h.host((long) row * d);
                if (slot % SLOTS == 0) {
                    for (int i = 0; i < d; i++) {
                        OffHeap.putFloat(out + (long) i * Float.BYTES, 0f);
                    }
                }
                final int chosen = OffHeap.getInt(experts.host(slot));
                final boolean shared = chosen == ROUTED;
                final int expert = shared ? 0 : chosen;
                final WeightType type = shared ? sharedType : routedType;
                final long mine = y.host((long) slot * hidden);
                final long wUp = (shared ? sharedUp : routedUp).host() + (long) expert * 2 * hidden * d * type.bytes();
                REFERENCE.linear(type, wUp, 0, 2 * hidden, d, in, d, gateUp, 2 * hidden, 1, 0);
                bench.expect(adapterOf[row], shared ? 1 : 0, expert, in, gateUp);
                REFERENCE.swiglu(gateUp, mine, 0, hidden, shared, weights.get(slot));
                final long wDown =
                        (shared ? sharedDown : routedDown).host() + (long) expert * d * hidden * type.bytes();
                REFERENCE.linear(type, wDown, 0, d, hidden, mine, hidden, down, d, 1, 0);
                bench.expect(adapterOf[row], shared ? 3 : 2, expert, mine, down);
                if (shared) {
                    REFERENCE.addRow(down, out, 0, d);
                } else {
                    REFERENCE.fmaRow(weights.get(slot), down, out, 0, d);
                }
            }
        }
    }
}
