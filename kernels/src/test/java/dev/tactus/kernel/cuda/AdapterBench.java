package dev.tactus.kernel.cuda;

import dev.tactus.kernel.ExactMath;
import dev.tactus.kernel.cuda.DeviceUnderTest.Buffer;
import dev.tactus.memory.OffHeap;
import java.util.ArrayList;
import java.util.List;

/** A table of two adapters on the device, and what they add by the reference. */
final class AdapterBench {
    private static final int ADAPTERS = 2;
    private static final int ENTRY_BYTES = 32;

    private final DeviceUnderTest device;
    private final int modules;
    private final int rank;
    private final List<Factors> factors = new ArrayList<>();

    private record Factors(int adapter, int module, int n, int k, int rank, float scale, Buffer a, Buffer b) {}

    AdapterBench(final DeviceUnderTest device, final int modules, final int rank) {
        this.device = device;
        this.modules = modules;
        this.rank = rank;
    }

    /** Gives an adapter random factors beside a module of {@code experts} matrices [n, k]. */
    void add(final int adapter, final int module, final int experts, final int n, final int k, final int ofRank) {
        factors.add(new Factors(
                adapter,
                module,
                n,
                k,
                ofRank,
                0.25f * (module + 1),
                device.gaussians((long) experts * ofRank * k),
                device.gaussians((long) experts * n * ofRank)));
    }

    /** The table, and the adapters of rows. */
    CudaAdapters table(final int... ofRow) {
        final Buffer table = device.bytes((long) ADAPTERS * modules * ENTRY_BYTES);
        for (long i = 0; i < table.bytes(); i += Long.BYTES) {
            OffHeap.putLong(table.host() + i, 0);
        }
        for (final Factors f : factors) {
            final long entry = table.host() + ((f.adapter() - 1L) * modules + f.module()) * ENTRY_BYTES;
            OffHeap.putLong(entry, f.a().device());
            OffHeap.putLong(entry + 8, f.b().device());
            OffHeap.putLong(entry + 16, f.rank());
            OffHeap.putFloat(entry + 24, f.scale());
        }
        device.upload(table);
        return new CudaAdapters(table.device(), device.ints(ofRow).device(), modules, rank);
    }

    /** Adds to the outputs y [n] of one row what its adapter has beside an expert of a module. */
    void expect(final int adapter, final int module, final int expert, final long x, final long y) {
        for (final Factors f : factors) {
            if (f.adapter() != adapter || f.module() != module) {
                continue;
            }
            final Buffer t = device.floats(f.rank());
            for (int j = 0; j < f.rank(); j++) {
                final long a = f.a().host(((long) expert * f.rank() + j) * f.k());
                OffHeap.putFloat(t.host(j), ExactMath.dot(x, a, f.k()));
            }
            for (int i = 0; i < f.n(); i++) {
                final long at = y + (long) i * Float.BYTES;
                final long b = f.b().host(((long) expert * f.n() + i) * f.rank());
                OffHeap.putFloat(at, OffHeap.getFloat(at) + f.scale() * ExactMath.dot(t.host(), b, f.rank()));
            }
        }
    }
}
