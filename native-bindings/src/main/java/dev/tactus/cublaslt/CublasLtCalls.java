package dev.tactus.cublaslt;

import dev.tactus.bindings.NativeSymbols;
import dev.tactus.cublaslt.ffi.CublasLtApi;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** The library's functions, bound once from the generated descriptors with addresses as {@code long}. */
final class CublasLtCalls {
    static final MethodHandle CREATE = bind("cublasLtCreate", CublasLtApi.cublasLtCreate$descriptor());
    static final MethodHandle DESTROY = bind("cublasLtDestroy", CublasLtApi.cublasLtDestroy$descriptor());
    static final MethodHandle GET_STATUS_NAME =
            bind("cublasLtGetStatusName", CublasLtApi.cublasLtGetStatusName$descriptor());
    static final MethodHandle GET_STATUS_STRING =
            bind("cublasLtGetStatusString", CublasLtApi.cublasLtGetStatusString$descriptor());

    static final MethodHandle CREATE_PRODUCT =
            bind("cublasLtMatmulDescCreate", CublasLtApi.cublasLtMatmulDescCreate$descriptor());
    static final MethodHandle SET_PRODUCT =
            bind("cublasLtMatmulDescSetAttribute", CublasLtApi.cublasLtMatmulDescSetAttribute$descriptor());
    static final MethodHandle DESTROY_PRODUCT =
            bind("cublasLtMatmulDescDestroy", CublasLtApi.cublasLtMatmulDescDestroy$descriptor());
    static final MethodHandle CREATE_LAYOUT =
            bind("cublasLtMatrixLayoutCreate", CublasLtApi.cublasLtMatrixLayoutCreate$descriptor());
    static final MethodHandle SET_LAYOUT =
            bind("cublasLtMatrixLayoutSetAttribute", CublasLtApi.cublasLtMatrixLayoutSetAttribute$descriptor());
    static final MethodHandle DESTROY_LAYOUT =
            bind("cublasLtMatrixLayoutDestroy", CublasLtApi.cublasLtMatrixLayoutDestroy$descriptor());
    static final MethodHandle CREATE_PREFERENCE =
            bind("cublasLtMatmulPreferenceCreate", CublasLtApi.cublasLtMatmulPreferenceCreate$descriptor());
    static final MethodHandle SET_PREFERENCE =
            bind("cublasLtMatmulPreferenceSetAttribute", CublasLtApi.cublasLtMatmulPreferenceSetAttribute$descriptor());
    static final MethodHandle DESTROY_PREFERENCE =
            bind("cublasLtMatmulPreferenceDestroy", CublasLtApi.cublasLtMatmulPreferenceDestroy$descriptor());

    static final MethodHandle GET_HEURISTIC =
            bind("cublasLtMatmulAlgoGetHeuristic", CublasLtApi.cublasLtMatmulAlgoGetHeuristic$descriptor());
    static final MethodHandle CONFIGURE_ALGORITHM =
            bind("cublasLtMatmulAlgoConfigSetAttribute", CublasLtApi.cublasLtMatmulAlgoConfigSetAttribute$descriptor());
    static final MethodHandle CHECK_ALGORITHM =
            bind("cublasLtMatmulAlgoCheck", CublasLtApi.cublasLtMatmulAlgoCheck$descriptor());
    static final MethodHandle MULTIPLY = bind("cublasLtMatmul", CublasLtApi.cublasLtMatmul$descriptor());

    private CublasLtCalls() {}

    /** Initialises the class; all of the work is done by then. */
    static void bindAll() {}

    private static MethodHandle bind(final String symbol, final FunctionDescriptor descriptor) {
        return NativeSymbols.bind(CublasLtLibrary.opened(), symbol, NativeSymbols.withRawAddresses(descriptor), false);
    }
}
