package dev.tactus.cuda;

import dev.tactus.bindings.NativeLibrary;
import dev.tactus.bindings.NativeSymbols;
import dev.tactus.cuda.ffi.CudaDriverApi;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.util.Set;

/**
 * The driver's functions, bound once from the generated descriptors with addresses as {@code long}. Initialised only
 * after {@link CudaDriver} has loaded a driver that is new enough: the generated class wants its library when it is
 * first touched, and finds the loaded one by its name.
 */
final class DriverCalls {
    static final int NOT_READY = CudaDriverApi.CUDA_ERROR_NOT_READY();
    static final int NOT_FOUND = CudaDriverApi.CUDA_ERROR_NOT_FOUND();
    static final int INVALID_VALUE = CudaDriverApi.CUDA_ERROR_INVALID_VALUE();

    /** After these every call on the context fails (cuda.h says so of each, or the device is gone). */
    private static final Set<Integer> LOSING = Set.of(
            CudaDriverApi.CUDA_ERROR_DEINITIALIZED(),
            CudaDriverApi.CUDA_ERROR_ECC_UNCORRECTABLE(),
            CudaDriverApi.CUDA_ERROR_NVLINK_UNCORRECTABLE(),
            CudaDriverApi.CUDA_ERROR_CONTAINED(),
            CudaDriverApi.CUDA_ERROR_ILLEGAL_ADDRESS(),
            CudaDriverApi.CUDA_ERROR_LAUNCH_TIMEOUT(),
            CudaDriverApi.CUDA_ERROR_CONTEXT_IS_DESTROYED(),
            CudaDriverApi.CUDA_ERROR_ASSERT(),
            CudaDriverApi.CUDA_ERROR_HARDWARE_STACK_ERROR(),
            CudaDriverApi.CUDA_ERROR_ILLEGAL_INSTRUCTION(),
            CudaDriverApi.CUDA_ERROR_MISALIGNED_ADDRESS(),
            CudaDriverApi.CUDA_ERROR_INVALID_ADDRESS_SPACE(),
            CudaDriverApi.CUDA_ERROR_INVALID_PC(),
            CudaDriverApi.CUDA_ERROR_LAUNCH_FAILED(),
            CudaDriverApi.CUDA_ERROR_TENSOR_MEMORY_LEAK(),
            CudaDriverApi.CUDA_ERROR_MPS_CLIENT_TERMINATED(),
            CudaDriverApi.CUDA_ERROR_EXTERNAL_DEVICE(),
            CudaDriverApi.CUDA_ERROR_UNKNOWN());

    static final MethodHandle GET_ERROR_NAME = bind("cuGetErrorName", CudaDriverApi.cuGetErrorName$descriptor());
    static final MethodHandle GET_ERROR_STRING = bind("cuGetErrorString", CudaDriverApi.cuGetErrorString$descriptor());

    static final MethodHandle DEVICE_GET = bind("cuDeviceGet", CudaDriverApi.cuDeviceGet$descriptor());
    static final MethodHandle DEVICE_GET_NAME = bind("cuDeviceGetName", CudaDriverApi.cuDeviceGetName$descriptor());
    static final MethodHandle DEVICE_GET_ATTRIBUTE =
            bind("cuDeviceGetAttribute", CudaDriverApi.cuDeviceGetAttribute$descriptor());
    static final MethodHandle DEVICE_TOTAL_MEM =
            bind("cuDeviceTotalMem_v2", CudaDriverApi.cuDeviceTotalMem_v2$descriptor());

    static final MethodHandle PRIMARY_CTX_RETAIN =
            bind("cuDevicePrimaryCtxRetain", CudaDriverApi.cuDevicePrimaryCtxRetain$descriptor());
    static final MethodHandle PRIMARY_CTX_RELEASE =
            bind("cuDevicePrimaryCtxRelease_v2", CudaDriverApi.cuDevicePrimaryCtxRelease_v2$descriptor());
    static final MethodHandle CTX_SET_CURRENT = bind("cuCtxSetCurrent", CudaDriverApi.cuCtxSetCurrent$descriptor());
    static final MethodHandle CTX_SYNCHRONIZE = bind("cuCtxSynchronize", CudaDriverApi.cuCtxSynchronize$descriptor());

    static final MethodHandle MEM_GET_INFO = bind("cuMemGetInfo_v2", CudaDriverApi.cuMemGetInfo_v2$descriptor());
    static final MethodHandle MEM_ALLOC = bind("cuMemAlloc_v2", CudaDriverApi.cuMemAlloc_v2$descriptor());
    static final MethodHandle MEM_FREE = bind("cuMemFree_v2", CudaDriverApi.cuMemFree_v2$descriptor());
    static final MethodHandle MEM_HOST_ALLOC = bind("cuMemHostAlloc", CudaDriverApi.cuMemHostAlloc$descriptor());
    static final MethodHandle MEM_FREE_HOST = bind("cuMemFreeHost", CudaDriverApi.cuMemFreeHost$descriptor());
    static final MethodHandle MEM_HOST_REGISTER =
            bind("cuMemHostRegister_v2", CudaDriverApi.cuMemHostRegister_v2$descriptor());
    static final MethodHandle MEM_HOST_UNREGISTER =
            bind("cuMemHostUnregister", CudaDriverApi.cuMemHostUnregister$descriptor());
    static final MethodHandle MEM_HOST_GET_DEVICE_POINTER =
            bind("cuMemHostGetDevicePointer_v2", CudaDriverApi.cuMemHostGetDevicePointer_v2$descriptor());

    static final MethodHandle COPY_TO_DEVICE =
            bind("cuMemcpyHtoDAsync_v2", CudaDriverApi.cuMemcpyHtoDAsync_v2$descriptor());
    static final MethodHandle COPY_TO_HOST =
            bind("cuMemcpyDtoHAsync_v2", CudaDriverApi.cuMemcpyDtoHAsync_v2$descriptor());
    static final MethodHandle COPY_ON_DEVICE =
            bind("cuMemcpyDtoDAsync_v2", CudaDriverApi.cuMemcpyDtoDAsync_v2$descriptor());
    static final MethodHandle FILL_BYTES = bind("cuMemsetD8Async", CudaDriverApi.cuMemsetD8Async$descriptor());
    static final MethodHandle FILL_INTS = bind("cuMemsetD32Async", CudaDriverApi.cuMemsetD32Async$descriptor());

    static final MethodHandle STREAM_CREATE =
            bind("cuStreamCreateWithPriority", CudaDriverApi.cuStreamCreateWithPriority$descriptor());
    static final MethodHandle STREAM_DESTROY =
            bind("cuStreamDestroy_v2", CudaDriverApi.cuStreamDestroy_v2$descriptor());
    static final MethodHandle STREAM_SYNCHRONIZE =
            bind("cuStreamSynchronize", CudaDriverApi.cuStreamSynchronize$descriptor());
    static final MethodHandle STREAM_QUERY = bind("cuStreamQuery", CudaDriverApi.cuStreamQuery$descriptor());
    static final MethodHandle STREAM_WAIT_EVENT =
            bind("cuStreamWaitEvent", CudaDriverApi.cuStreamWaitEvent$descriptor());
    static final MethodHandle STREAM_WAIT_VALUE =
            bind("cuStreamWaitValue32_v2", CudaDriverApi.cuStreamWaitValue32_v2$descriptor());
    static final MethodHandle STREAM_WRITE_VALUE =
            bind("cuStreamWriteValue32_v2", CudaDriverApi.cuStreamWriteValue32_v2$descriptor());
    static final MethodHandle STREAM_BEGIN_CAPTURE =
            bind("cuStreamBeginCapture_v2", CudaDriverApi.cuStreamBeginCapture_v2$descriptor());
    static final MethodHandle STREAM_END_CAPTURE =
            bind("cuStreamEndCapture", CudaDriverApi.cuStreamEndCapture$descriptor());

    static final MethodHandle GRAPH_INSTANTIATE =
            bind("cuGraphInstantiateWithFlags", CudaDriverApi.cuGraphInstantiateWithFlags$descriptor());
    static final MethodHandle GRAPH_LAUNCH = bind("cuGraphLaunch", CudaDriverApi.cuGraphLaunch$descriptor());
    static final MethodHandle GRAPH_UPLOAD = bind("cuGraphUpload", CudaDriverApi.cuGraphUpload$descriptor());
    static final MethodHandle GRAPH_GET_NODES = bind("cuGraphGetNodes", CudaDriverApi.cuGraphGetNodes$descriptor());
    static final MethodHandle GRAPH_DESTROY = bind("cuGraphDestroy", CudaDriverApi.cuGraphDestroy$descriptor());
    static final MethodHandle GRAPH_EXEC_DESTROY =
            bind("cuGraphExecDestroy", CudaDriverApi.cuGraphExecDestroy$descriptor());

    static final MethodHandle EVENT_CREATE = bind("cuEventCreate", CudaDriverApi.cuEventCreate$descriptor());
    static final MethodHandle EVENT_RECORD = bind("cuEventRecord", CudaDriverApi.cuEventRecord$descriptor());
    static final MethodHandle EVENT_QUERY = bind("cuEventQuery", CudaDriverApi.cuEventQuery$descriptor());
    static final MethodHandle EVENT_SYNCHRONIZE =
            bind("cuEventSynchronize", CudaDriverApi.cuEventSynchronize$descriptor());
    static final MethodHandle EVENT_ELAPSED_TIME =
            bind("cuEventElapsedTime_v2", CudaDriverApi.cuEventElapsedTime_v2$descriptor());
    static final MethodHandle EVENT_DESTROY = bind("cuEventDestroy_v2", CudaDriverApi.cuEventDestroy_v2$descriptor());

    static final MethodHandle MODULE_LOAD_DATA = bind("cuModuleLoadData", CudaDriverApi.cuModuleLoadData$descriptor());
    static final MethodHandle MODULE_UNLOAD = bind("cuModuleUnload", CudaDriverApi.cuModuleUnload$descriptor());
    static final MethodHandle MODULE_GET_FUNCTION =
            bind("cuModuleGetFunction", CudaDriverApi.cuModuleGetFunction$descriptor());
    static final MethodHandle FUNC_GET_ATTRIBUTE =
            bind("cuFuncGetAttribute", CudaDriverApi.cuFuncGetAttribute$descriptor());
    static final MethodHandle FUNC_SET_ATTRIBUTE =
            bind("cuFuncSetAttribute", CudaDriverApi.cuFuncSetAttribute$descriptor());
    static final MethodHandle FUNC_GET_PARAM_INFO =
            bind("cuFuncGetParamInfo", CudaDriverApi.cuFuncGetParamInfo$descriptor());
    static final MethodHandle LAUNCH_KERNEL = bind("cuLaunchKernel", CudaDriverApi.cuLaunchKernel$descriptor());

    private DriverCalls() {}

    /** Whether the context is of no use after {@code error}. */
    static boolean loses(final int error) {
        return LOSING.contains(error);
    }

    private static MethodHandle bind(final String symbol, final FunctionDescriptor descriptor) {
        final NativeLibrary library = CudaDriver.loadedLibrary();
        return NativeSymbols.bind(library, symbol, NativeSymbols.withRawAddresses(descriptor), false);
    }
}
