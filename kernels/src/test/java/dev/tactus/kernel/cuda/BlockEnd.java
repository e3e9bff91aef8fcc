package dev.tactus.kernel.cuda;

import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.cuda.DeviceUnderTest.Buffer;
import dev.tactus.kernel.reference.ReferenceKernels;
import java.util.Arrays;

/** The end of a block over some segments, on the device and by the reference. */
final class BlockEnd {
    private static final KernelSet REFERENCE = new ReferenceKernels();

    /** Floats of a session's state before its carry. */
    private static final int BEFORE = 5;

    private final DeviceUnderTest device;
    private final int d;
    private final int taps;
    private final int[] rowsOfSegment;
    private final Buffer x;
    private final Buffer conv;
    private final Buffer states;
    private final int stateFloats;
    private final CudaResidual residual;
    private final CudaSegments segments;

    BlockEnd(final DeviceUnderTest device, final int d, final int taps, final int... rowsOfSegment) {
        this.device = device;
        this.d = d;
        this.taps = taps;
        this.rowsOfSegment = rowsOfSegment;
        this.x = device.gaussians((long) rows() * d);
        this.conv = device.gaussians((long) taps * d);
        this.stateFloats = BEFORE + (taps - 1) * d;
        this.states = device.gaussians((long) rowsOfSegment.length * stateFloats);
        this.segments = device.segments(rowsOfSegment.length + 1, rowsOfSegment);
        final long[] addresses = new long[rowsOfSegment.length];
        Arrays.setAll(addresses, entry -> states.device((long) entry * stateFloats));
        this.residual = new CudaResidual(
                x.device(),
                conv.device(),
                device.longs(addresses).device(),
                segments.entry(),
                BEFORE * Float.BYTES,
                taps,
                Arrays.stream(rowsOfSegment).allMatch(rows -> rows == 1));
    }

    int rows() {
        return Arrays.stream(rowsOfSegment).sum();
    }

    CudaResidual residual() {
        return residual;
    }

    CudaSegments segments() {
        return segments;
    }

    /** Does with the host's side what a kernel did with the device's. */
    void expect(final long h) {
        int first = 0;
        for (int segment = 0; segment < rowsOfSegment.length; segment++) {
            final int entry = rowsOfSegment.length - 1 - segment;
            final long carry = states.host((long) entry * stateFloats + BEFORE);
            final long row = x.host((long) first * d);
            REFERENCE.shortConv(
                    h + (long) first * d * Float.BYTES,
                    conv.host(),
                    carry,
                    row,
                    row,
                    d,
                    taps,
                    rowsOfSegment[segment],
                    0,
                    d);
            first += rowsOfSegment[segment];
        }
    }

    void assertSame(final String what) {
        device.assertSame(what + ", residual stream", x);
        device.assertSame(what + ", carries", states);
    }
}
