package dev.tactus.cublaslt;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tactus.bindings.NativeCall;
import dev.tactus.cublaslt.ffi.CublasLtApi;
import dev.tactus.cublaslt.ffi.cublasLtMatmulHeuristicResult_t;
import dev.tactus.cuda.CudaStream;
import dev.tactus.cuda.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * {@code y[rows, N] = x[rows, K] · w[N, K]ᵀ} for one (N, K) and any number of rows up to a limit: x and w in bfloat16,
 * sums and y in float32, all row-major and packed.
 *
 * <p>One algorithm is chosen when this is opened, for the largest row count, never splits K, and is asked to serve
 * every row count; whether a row's bits are equal at all of them is shown by the GPU's conformance suite, not assumed.
 * Multiplying allocates nothing. For the owner's thread; closed before its {@link CublasLt}.
 *
 * <p>The library thinks in columns, so it is told {@code yᵀ[N, rows] = w[K, N]ᵀ · xᵀ[K, rows]}.
 */
public final class CublasLtLinear implements AutoCloseable {
    private static final int MULTIPLE = 8;
    private static final int CANDIDATES = 16;
    private static final int NO_REDUCTION = 0;
    private static final long ALIGNMENT = 16;
    private static final long MAX_WORKSPACE_BYTES = 32L << 20;
    private static final long MAX_ELEMENTS = Integer.MAX_VALUE;

    private final CublasLt library;
    private final int outputs;
    private final int inputs;
    private final int maxRows;
    private final Arena arena = Arena.ofShared();
    private final Deque<Runnable> undo = new ArrayDeque<>();
    private final MemorySegment one = arena.allocateFrom(JAVA_FLOAT, 1f);
    private final MemorySegment zero = arena.allocateFrom(JAVA_FLOAT, 0f);
    private final MemorySegment out = arena.allocate(JAVA_LONG);
    private final MemorySegment columns = arena.allocate(JAVA_LONG);
    private final MemorySegment algorithm;
    private final int columnsAttribute = CublasLtApi.CUBLASLT_MATRIX_LAYOUT_COLS();
    private long product;
    private long weights;
    private long input;
    private long output;
    private int rowsNow;
    private long workspaceBytes;
    private DeviceMemory workspace;
    private boolean closed;

    private CublasLtLinear(final CublasLt library, final int outputs, final int inputs, final int maxRows) {
        this.library = library;
        this.outputs = outputs;
        this.inputs = inputs;
        this.maxRows = maxRows;
        this.rowsNow = maxRows;
        this.algorithm = arena.allocate(cublasLtMatmulHeuristicResult_t.algo$layout());
        library.count(1);
        undo.push(() -> library.count(-1));
        undo.push(arena::close);
    }

    static CublasLtLinear open(final CublasLt library, final int outputs, final int inputs, final int maxRows) {
        requireShape(outputs, inputs, maxRows);
        final CublasLtLinear linear = new CublasLtLinear(library, outputs, inputs, maxRows);
        try {
            linear.describe();
            linear.choose();
            if (linear.workspaceBytes > 0) {
                linear.workspace = library.context().allocateDevice("cuBLASLt " + linear, linear.workspaceBytes);
                linear.undo.push(linear.workspace::close);
            }
            return linear;
        } catch (final RuntimeException | Error ex) {
            try {
                linear.close();
            } catch (final RuntimeException suppressed) {
                ex.addSuppressed(suppressed);
            }
            throw ex;
        }
    }

    static void requireShape(final int outputs, final int inputs, final int maxRows) {
        if (outputs < 1 || inputs < 1 || outputs % MULTIPLE != 0 || inputs % MULTIPLE != 0) {
            throw new IllegalArgumentException("weights of [" + outputs + ", " + inputs
                    + "]: both are expected to be multiples of " + MULTIPLE + ", so that every row is aligned");
        }
        if (maxRows < 1 || (long) maxRows * Math.max(outputs, inputs) > MAX_ELEMENTS) {
            throw new IllegalArgumentException(maxRows + " rows of " + Math.max(outputs, inputs)
                    + " numbers: expected at least 1 row and at most " + MAX_ELEMENTS + " numbers");
        }
    }

    /** N, the width of a row of y. */
    public int outputs() {
        return outputs;
    }

    /** K, the width of a row of x. */
    public int inputs() {
        return inputs;
    }

    /** The most rows at once. */
    public int maxRows() {
        return maxRows;
    }

    /** Working memory it holds on the GPU, in bytes. */
    public long workspaceBytes() {
        return workspaceBytes;
    }

    /**
     * Puts a product into a stream.
     *
     * @param stream where
     * @param y device address of the result, float32 {@code [rows, N]}, overwritten
     * @param x device address of the input, bfloat16 {@code [rows, K]}
     * @param w device address of the weights, bfloat16 {@code [N, K]}; all three are multiples of 16
     * @param rows from 1 to {@link #maxRows()}
     */
    public void multiply(final CudaStream stream, final long y, final long x, final long w, final int rows) {
        if (closed) {
            throw new IllegalStateException("the product " + this + " is closed");
        }
        if (rows < 1 || rows > maxRows) {
            throw new IllegalArgumentException(rows + " rows for " + this + ": expected 1 to " + maxRows);
        }
        requireAddress("y", y);
        requireAddress("x", x);
        requireAddress("w", w);
        final long handle = library.use();
        final long queue = stream.handle();
        setRows(rows);
        final long scratch = workspace == null ? 0 : workspace.address();
        final int status;
        try {
            status = (int) CublasLtCalls.MULTIPLY.invokeExact(
                    handle,
                    product,
                    one.address(),
                    w,
                    weights,
                    x,
                    input,
                    zero.address(),
                    y,
                    output,
                    y,
                    output,
                    algorithm.address(),
                    scratch,
                    workspaceBytes,
                    queue);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cublasLtMatmul", ex);
        }
        if (status != 0) {
            throw CublasLt.failure(
                    status, "cublasLtMatmul of " + rows + " rows by " + this + " on stream " + stream.name());
        }
    }

    private static void requireAddress(final String name, final long address) {
        if (address <= 0 || address % ALIGNMENT != 0) {
            throw new IllegalArgumentException(name + " is at " + address + ": a device address that is a multiple of "
                    + ALIGNMENT + " is expected");
        }
    }

    private void describe() {
        final int sums = CublasLtApi.CUBLAS_COMPUTE_32F();
        final int floats = CublasLtApi.CUDA_R_32F();
        final int halves = CublasLtApi.CUDA_R_16BF();
        product = create("cublasLtMatmulDescCreate", () ->
                (int) CublasLtCalls.CREATE_PRODUCT.invokeExact(out.address(), sums, floats));
        final long handle = product;
        undo("cublasLtMatmulDescDestroy", () -> (int) CublasLtCalls.DESTROY_PRODUCT.invokeExact(handle));
        final int attribute = CublasLtApi.CUBLASLT_MATMUL_DESC_TRANSA();
        out.set(JAVA_INT, 0, CublasLtApi.CUBLAS_OP_T());
        check("cublasLtMatmulDescSetAttribute", () ->
                (int) CublasLtCalls.SET_PRODUCT.invokeExact(handle, attribute, out.address(), (long) Integer.BYTES));
        weights = layout(halves, inputs, outputs);
        input = layout(halves, inputs, maxRows);
        output = layout(floats, outputs, maxRows);
    }

    private long layout(final int type, final long height, final long width) {
        final long handle = create("cublasLtMatrixLayoutCreate", () ->
                (int) CublasLtCalls.CREATE_LAYOUT.invokeExact(out.address(), type, height, width, height));
        undo("cublasLtMatrixLayoutDestroy", () -> (int) CublasLtCalls.DESTROY_LAYOUT.invokeExact(handle));
        return handle;
    }

    /** The library's best guesses for the largest row count; the first that serves all of them, K in one piece. */
    private void choose() {
        final long handle = library.use();
        try (Arena scope = Arena.ofConfined()) {
            final MemorySegment guesses = cublasLtMatmulHeuristicResult_t.allocateArray(CANDIDATES, scope);
            final MemorySegment count = scope.allocate(JAVA_INT);
            final long preference = preference();
            check("cublasLtMatmulAlgoGetHeuristic", () -> (int) CublasLtCalls.GET_HEURISTIC.invokeExact(
                    handle,
                    product,
                    weights,
                    input,
                    output,
                    output,
                    preference,
                    CANDIDATES,
                    guesses.address(),
                    count.address()));
            for (int i = 0; i < count.get(JAVA_INT, 0); i++) {
                final MemorySegment guess = cublasLtMatmulHeuristicResult_t.asSlice(guesses, i);
                if (cublasLtMatmulHeuristicResult_t.state(guess) == 0 && serves(guess, scope)) {
                    return;
                }
            }
        }
        throw CublasLt.failure(
                CublasLtApi.CUBLAS_STATUS_NOT_SUPPORTED(), "choosing one algorithm without split K for " + this);
    }

    private long preference() {
        final long preference = create("cublasLtMatmulPreferenceCreate", () ->
                (int) CublasLtCalls.CREATE_PREFERENCE.invokeExact(out.address()));
        undo("cublasLtMatmulPreferenceDestroy", () -> (int) CublasLtCalls.DESTROY_PREFERENCE.invokeExact(preference));
        final int bytes = CublasLtApi.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES();
        out.set(JAVA_LONG, 0, MAX_WORKSPACE_BYTES);
        check("cublasLtMatmulPreferenceSetAttribute", () ->
                (int) CublasLtCalls.SET_PREFERENCE.invokeExact(preference, bytes, out.address(), (long) Long.BYTES));
        final int reductions = CublasLtApi.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK();
        out.set(JAVA_INT, 0, NO_REDUCTION);
        check("cublasLtMatmulPreferenceSetAttribute", () -> (int)
                CublasLtCalls.SET_PREFERENCE.invokeExact(preference, reductions, out.address(), (long) Integer.BYTES));
        return preference;
    }

    /** Fixes the guess to one piece of K, and asks whether it then serves every row count. */
    private boolean serves(final MemorySegment guess, final Arena scope) {
        algorithm.copyFrom(cublasLtMatmulHeuristicResult_t.algo(guess));
        if (!configure(CublasLtApi.CUBLASLT_ALGO_CONFIG_SPLITK_NUM(), 1)
                || !configure(CublasLtApi.CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME(), NO_REDUCTION)) {
            return false;
        }
        final MemorySegment answer = cublasLtMatmulHeuristicResult_t.allocate(scope);
        long largest = 0;
        for (int rows = 1; rows <= maxRows; rows++) {
            setRows(rows);
            final long handle = library.use();
            final int status =
                    NativeCall.run("cublasLtMatmulAlgoCheck", () -> (int) CublasLtCalls.CHECK_ALGORITHM.invokeExact(
                            handle, product, weights, input, output, output, algorithm.address(), answer.address()));
            largest = Math.max(largest, cublasLtMatmulHeuristicResult_t.workspaceSize(answer));
            if (status != 0 || largest > MAX_WORKSPACE_BYTES) {
                return false;
            }
        }
        workspaceBytes = largest;
        return true;
    }

    private boolean configure(final int attribute, final int value) {
        out.set(JAVA_INT, 0, value);
        return NativeCall.run(
                        "cublasLtMatmulAlgoConfigSetAttribute",
                        () -> (int) CublasLtCalls.CONFIGURE_ALGORITHM.invokeExact(
                                algorithm.address(), attribute, out.address(), (long) Integer.BYTES))
                == 0;
    }

    private void setRows(final int rows) {
        if (rows == rowsNow) {
            return;
        }
        columns.set(JAVA_LONG, 0, rows);
        final int first;
        final int second;
        try {
            first = (int)
                    CublasLtCalls.SET_LAYOUT.invokeExact(input, columnsAttribute, columns.address(), (long) Long.BYTES);
            second = (int) CublasLtCalls.SET_LAYOUT.invokeExact(
                    output, columnsAttribute, columns.address(), (long) Long.BYTES);
        } catch (final Throwable ex) {
            throw NativeCall.wrongSignature("cublasLtMatrixLayoutSetAttribute", ex);
        }
        rowsNow = 0;
        CublasLt.check(first, "cublasLtMatrixLayoutSetAttribute");
        CublasLt.check(second, "cublasLtMatrixLayoutSetAttribute");
        rowsNow = rows;
    }

    private long create(final String call, final NativeCall.Body body) {
        check(call, body);
        return out.get(JAVA_LONG, 0);
    }

    private void check(final String call, final NativeCall.Body body) {
        CublasLt.check(NativeCall.run(call, body), call + " of " + this);
    }

    private void undo(final String call, final NativeCall.Body body) {
        undo.push(() -> {
            final int status = NativeCall.run(call, body);
            if (!library.context().isLost()) {
                CublasLt.check(status, call);
            }
        });
    }

    /** Gives everything back, the last first, and does not stop at a failure. Calling it again does nothing. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (!library.context().isLost()) {
            library.use();
        }
        closed = true;
        RuntimeException first = null;
        while (!undo.isEmpty()) {
            try {
                undo.pop().run();
            } catch (final RuntimeException ex) {
                if (first == null) {
                    first = ex;
                } else {
                    first.addSuppressed(ex);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    @Override
    public String toString() {
        return "[rows, " + inputs + "] x [" + outputs + ", " + inputs + "]";
    }
}
