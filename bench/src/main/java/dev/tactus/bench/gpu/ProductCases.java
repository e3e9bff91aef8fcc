package dev.tactus.bench.gpu;

import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.WeightType;
import dev.tactus.kernel.cuda.CudaAdapters;
import dev.tactus.kernel.cuda.CudaMatrix;
import dev.tactus.kernel.cuda.CudaRows;
import dev.tactus.kernel.cuda.LinearLaunches;
import java.util.ArrayList;
import java.util.List;

/** A copy, and products with matrices that come from memory. */
final class ProductCases {
    private static final long ALIGNMENT = 256;

    private final GpuDevice device;
    private final GpuScenario scenario;
    private final long pool;
    private final long poolBytes;
    private final long x;
    private final long y;

    ProductCases(final GpuDevice device, final GpuScenario scenario) {
        this.device = device;
        this.scenario = scenario;
        final GpuSizes sizes = scenario.sizes();
        long widest = 1;
        long largest = 2 * sizes.copied();
        for (final GpuSizes.Matrix matrix : sizes.matrices()) {
            widest = Math.max(widest, Math.max(matrix.n(), matrix.k()));
            largest = Math.max(largest, matrix.bytes());
        }
        poolBytes = Math.max(largest, scenario.rotatedBytes()) + largest;
        pool = device.random("operands", poolBytes);
        final long bytes = widest * scenario.rows().getLast() * Float.BYTES;
        x = device.random("x", bytes);
        y = device.zeros("y", bytes);
    }

    /** The copy alone. */
    GpuCase copy() {
        final long bytes = scenario.sizes().copied();
        final List<GpuCase.Work> copies = new ArrayList<>();
        for (long at = 0; at + 2 * bytes <= poolBytes; at += 2 * bytes) {
            final long source = pool + at;
            copies.add(stream -> stream.copyOnDevice(source + bytes, source, bytes));
        }
        return new GpuCase(GpuCase.COPY, (bytes >> 10) + " KiB on the device", "", 1, 2.0 * bytes, 2 * bytes, copies);
    }

    /** Every matrix by every number of rows in both classes. */
    List<GpuCase> products() {
        final List<GpuCase> all = new ArrayList<>();
        for (final NumericClass numerics : List.of(NumericClass.EXACT, NumericClass.FAST_BF16)) {
            for (final GpuSizes.Matrix matrix : scenario.sizes().matrices()) {
                for (final int rows : scenario.rows()) {
                    all.add(product(numerics, matrix, rows));
                }
            }
        }
        return all;
    }

    private GpuCase product(final NumericClass numerics, final GpuSizes.Matrix matrix, final int rows) {
        final LinearLaunches launches = new LinearLaunches(device.kernels(), numerics);
        final CudaRows counted = new CudaRows(device.ints("rows", rows), rows);
        final long stride = (matrix.bytes() + ALIGNMENT - 1) & -ALIGNMENT;
        final List<GpuCase.Work> copies = new ArrayList<>();
        for (long at = 0; at + stride <= poolBytes && at < scenario.rotatedBytes(); at += stride) {
            final CudaMatrix w = new CudaMatrix(WeightType.BF16, pool + at, matrix.n(), matrix.k());
            final LinearLaunches.Part part = new LinearLaunches.Part(w, y, CudaAdapters.Beside.NONE);
            copies.add(GpuCase.Work.of(List.of(launches.linear(List.of(part), x, 1, CudaAdapters.NONE, counted))));
        }
        final double moved = matrix.bytes() + (double) rows * (matrix.n() + matrix.k()) * Float.BYTES;
        return new GpuCase(
                GpuCase.PRODUCT,
                matrix.name() + " [" + matrix.n() + ", " + matrix.k() + "]",
                numerics.label(),
                rows,
                moved,
                matrix.bytes(),
                copies);
    }
}
