package dev.tactus.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.cuda.PinnedMemory;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.cuda.DeviceUnderTest.Buffer;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.OffHeap;
import org.junit.jupiter.api.Test;

/** Hearing and seeing on the device have the bits of the reference, and read media where their producer wrote them. */
class MediaLaunchesTest {
    private static final KernelSet REFERENCE = new ReferenceKernels();
    private static final int SLOT = 800;
    private static final int EVEN = 801;
    private static final int ODD = 799;

    @Test
    void shouldFoldSlotsInPinnedMemory() {
        try (DeviceUnderTest device = new DeviceUnderTest(1);
                PinnedMemory pinned = device.context().allocatePinned("slots", 3L * SLOT * Float.BYTES)) {
            for (long i = 0; i < 3 * SLOT; i++) {
                OffHeap.putFloat(pinned.segment().address() + 4 * i, (float)
                        device.random().nextGaussian());
            }
            final Buffer hann = device.gaussians(2 * SLOT);
            final int sources = 3;
            final Buffer even = device.floats((long) sources * EVEN);
            final Buffer odd = device.floats((long) sources * ODD);
            final long slots = pinned.deviceAddress();
            final long slotBytes = SLOT * Float.BYTES;
            device.run(new AudioLaunches(device.kernels())
                    .melFold(
                            device.longs(0, slots, 0).device(),
                            device.longs(slots, slots + slotBytes, 0).device(),
                            device.longs(0, 0, hann.device()).device(),
                            hann.device(),
                            even.device(),
                            odd.device(),
                            device.rows(sources, 5)));
            final long host = pinned.segment().address();
            REFERENCE.melFold(0, host, hann.host(), even.host(), odd.host());
            REFERENCE.melFold(host, host + slotBytes, hann.host(), even.host(EVEN), odd.host(ODD));
            device.assertSame("even", even);
            device.assertSame("odd", odd);
        }
    }

    @Test
    void shouldMakeTheSameBins() {
        try (DeviceUnderTest device = new DeviceUnderTest(2)) {
            final int mels = 9;
            final int sources = 5;
            final Buffer even = device.gaussians((long) sources * EVEN);
            final Buffer odd = device.gaussians((long) sources * ODD);
            final Buffer cosines = device.gaussians((long) EVEN * EVEN, 0.05f);
            final Buffer sines = device.gaussians((long) EVEN * ODD, 0.05f);
            final Buffer filters = device.gaussians((long) mels * EVEN, 0.05f);
            final Buffer magnitude = device.floats((long) sources * EVEN);
            final Buffer thresholds = device.values(-2f, -1.5f, -1f, -0.5f, 0f, 0.5f, 1f, 1.5f, 2f);
            final Buffer bins = device.floats((long) sources * mels);
            final Buffer given = device.ints(3, 1, 4, 1, 5, 9, 2, 6, 5);
            final AudioLaunches launches = new AudioLaunches(device.kernels());
            final CudaRows rows = device.rows(sources, 7);
            device.run(
                    launches.melSpectrum(
                            even.device(), odd.device(), cosines.device(), sines.device(), magnitude.device(), rows),
                    launches.melBins(
                            device.longs(0, 0, given.device(), 0, 0).device(),
                            magnitude.device(),
                            filters.device(),
                            thresholds.device(),
                            9,
                            bins.device(),
                            mels,
                            rows));
            final long re = device.floats((long) sources * EVEN).host();
            final long im = device.floats((long) sources * EVEN).host();
            final long mel = device.floats((long) sources * mels).host();
            linear(even.host(), cosines.host(), EVEN, EVEN, re, sources);
            linear(odd.host(), sines.host(), EVEN, ODD, im, sources);
            REFERENCE.melMagnitude(re, im, magnitude.host(), sources * EVEN);
            linear(magnitude.host(), filters.host(), mels, EVEN, mel, sources);
            REFERENCE.melBin(mel, thresholds.host(), 9, bins.host(), sources * mels);
            OffHeap.copy(given.host(), bins.host(2L * mels), (long) mels * Integer.BYTES);
            device.assertSame("magnitudes", magnitude);
            device.assertSame("bins", bins);
        }
    }

    private static void linear(final long x, final long w, final int n, final int k, final long y, final int rows) {
        REFERENCE.linear(WeightType.F32, w, 0, n, k, x, k, y, n, rows, 0);
    }

    @Test
    void shouldSumTheRowsThatBinsChoose() {
        try (DeviceUnderTest device = new DeviceUnderTest(3)) {
            for (final WeightType type : WeightType.values()) {
                final int mels = 3;
                final int levels = 4;
                final int d = 300;
                final int sources = 2;
                final Buffer bins = device.ints(0, 3, 1, 2, 2, 0);
                final Buffer table = device.weights(type, (long) mels * levels * d);
                final Buffer norm = device.gaussians(d);
                final Buffer y = device.floats((long) sources * d);
                device.run(new AudioLaunches(device.kernels())
                        .audioBag(
                                bins.device(),
                                DeviceUnderTest.matrix(type, table, mels * levels, d),
                                norm.device(),
                                1e-6f,
                                y.device(),
                                mels,
                                device.rows(sources, 4)));
                for (int source = 0; source < sources; source++) {
                    final long out = y.host((long) source * d);
                    REFERENCE.audioBag(type, table.host(), bins.host((long) source * mels), mels, levels, d, out, 0, d);
                }
                REFERENCE.rmsNorm(y.host(), norm.host(), y.host(), d, 1e-6f, 1f, 0, sources);
                device.assertSame("audio bag of " + type, y);
            }
        }
    }

    @Test
    void shouldCutPatchesOutOfPinnedFrames() {
        final int patch = 6;
        final int width = 3 * patch;
        final int frameBytes = 2 * patch * width * 3;
        try (DeviceUnderTest device = new DeviceUnderTest(4);
                PinnedMemory pinned = device.context().allocatePinned("frames", 2L * frameBytes)) {
            for (long i = 0; i < 2L * frameBytes; i++) {
                OffHeap.putByte(
                        pinned.segment().address() + i, (byte) device.random().nextInt());
            }
            final int floats = 2 * patch * patch * 3;
            final Buffer table = device.gaussians(768);
            final Buffer given = device.gaussians(floats);
            final Buffer pixels = device.floats(3L * floats);
            final long first = pinned.deviceAddress();
            final long second = first + frameBytes;
            device.run(new VisionLaunches(device.kernels())
                    .patchPixels(
                            new VisionLaunches.Patches(
                                    device.longs(first, 0, first).device(),
                                    device.longs(second, 0, first).device(),
                                    device.longs(0, given.device(), 0).device(),
                                    device.ints(0, 0, 1).device(),
                                    device.ints(0, 0, 2).device()),
                            table.device(),
                            pixels.device(),
                            patch,
                            width,
                            device.rows(3, 12)));
            final long host = pinned.segment().address();
            REFERENCE.patchPixels(host, host + frameBytes, width, patch, 0, 0, table.host(), pixels.host());
            OffHeap.copy(given.host(), pixels.host(floats), (long) floats * Float.BYTES);
            REFERENCE.patchPixels(host, host, width, patch, 1, 2, table.host(), pixels.host(2L * floats));
            device.assertSame("patches", pixels);
        }
    }

    @Test
    void shouldFoldNeighbourhoods() {
        try (DeviceUnderTest device = new DeviceUnderTest(5)) {
            final int[][] folds = {
                {1, 4, 6, 3, 1, 2, 3}, {2, 2, 2, 5, 2, 1, 1}, {4, 3, 2, 1, 2, 3, 2}, {1, 2, 2, 7, 1, 1, 1}
            };
            for (final int[] f : folds) {
                final int elements = f[0] * f[1] * f[2] * f[3];
                final Buffer x = device.gaussians(3L * elements);
                final Buffer y = device.floats(3L * elements);
                device.run(new VisionLaunches(device.kernels())
                        .fold(x.device(), y.device(), f[0], f[1], f[2], f[3], f[4], f[5], f[6], device.rows(3, 3)));
                for (int source = 0; source < 3; source++) {
                    final long in = x.host((long) source * elements);
                    final long out = y.host((long) source * elements);
                    REFERENCE.fold(in, f[0], f[1], f[2], f[3], f[4], f[5], f[6], out);
                }
                device.assertSame("fold", y);
            }
        }
    }

    @Test
    void shouldGatherBlocksOfSpeech() {
        try (DeviceUnderTest device = new DeviceUnderTest(6)) {
            final int block = 1030;
            final Buffer blocks = device.gaussians(3L * block);
            final Buffer y = device.floats(3L * block);
            device.run(new VisionLaunches(device.kernels())
                    .gatherBlocks(
                            device.longs(blocks.device(2L * block), blocks.device())
                                    .device(),
                            y.device(),
                            block,
                            device.rows(2, 3)));
            OffHeap.copy(blocks.host(2L * block), y.host(), (long) block * Float.BYTES);
            OffHeap.copy(blocks.host(), y.host(block), (long) block * Float.BYTES);
            device.assertSame("blocks", y);
        }
    }

    @Test
    void shouldRefuseFoldsThatLeaveARest() {
        try (DeviceUnderTest device = new DeviceUnderTest(7)) {
            final VisionLaunches launches = new VisionLaunches(device.kernels());
            final CudaRows rows = device.rows(1, 1);
            final long x = device.floats(16).device();
            final String message = assertThrows(
                            IllegalArgumentException.class, () -> launches.fold(x, x, 1, 5, 4, 1, 1, 2, 2, rows))
                    .getMessage();
            assertTrue(message.contains("leaves a rest"), message);
        }
    }
}
