package dev.tactus.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tactus.kernel.FlowHead;
import dev.tactus.kernel.FlowShape;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.Philox;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.cuda.MappedDevice.Buffer;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.OffHeap;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Blocks of speech on the device have the reference's bits, whoever speaks beside. */
class CudaFlowTest {
    private static final KernelSet REFERENCE = new ReferenceKernels();
    private static final int TIME_EMBEDDING = 6;

    @Test
    void shouldMakeTheReferencesBlocksAtOddSizes() {
        int seed = 1;
        for (final WeightType type : WeightType.values()) {
            check(seed++, type, new FlowShape(1, 1, 1, 0, 1), 1);
            check(seed++, type, new FlowShape(21, 15, 13, 2, 3), 3);
            check(seed++, type, new FlowShape(40, 34, 31, 1, 2), 8);
            check(seed++, type, new FlowShape(12, 10, 17, 1, 2), 19);
        }
        check(seed, WeightType.BF16, new FlowShape(64, 400, 48, 3, 2), 2);
    }

    @Test
    void shouldMakeNothingInATeacherForcedPass() {
        try (MappedDevice device = new MappedDevice(1)) {
            final Speech speech = new Speech(device, WeightType.F32, new FlowShape(5, 7, 9, 1, 2), 2);
            speech.columns.header(GenerateColumns.SAMPLING, 0);
            speech.run();
            assertEquals(-1, OffHeap.getInt(speech.places.host()), "a block was written");
        }
    }

    @Test
    void shouldTellOfBlocksThatAreNotNumbers() {
        try (MappedDevice device = new MappedDevice(2)) {
            final Speech speech = new Speech(device, WeightType.F32, new FlowShape(5, 7, 9, 1, 2), 3);
            for (int i = 0; i < 5; i++) {
                speech.condition.putFloat(5 + i, Float.NaN);
                speech.condition.putFloat(10 + i, 3e38f * (i % 2 == 0 ? 1 : -1));
            }
            speech.run();
            assertEquals(1, speech.columns.of(GenerateField.VOICE_FINITE).getInt(0));
            assertEquals(0, speech.columns.of(GenerateField.VOICE_FINITE).getInt(1));
            assertEquals(0, speech.columns.of(GenerateField.VOICE_FINITE).getInt(2));
        }
    }

    @Test
    void shouldRefuseAHeadOfAnotherShape() {
        try (MappedDevice device = new MappedDevice(3)) {
            final Speech speech = new Speech(device, WeightType.F32, new FlowShape(5, 7, 9, 1, 2), 1);
            final FlowShape other = new FlowShape(5, 8, 9, 1, 2);
            assertThrows(
                    IllegalArgumentException.class, () -> FlowWeights.of(speech.head.host(), other, device::onDevice));
            final FlowWeights weights = FlowWeights.of(speech.head.host(), speech.shape, device::onDevice);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> FlowLaunches.of(
                            speech.columns.launches(device), other, weights, speech.buffers(), speech.rows));
        }
    }

    private static void check(final long seed, final WeightType type, final FlowShape shape, final int rows) {
        try (MappedDevice device = new MappedDevice(seed)) {
            new Speech(device, type, shape, rows).check();
        }
    }

    /** Voice rows of as many sessions, in a pass whose entries are in another order. */
    private static final class Speech {
        private final MappedDevice device;
        private final FlowShape shape;
        private final int rows;
        private final Buffer head;
        private final GenerateColumns columns;
        private final Buffer condition;
        private final Buffer places;

        Speech(final MappedDevice device, final WeightType type, final FlowShape shape, final int rows) {
            this.device = device;
            this.shape = shape;
            this.rows = rows;
            head = head(type);
            condition = device.gaussians(rows * shape.hidden(), 1f);
            places = device.floats((long) rows * shape.block());
            columns = new GenerateColumns(device, new GenerateColumns.Sizes(rows + 2, rows + 2, 13, 64, shape.block()));
            columns.header(GenerateColumns.VOICE_ROWS, rows);
            for (int e = 0; e < rows + 2; e++) {
                columns.of(GenerateField.SEED).putLong(e, device.random().nextLong());
                columns.of(GenerateField.TICK).putLong(e, device.random().nextInt(1 << 30));
                columns.of(GenerateField.OUTPUTS).putInt(e, device.random().nextInt(12));
            }
            for (int row = 0; row < rows; row++) {
                columns.of(GenerateField.VOICE_ENTRY).putInt(row, row + 1 + row % 2);
                columns.of(GenerateField.VOICE_BLOCK)
                        .putLong(row, places.device() + 4L * (rows - 1 - row) * shape.block());
            }
        }

        private Buffer head(final WeightType type) {
            final int width = shape.width();
            final List<FlowHead.Layer> layers = new ArrayList<>();
            for (int i = 0; i < shape.layers(); i++) {
                // matrices of one head may differ in type
                final WeightType other = WeightType.values()[i % 2];
                layers.add(new FlowHead.Layer(
                        device.gaussians(width, 1f).host(), matrix(type, width, width), matrix(other, width, width)));
            }
            final FlowHead.Weights weights = new FlowHead.Weights(
                    matrix(type, width, shape.block()),
                    matrix(type, width, TIME_EMBEDDING),
                    matrix(type, width, shape.hidden()),
                    layers,
                    device.gaussians(width, 1f).host(),
                    matrix(type, shape.block(), width),
                    TIME_EMBEDDING);
            final Buffer written = device.bytes(FlowHead.bytes(shape));
            FlowHead.write(shape, weights, device.floats(TIME_EMBEDDING).host(), written.host());
            return written;
        }

        private FlowHead.Weight matrix(final WeightType type, final int outputs, final int inputs) {
            final Buffer buffer = device.bytes((long) outputs * inputs * type.bytes());
            for (int i = 0; i < outputs * inputs; i++) {
                final float value = (float) (device.random().nextGaussian() / Math.sqrt(inputs));
                final int bits = Float.floatToRawIntBits(value);
                if (type == WeightType.BF16) {
                    OffHeap.putShort(buffer.host() + 2L * i, (short) (bits >>> 16));
                } else {
                    OffHeap.putInt(buffer.host() + 4L * i, bits);
                }
            }
            return new FlowHead.Weight(type, buffer.host());
        }

        FlowLaunches.Buffers buffers() {
            return new FlowLaunches.Buffers(
                    condition.device(),
                    device.floats((rows + 1L) * shape.block()).device(),
                    device.bytes(FlowLaunches.scratchBytes(shape, rows + 1)).device());
        }

        void run() {
            final FlowWeights weights = FlowWeights.of(head.host(), shape, device::onDevice);
            device.run(FlowLaunches.of(columns.launches(device), shape, weights, buffers(), rows + 1));
        }

        void check() {
            final Buffer expected = device.floats((long) rows * shape.block());
            for (int row = 0; row < rows; row++) {
                final int entry = columns.of(GenerateField.VOICE_ENTRY).getInt(row);
                Philox.normals(
                        columns.of(GenerateField.SEED).getLong(entry),
                        (int) columns.of(GenerateField.TICK).getLong(entry),
                        columns.of(GenerateField.OUTPUTS).getInt(entry),
                        Philox.Purpose.FLOW,
                        expected.host() + 4L * row * shape.block(),
                        shape.block());
            }
            final Buffer scratch = device.bytes(REFERENCE.flowScratchBytes(shape));
            REFERENCE.flow(head.host(), condition.host(), expected.host(), rows, scratch.host());
            run();
            for (int row = 0; row < rows; row++) {
                device.assertSameBits(
                        shape + " row " + row + " of " + rows,
                        expected.host() + 4L * row * shape.block(),
                        places.host() + 4L * (rows - 1 - row) * shape.block(),
                        shape.block());
                assertEquals(1, columns.of(GenerateField.VOICE_FINITE).getInt(row), "finite, row " + row);
            }
        }
    }
}
