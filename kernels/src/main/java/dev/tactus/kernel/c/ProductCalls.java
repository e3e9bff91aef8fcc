package dev.tactus.kernel.c;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.invoke.MethodHandle;

/**
 * What {@code dispatch.c} exports beside the EXACT ops, bound once: products of training and of the FAST classes, and
 * the loops that tell what the CPU can do at most. All are lengthy, so none is bound as critical.
 */
final class ProductCalls {
    private static final MethodHandle GEMM_SCRATCH = CSymbols.bind("tactus_gemm_scratch", JAVA_LONG, "", false);
    private static final MethodHandle GEMM = CSymbols.bind("tactus_gemm", null, "iiilllllllliiil", false);
    private static final MethodHandle PACKED_BYTES = CSymbols.bind("tactus_fast_packed_bytes", JAVA_LONG, "ii", false);
    private static final MethodHandle PACK = CSymbols.bind("tactus_fast_pack", null, "illiil", false);
    private static final MethodHandle MULTIPLY = CSymbols.bind("tactus_fast_multiply", null, "illlliiiilill", false);
    private static final MethodHandle PROBE_READ = CSymbols.bind("tactus_probe_read", JAVA_INT, "ll", false);
    private static final MethodHandle PROBE_FMA = CSymbols.bind("tactus_probe_fma", JAVA_FLOAT, "l", false);
    private static final MethodHandle PROBE_FMA_OPERATIONS =
            CSymbols.bind("tactus_probe_fma_operations", JAVA_LONG, "", false);

    private ProductCalls() {}

    static long gemmScratch(final int isa) {
        try {
            return (long) GEMM_SCRATCH.invokeExact(isa);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_gemm_scratch", ex);
        }
    }

    /** An operand: its element (i, p) lies {@code i · row + p · col} floats from {@code address}. */
    record Operand(long address, long row, long col) {}

    /** c [m, n] without gaps (+)= a [m, k] · b [k, n]. */
    static void gemm(
            final int isa,
            final int m,
            final int n,
            final int k,
            final Operand a,
            final Operand b,
            final long c,
            final boolean accumulate,
            final FloatGemm.Worker worker) {
        try {
            GEMM.invokeExact(
                    isa,
                    m,
                    n,
                    k,
                    a.address(),
                    a.row(),
                    a.col(),
                    b.address(),
                    b.row(),
                    b.col(),
                    c,
                    (long) n,
                    accumulate ? 1 : 0,
                    worker.index(),
                    worker.count(),
                    worker.scratch().address());
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_gemm", ex);
        }
    }

    static long packedBytes(final int isa, final int kind, final int k) {
        try {
            return (long) PACKED_BYTES.invokeExact(isa, kind, k);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_fast_packed_bytes", ex);
        }
    }

    static void pack(
            final int isa,
            final int kind,
            final long x,
            final long xStride,
            final int rows,
            final int k,
            final long packed) {
        try {
            PACK.invokeExact(isa, kind, x, xStride, rows, k, packed);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_fast_pack", ex);
        }
    }

    static void multiply(
            final int isa,
            final WeightMatrix w,
            final int n0,
            final int n1,
            final long packed,
            final int rows,
            final long y,
            final long yStride) {
        try {
            MULTIPLY.invokeExact(
                    isa,
                    w.kind(),
                    w.data(),
                    w.stride(),
                    w.scale(),
                    w.sum(),
                    w.rows(),
                    w.cols(),
                    n0,
                    n1,
                    packed,
                    rows,
                    y,
                    yStride);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_fast_multiply", ex);
        }
    }

    static int probeRead(final int isa, final long address, final long bytes) {
        try {
            return (int) PROBE_READ.invokeExact(isa, address, bytes);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_probe_read", ex);
        }
    }

    static float probeFma(final int isa, final long rounds) {
        try {
            return (float) PROBE_FMA.invokeExact(isa, rounds);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_probe_fma", ex);
        }
    }

    static long probeFmaOperations(final int isa) {
        try {
            return (long) PROBE_FMA_OPERATIONS.invokeExact(isa);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_probe_fma_operations", ex);
        }
    }
}
