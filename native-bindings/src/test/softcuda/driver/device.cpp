/* The device and its primary context. */
#include <cstdio>
#include <cstring>

#include "../runtime/executor.h"
#include "driver.h"

namespace softcuda {

Driver &driver() {
    static auto *state = [] {
        auto *made = new Driver;
        read_settings(made->settings);
        return made;
    }();
    return *state;
}

Context *&current_context() {
    static thread_local Context *current __attribute__((tls_model("initial-exec")));
    return current;
}

namespace {

constexpr char NAME[] = "softcuda (kernels run on the CPU)";
constexpr char PCI_BUS_ID[] = "0000:00:00.0";
constexpr int WARPS_PER_MULTIPROCESSOR = 64;
constexpr int MULTIPROCESSORS = 4;

struct Attribute {
    int number;
    int value;
};

/* Of compute capability 9.0 where they are limits, modest where they are sizes. */
constexpr Attribute ATTRIBUTES[] = {
    {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, MAX_BLOCK_THREADS},
    {CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X, 1024},
    {CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y, 1024},
    {CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z, 64},
    {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X, 2147483647},
    {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y, 65535},
    {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z, 65535},
    {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK, 49152},
    {CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY, 65536},
    {CU_DEVICE_ATTRIBUTE_WARP_SIZE, WARP_LANES},
    {CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK, 65536},
    {CU_DEVICE_ATTRIBUTE_CLOCK_RATE, 1000000},
    {CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, MULTIPROCESSORS},
    {CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY, 1},
    {CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS, 1},
    {CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE, 1000000},
    {CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH, 128},
    {CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, 1 << 20},
    {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR, WARPS_PER_MULTIPROCESSOR *WARP_LANES},
    {CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT, 1},
    {CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING, 1},
    {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 9},
    {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 0},
    {CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED, 1},
    {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR, 233472},
    {CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR, 65536},
    {CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH, 0},
    {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, MAX_SHARED_BYTES},
    {CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM, 1},
    {CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED, 1},
    {CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR, 32},
};

Result require_device(int device) {
    if (!driver().initialized) {
        return fail(CUDA_ERROR_NOT_INITIALIZED, "cuInit comes first");
    }
    if (device < 0 || device >= driver().settings.devices) {
        return fail(CUDA_ERROR_INVALID_DEVICE, format("no device %d, there are %d", device, driver().settings.devices));
    }
    return CUDA_SUCCESS;
}

template <class F> Result on_device(const char *call, int device, F body) {
    return in_driver(call, [&](Lock &) -> Result {
        const Result result = require_device(device);
        return result != CUDA_SUCCESS ? result : body();
    });
}

/* Everything of the context goes with it; the object stays, so that a thread that holds it is told. */
void destroy(Context *context) {
    context->destroyed = true;
    for (Stream *stream : context->streams) {
        delete stream;
    }
    for (Event *event : context->events) {
        delete event;
    }
    for (Graph *graph : context->graphs) {
        delete graph;
    }
    for (GraphExec *exec : context->graph_execs) {
        delete exec;
    }
    for (Module *module : context->modules) {
        destroy_module(module);
    }
    context->streams.clear();
    context->events.clear();
    context->graphs.clear();
    context->graph_execs.clear();
    context->modules.clear();
    context->null_stream.queue.clear();
    driver().ranges.release_all();
}

} // namespace

Result require_context() {
    if (!driver().initialized) {
        return fail(CUDA_ERROR_NOT_INITIALIZED, "cuInit comes first");
    }
    const Context *context = current_context();
    if (context == nullptr) {
        return fail(CUDA_ERROR_INVALID_CONTEXT, "no context is current on this thread (cuCtxSetCurrent comes first, "
                                                "on every thread that calls the driver)");
    }
    if (context->destroyed) {
        return fail(CUDA_ERROR_CONTEXT_IS_DESTROYED, "the context that is current on this thread was destroyed");
    }
    return context->sticky;
}

extern "C" {

Result cuInit(unsigned flags) {
    return in_driver("cuInit", [&](Lock &) -> Result {
        const Settings &settings = driver().settings;
        if (flags != 0) {
            return fail(CUDA_ERROR_INVALID_VALUE, "flags are 0");
        }
        if (settings.init_result != 0) {
            return fail(static_cast<Result>(settings.init_result), "SOFTCUDA_INIT_RESULT says so");
        }
        if (settings.devices == 0) {
            return fail(CUDA_ERROR_NO_DEVICE, "SOFTCUDA_DEVICES is 0");
        }
        driver().initialized = true;
        return CUDA_SUCCESS;
    });
}

Result cuDriverGetVersion(int *version) {
    return in_driver("cuDriverGetVersion", [&](Lock &) -> Result {
        *version = driver().settings.driver_version;
        return CUDA_SUCCESS;
    });
}

Result cuDeviceGetCount(int *count) {
    return in_driver("cuDeviceGetCount", [&](Lock &) -> Result {
        *count = driver().settings.devices;
        return driver().initialized ? CUDA_SUCCESS : fail(CUDA_ERROR_NOT_INITIALIZED, "cuInit comes first");
    });
}

Result cuDeviceGet(int *device, int ordinal) {
    return on_device("cuDeviceGet", ordinal, [&]() -> Result {
        *device = ordinal;
        return CUDA_SUCCESS;
    });
}

Result cuDeviceGetName(char *name, int length, int device) {
    return on_device("cuDeviceGetName", device, [&]() -> Result {
        snprintf(name, static_cast<size_t>(length), "%s", NAME);
        return CUDA_SUCCESS;
    });
}

Result cuDeviceGetAttribute(int *value, int attribute, int device) {
    return on_device("cuDeviceGetAttribute", device, [&]() -> Result {
        *value = 0;
        for (const Attribute &known : ATTRIBUTES) {
            *value = known.number == attribute ? known.value : *value;
        }
        return CUDA_SUCCESS;
    });
}

Result cuDeviceTotalMem_v2(size_t *bytes, int device) {
    return on_device("cuDeviceTotalMem_v2", device, [&]() -> Result {
        *bytes = driver().settings.memory_bytes;
        return CUDA_SUCCESS;
    });
}

Result cuDeviceGetUuid_v2(Uuid *uuid, int device) {
    return on_device("cuDeviceGetUuid_v2", device, [&]() -> Result {
        memcpy(uuid->bytes, "softcuda device ", sizeof uuid->bytes);
        return CUDA_SUCCESS;
    });
}

Result cuDeviceGetPCIBusId(char *id, int length, int device) {
    return on_device("cuDeviceGetPCIBusId", device, [&]() -> Result {
        snprintf(id, static_cast<size_t>(length), "%s", PCI_BUS_ID);
        return CUDA_SUCCESS;
    });
}

Result cuDevicePrimaryCtxRetain(Context **context, int device) {
    return on_device("cuDevicePrimaryCtxRetain", device, [&]() -> Result {
        Driver &state = driver();
        if (state.primary == nullptr) {
            state.primary = new Context;
        }
        state.retained++;
        *context = state.primary;
        return CUDA_SUCCESS;
    });
}

Result cuDevicePrimaryCtxRelease_v2(int device) {
    return on_device("cuDevicePrimaryCtxRelease_v2", device, [&]() -> Result {
        Driver &state = driver();
        if (state.retained == 0) {
            return fail(CUDA_ERROR_INVALID_CONTEXT, "the primary context is not retained");
        }
        if (--state.retained == 0) {
            destroy(state.primary);
            state.primary = nullptr;
        }
        return CUDA_SUCCESS;
    });
}

Result cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) {
    return on_device("cuDevicePrimaryCtxGetState", device, [&]() -> Result {
        *flags = 0;
        *active = driver().primary != nullptr;
        return CUDA_SUCCESS;
    });
}

Result cuCtxSetCurrent(Context *context) {
    return in_driver("cuCtxSetCurrent", [&](Lock &) -> Result {
        if (context != nullptr && context != driver().primary) {
            return fail(CUDA_ERROR_INVALID_CONTEXT, "no such context: never made, or destroyed");
        }
        current_context() = context;
        return CUDA_SUCCESS;
    });
}

Result cuCtxGetCurrent(Context **context) {
    return in_driver("cuCtxGetCurrent", [&](Lock &) -> Result {
        *context = current_context();
        return CUDA_SUCCESS;
    });
}

Result cuCtxGetDevice(int *device) {
    return in_context("cuCtxGetDevice", [&](Lock &) -> Result {
        *device = 0;
        return CUDA_SUCCESS;
    });
}

Result cuCtxSynchronize() {
    return in_context("cuCtxSynchronize", [&](Lock &lock) -> Result {
        const Result refused = forbid_in_any_capture();
        return refused != CUDA_SUCCESS ? refused : finish_all(lock);
    });
}

Result cuCtxGetStreamPriorityRange(int *least, int *greatest) {
    return in_context("cuCtxGetStreamPriorityRange", [&](Lock &) -> Result {
        *least = 0;
        *greatest = -5;
        return CUDA_SUCCESS;
    });
}

Result cuProfilerStart() {
    return in_context("cuProfilerStart", [](Lock &) { return CUDA_SUCCESS; });
}

Result cuProfilerStop() {
    return in_context("cuProfilerStop", [](Lock &) { return CUDA_SUCCESS; });
}

} // extern "C"

} // namespace softcuda
