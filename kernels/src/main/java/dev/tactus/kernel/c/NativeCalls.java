package dev.tactus.kernel.c;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeSymbols;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/** The exported functions of {@code pass.c} and {@code quantize.c}, bound once. */
final class NativeCalls {
    private static final MethodHandle PASS_RUN =
            bind("tactus_pass_run", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle PASS_RUN_OP =
            bind("tactus_pass_run_op", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle ABI = bind("tactus_abi", FunctionDescriptor.of(JAVA_LONG));
    private static final MethodHandle BARRIER_BYTES = bind("tactus_barrier_bytes", FunctionDescriptor.of(JAVA_LONG));
    private static final MethodHandle QUANTIZE = bind("tactus_quantize_rows", rows(3));
    private static final MethodHandle ROUND = bind("tactus_round_rows", rows(1));

    private NativeCalls() {}

    /** (kind, source, first row, end row, columns, data, stride), and what else there is. */
    private static FunctionDescriptor rows(final int extra) {
        final MemoryLayout[] layouts = new MemoryLayout[6 + extra];
        Arrays.fill(layouts, JAVA_LONG);
        layouts[0] = JAVA_INT;
        return FunctionDescriptor.ofVoid(layouts);
    }

    private static MethodHandle bind(final String symbol, final FunctionDescriptor descriptor) {
        return NativeSymbols.bind(NativeKernels.load().library(), symbol, descriptor, false);
    }

    /** Runs a worker's share of a pass; returns when it is done. */
    static void passRun(final long program, final long pass, final long worker) {
        try {
            PASS_RUN.invokeExact(program, pass, worker);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_pass_run", ex);
        }
    }

    static void passRunOp(final long program, final long pass, final long op) {
        try {
            PASS_RUN_OP.invokeExact(program, pass, op);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_pass_run_op", ex);
        }
    }

    static long abi() {
        try {
            return (long) ABI.invokeExact();
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_abi", ex);
        }
    }

    static long barrierBytes() {
        try {
            return (long) BARRIER_BYTES.invokeExact();
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_barrier_bytes", ex);
        }
    }

    static void quantizeRows(
            final int kind,
            final long source,
            final int rows,
            final int cols,
            final long data,
            final long stride,
            final long scale,
            final long sum) {
        try {
            QUANTIZE.invokeExact(kind, source, 0L, (long) rows, (long) cols, data, stride, scale, sum);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_quantize_rows", ex);
        }
    }

    static void roundRows(
            final int kind, final long source, final int rows, final int cols, final long data, final long stride) {
        try {
            ROUND.invokeExact(kind, source, 0L, (long) rows, (long) cols, data, stride);
        } catch (final Throwable ex) {
            throw CSymbols.unexpected("tactus_round_rows", ex);
        }
    }
}
