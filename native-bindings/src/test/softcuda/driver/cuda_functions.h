/*
 * The driver's functions that softcuda has: X(name, parameter types). All return a Result. Types are those of
 * cuda_types.h; cuda_check.cpp compares number, size and kind of each parameter with cuda.h.
 */
#ifndef SOFTCUDA_CUDA_FUNCTIONS_H
#define SOFTCUDA_CUDA_FUNCTIONS_H

#define SOFTCUDA_FUNCTIONS(X)                                                                                          \
    X(cuInit, unsigned)                                                                                                \
    X(cuDriverGetVersion, int *)                                                                                       \
    X(cuGetErrorName, Result, const char **)                                                                           \
    X(cuGetErrorString, Result, const char **)                                                                         \
    X(cuDeviceGet, int *, int)                                                                                         \
    X(cuDeviceGetCount, int *)                                                                                         \
    X(cuDeviceGetName, char *, int, int)                                                                               \
    X(cuDeviceGetAttribute, int *, int, int)                                                                           \
    X(cuDeviceTotalMem_v2, size_t *, int)                                                                              \
    X(cuDeviceGetUuid_v2, Uuid *, int)                                                                                 \
    X(cuDeviceGetPCIBusId, char *, int, int)                                                                           \
    X(cuDevicePrimaryCtxRetain, Context **, int)                                                                       \
    X(cuDevicePrimaryCtxRelease_v2, int)                                                                               \
    X(cuDevicePrimaryCtxGetState, int, unsigned *, int *)                                                              \
    X(cuCtxSetCurrent, Context *)                                                                                      \
    X(cuCtxGetCurrent, Context **)                                                                                     \
    X(cuCtxGetDevice, int *)                                                                                           \
    X(cuCtxSynchronize)                                                                                                \
    X(cuCtxGetStreamPriorityRange, int *, int *)                                                                       \
    X(cuMemAlloc_v2, DevicePointer *, size_t)                                                                          \
    X(cuMemFree_v2, DevicePointer)                                                                                     \
    X(cuMemGetInfo_v2, size_t *, size_t *)                                                                             \
    X(cuMemHostAlloc, void **, size_t, unsigned)                                                                       \
    X(cuMemFreeHost, void *)                                                                                           \
    X(cuMemHostRegister_v2, void *, size_t, unsigned)                                                                  \
    X(cuMemHostUnregister, void *)                                                                                     \
    X(cuMemHostGetDevicePointer_v2, DevicePointer *, void *, unsigned)                                                 \
    X(cuMemHostGetFlags, unsigned *, void *)                                                                           \
    X(cuPointerGetAttribute, void *, int, DevicePointer)                                                               \
    X(cuMemcpyHtoDAsync_v2, DevicePointer, const void *, size_t, Stream *)                                             \
    X(cuMemcpyDtoHAsync_v2, void *, DevicePointer, size_t, Stream *)                                                   \
    X(cuMemcpyDtoDAsync_v2, DevicePointer, DevicePointer, size_t, Stream *)                                            \
    X(cuMemcpyHtoD_v2, DevicePointer, const void *, size_t)                                                            \
    X(cuMemcpyDtoH_v2, void *, DevicePointer, size_t)                                                                  \
    X(cuMemcpyDtoD_v2, DevicePointer, DevicePointer, size_t)                                                           \
    X(cuMemsetD8Async, DevicePointer, unsigned char, size_t, Stream *)                                                 \
    X(cuMemsetD32Async, DevicePointer, unsigned, size_t, Stream *)                                                     \
    X(cuStreamCreate, Stream **, unsigned)                                                                             \
    X(cuStreamCreateWithPriority, Stream **, unsigned, int)                                                            \
    X(cuStreamGetPriority, Stream *, int *)                                                                            \
    X(cuStreamDestroy_v2, Stream *)                                                                                    \
    X(cuStreamSynchronize, Stream *)                                                                                   \
    X(cuStreamQuery, Stream *)                                                                                         \
    X(cuStreamWaitEvent, Stream *, Event *, unsigned)                                                                  \
    X(cuStreamWaitValue32_v2, Stream *, DevicePointer, uint32_t, unsigned)                                             \
    X(cuStreamWaitValue64_v2, Stream *, DevicePointer, uint64_t, unsigned)                                             \
    X(cuStreamWriteValue32_v2, Stream *, DevicePointer, uint32_t, unsigned)                                            \
    X(cuStreamWriteValue64_v2, Stream *, DevicePointer, uint64_t, unsigned)                                            \
    X(cuLaunchHostFunc, Stream *, HostFunction, void *)                                                                \
    X(cuStreamBeginCapture_v2, Stream *, int)                                                                          \
    X(cuStreamEndCapture, Stream *, Graph **)                                                                          \
    X(cuStreamIsCapturing, Stream *, int *)                                                                            \
    X(cuGraphInstantiateWithFlags, GraphExec **, Graph *, unsigned long long)                                          \
    X(cuGraphLaunch, GraphExec *, Stream *)                                                                            \
    X(cuGraphUpload, GraphExec *, Stream *)                                                                            \
    X(cuGraphExecDestroy, GraphExec *)                                                                                 \
    X(cuGraphDestroy, Graph *)                                                                                         \
    X(cuGraphGetNodes, Graph *, GraphNode **, size_t *)                                                                \
    X(cuGraphNodeGetType, GraphNode *, int *)                                                                          \
    X(cuEventCreate, Event **, unsigned)                                                                               \
    X(cuEventRecord, Event *, Stream *)                                                                                \
    X(cuEventQuery, Event *)                                                                                           \
    X(cuEventSynchronize, Event *)                                                                                     \
    X(cuEventElapsedTime_v2, float *, Event *, Event *)                                                                \
    X(cuEventDestroy_v2, Event *)                                                                                      \
    X(cuModuleLoadData, Module **, const void *)                                                                       \
    X(cuModuleLoadDataEx, Module **, const void *, unsigned, int *, void **)                                           \
    X(cuModuleUnload, Module *)                                                                                        \
    X(cuModuleGetFunction, Function **, Module *, const char *)                                                        \
    X(cuModuleGetGlobal_v2, DevicePointer *, size_t *, Module *, const char *)                                         \
    X(cuFuncGetAttribute, int *, int, Function *)                                                                      \
    X(cuFuncSetAttribute, Function *, int, int)                                                                        \
    X(cuFuncGetParamInfo, Function *, size_t, size_t *, size_t *)                                                      \
    X(cuOccupancyMaxActiveBlocksPerMultiprocessor, int *, Function *, int, size_t)                                     \
    X(cuLaunchKernel, Function *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Stream *,      \
      void **, void **)                                                                                                \
    X(cuLaunchCooperativeKernel, Function *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,     \
      Stream *, void **)                                                                                               \
    X(cuProfilerStart)                                                                                                 \
    X(cuProfilerStop)

#endif
