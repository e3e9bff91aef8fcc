package dev.tactus.cudnn;

import dev.tactus.bindings.NativeSymbols;
import dev.tactus.cudnn.ffi.CudnnApi;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** The library's functions, bound once from the generated descriptors with addresses as {@code long}. */
final class CudnnCalls {
    static final MethodHandle CREATE = bind("cudnnCreate", CudnnApi.cudnnCreate$descriptor());
    static final MethodHandle DESTROY = bind("cudnnDestroy", CudnnApi.cudnnDestroy$descriptor());
    static final MethodHandle SET_STREAM = bind("cudnnSetStream", CudnnApi.cudnnSetStream$descriptor());
    static final MethodHandle GET_ERROR_STRING = bind("cudnnGetErrorString", CudnnApi.cudnnGetErrorString$descriptor());
    static final MethodHandle GET_LAST_ERROR_STRING =
            bind("cudnnGetLastErrorString", CudnnApi.cudnnGetLastErrorString$descriptor());

    static final MethodHandle CREATE_TENSOR =
            bind("cudnnCreateTensorDescriptor", CudnnApi.cudnnCreateTensorDescriptor$descriptor());
    static final MethodHandle SET_TENSOR =
            bind("cudnnSetTensorNdDescriptor", CudnnApi.cudnnSetTensorNdDescriptor$descriptor());
    static final MethodHandle DESTROY_TENSOR =
            bind("cudnnDestroyTensorDescriptor", CudnnApi.cudnnDestroyTensorDescriptor$descriptor());
    static final MethodHandle CREATE_FILTER =
            bind("cudnnCreateFilterDescriptor", CudnnApi.cudnnCreateFilterDescriptor$descriptor());
    static final MethodHandle SET_FILTER =
            bind("cudnnSetFilterNdDescriptor", CudnnApi.cudnnSetFilterNdDescriptor$descriptor());
    static final MethodHandle DESTROY_FILTER =
            bind("cudnnDestroyFilterDescriptor", CudnnApi.cudnnDestroyFilterDescriptor$descriptor());
    static final MethodHandle CREATE_CONVOLUTION =
            bind("cudnnCreateConvolutionDescriptor", CudnnApi.cudnnCreateConvolutionDescriptor$descriptor());
    static final MethodHandle SET_CONVOLUTION =
            bind("cudnnSetConvolutionNdDescriptor", CudnnApi.cudnnSetConvolutionNdDescriptor$descriptor());
    static final MethodHandle SET_MATH =
            bind("cudnnSetConvolutionMathType", CudnnApi.cudnnSetConvolutionMathType$descriptor());
    static final MethodHandle SET_GROUPS =
            bind("cudnnSetConvolutionGroupCount", CudnnApi.cudnnSetConvolutionGroupCount$descriptor());
    static final MethodHandle DESTROY_CONVOLUTION =
            bind("cudnnDestroyConvolutionDescriptor", CudnnApi.cudnnDestroyConvolutionDescriptor$descriptor());

    static final MethodHandle FORWARD_WORKSPACE = bind(
            "cudnnGetConvolutionForwardWorkspaceSize", CudnnApi.cudnnGetConvolutionForwardWorkspaceSize$descriptor());
    static final MethodHandle FORWARD = bind("cudnnConvolutionForward", CudnnApi.cudnnConvolutionForward$descriptor());
    static final MethodHandle TRANSPOSED_WORKSPACE = bind(
            "cudnnGetConvolutionBackwardDataWorkspaceSize",
            CudnnApi.cudnnGetConvolutionBackwardDataWorkspaceSize$descriptor());
    static final MethodHandle TRANSPOSED =
            bind("cudnnConvolutionBackwardData", CudnnApi.cudnnConvolutionBackwardData$descriptor());

    private CudnnCalls() {}

    /** Initialises the class; all of the work is done by then. */
    static void bindAll() {}

    private static MethodHandle bind(final String symbol, final FunctionDescriptor descriptor) {
        return NativeSymbols.bind(CudnnLibrary.opened(), symbol, NativeSymbols.withRawAddresses(descriptor), false);
    }
}
