/* Device memory, pinned memory, copies. */
#include <cstring>

#include "../runtime/executor.h"
#include "driver.h"

namespace softcuda {
namespace {

uintptr_t address_of(const void *pointer) { return reinterpret_cast<uintptr_t>(pointer); }

void *pointer_to(uintptr_t address) { return reinterpret_cast<void *>(address); }

Result allocate(RangeKind kind, void **pointer, size_t bytes, unsigned flags) {
    Driver &state = driver();
    const Result refused = forbid_in_any_capture();
    if (refused != CUDA_SUCCESS) {
        return refused;
    }
    if (bytes == 0) {
        return fail(CUDA_ERROR_INVALID_VALUE, "0 bytes");
    }
    const size_t used = state.ranges.live_bytes(kind);
    if (kind == RangeKind::DEVICE && bytes > state.settings.memory_bytes - used) {
        return fail(CUDA_ERROR_OUT_OF_MEMORY, format("%zu bytes wished, %zu of %zu in use (SOFTCUDA_MEMORY_MB)", bytes,
                                                     used, state.settings.memory_bytes));
    }
    *pointer = state.ranges.allocate(kind, bytes, flags);
    state.statistics.allocations++;
    return *pointer == nullptr ? fail(CUDA_ERROR_OUT_OF_MEMORY, format("no %zu bytes of host memory", bytes))
                               : CUDA_SUCCESS;
}

Result release(RangeKind kind, uintptr_t start) {
    const Result refused = forbid_in_any_capture();
    if (refused != CUDA_SUCCESS) {
        return refused;
    }
    check_red_zones("an earlier write");
    if (!driver().ranges.release(kind, start)) {
        return fail(CUDA_ERROR_INVALID_VALUE, format("0x%zx is not what was allocated: ", start) +
                                                  driver().ranges.describe(start));
    }
    return current_context()->sticky;
}

/* One side of a copy. */
struct Side {
    uintptr_t address;
    bool device;  /* a device address, which mapped host memory also has */
    bool pinned;  /* host memory that the device reads when it gets there */
};

Side device_side(DevicePointer address) { return {static_cast<uintptr_t>(address), true, false}; }

Side host_side(const void *pointer, size_t bytes) {
    const Range *range = driver().ranges.find(address_of(pointer), bytes);
    return {address_of(pointer), false, range != nullptr && range->kind != RangeKind::DEVICE};
}

/* Whether a side can be touched now: when the copy is put into the stream, and again when it runs. */
bool reachable(const Side &side, size_t bytes) {
    if (side.device) {
        return driver().ranges.visible(side.address, bytes);
    }
    return !side.pinned || driver().ranges.find(side.address, bytes) != nullptr;
}

std::string unreachable(const Side &side, size_t bytes, const char *verb) {
    return format("%s %zu bytes at 0x%zx, ", verb, bytes, side.address) + driver().ranges.describe(side.address);
}

void run_copy(const Side &to, const Side &from, size_t bytes) {
    if (!reachable(to, bytes)) {
        lose_context(CUDA_ERROR_ILLEGAL_ADDRESS, "a queued copy writes " + unreachable(to, bytes, "to"));
    } else if (!reachable(from, bytes)) {
        lose_context(CUDA_ERROR_ILLEGAL_ADDRESS, "a queued copy reads " + unreachable(from, bytes, "from"));
    } else {
        memmove(pointer_to(to.address), pointer_to(from.address), bytes);
    }
}

Result copy(Lock &lock, Stream *stream, Side to, Side from, size_t bytes) {
    Driver &state = driver();
    for (const Side &side : {to, from}) {
        if (!reachable(side, bytes)) {
            return fail(CUDA_ERROR_INVALID_VALUE, unreachable(side, bytes, "a copy of"));
        }
    }
    const bool pageable_from = !from.device && !from.pinned, pageable_to = !to.device && !to.pinned;
    if (!from.device || !to.device) {
        (pageable_from || pageable_to ? state.statistics.pageable_copies : state.statistics.pinned_copies)++;
        state.statistics.copied_bytes += static_cast<long>(bytes);
    }
    Operation operation;
    operation.node_type = CU_GRAPH_NODE_TYPE_MEMCPY;
    operation.name = format("a copy of %zu bytes", bytes);
    if (pageable_from && stream->capture == nullptr) {
        /* the driver takes such memory at once */
        const auto *source = static_cast<const char *>(pointer_to(from.address));
        const auto staged = std::make_shared<std::vector<char>>(source, source + bytes);
        operation.run = [=] {
            run_copy(to, {address_of(staged->data()), false, false}, bytes);
        };
        return submit(stream, std::move(operation));
    }
    operation.run = [=] { run_copy(to, from, bytes); };
    const Result result = submit(stream, std::move(operation));
    /* and returns from a copy into such memory only when it is done */
    return result == CUDA_SUCCESS && pageable_to && stream->capture == nullptr ? finish(lock, stream) : result;
}

Result copy_async(const char *call, Stream *handle, size_t bytes, Side to, Side from) {
    return on_stream(call, handle, [&](Lock &lock, Stream *stream) -> Result {
        return bytes == 0 ? CUDA_SUCCESS : copy(lock, stream, to, from, bytes);
    });
}

/* In the null stream, and done on return. */
Result copy_now(const char *call, size_t bytes, Side to, Side from) {
    return on_stream(call, nullptr, [&](Lock &lock, Stream *stream) -> Result {
        const Result refused = forbid_in_any_capture();
        if (refused != CUDA_SUCCESS || bytes == 0) {
            return refused;
        }
        const Result result = copy(lock, stream, to, from, bytes);
        return result != CUDA_SUCCESS ? result : finish(lock, stream);
    });
}

template <class T> Result set_memory(const char *call, DevicePointer to, T value, size_t count, Stream *handle) {
    return on_stream(call, handle, [&](Lock &, Stream *stream) -> Result {
        const Side side = device_side(to);
        const size_t bytes = count * sizeof(T);
        if (to % sizeof(T) != 0) {
            return fail(CUDA_ERROR_INVALID_VALUE, format("0x%llx is no multiple of %zu", to, sizeof(T)));
        }
        if (!reachable(side, bytes)) {
            return fail(CUDA_ERROR_INVALID_VALUE, unreachable(side, bytes, "sets"));
        }
        Operation operation;
        operation.node_type = CU_GRAPH_NODE_TYPE_MEMSET;
        operation.name = format("a fill of %zu bytes", bytes);
        operation.run = [=] {
            if (!reachable(side, bytes)) {
                lose_context(CUDA_ERROR_ILLEGAL_ADDRESS, "a queued fill writes " + unreachable(side, bytes, "to"));
                return;
            }
            T *at = static_cast<T *>(pointer_to(side.address));
            for (size_t i = 0; i < count; i++) {
                at[i] = value;
            }
        };
        return count == 0 ? CUDA_SUCCESS : submit(stream, std::move(operation));
    });
}

} // namespace

void check_red_zones(const std::string &after) {
    Context *context = current_context();
    const std::string found = driver().ranges.find_red_zone_write();
    if (!found.empty() && context->sticky == CUDA_SUCCESS) {
        lose_context(CUDA_ERROR_ILLEGAL_ADDRESS, after + ": " + found);
    }
}

extern "C" {

Result cuMemAlloc_v2(DevicePointer *pointer, size_t bytes) {
    return in_context("cuMemAlloc_v2", [&](Lock &) -> Result {
        void *memory = nullptr;
        const Result result = allocate(RangeKind::DEVICE, &memory, bytes, 0);
        *pointer = address_of(memory);
        return result;
    });
}

Result cuMemFree_v2(DevicePointer pointer) {
    return in_context("cuMemFree_v2", [&](Lock &) -> Result {
        return pointer == 0 ? CUDA_SUCCESS : release(RangeKind::DEVICE, static_cast<uintptr_t>(pointer));
    });
}

Result cuMemGetInfo_v2(size_t *free, size_t *total) {
    return in_context("cuMemGetInfo_v2", [&](Lock &) -> Result {
        *total = driver().settings.memory_bytes;
        *free = *total - driver().ranges.live_bytes(RangeKind::DEVICE);
        return CUDA_SUCCESS;
    });
}

Result cuMemHostAlloc(void **pointer, size_t bytes, unsigned flags) {
    return in_context("cuMemHostAlloc", [&](Lock &) -> Result {
        return allocate(RangeKind::PINNED, pointer, bytes, flags);
    });
}

Result cuMemFreeHost(void *pointer) {
    return in_context("cuMemFreeHost", [&](Lock &) -> Result {
        return pointer == nullptr ? CUDA_SUCCESS : release(RangeKind::PINNED, address_of(pointer));
    });
}

Result cuMemHostRegister_v2(void *pointer, size_t bytes, unsigned flags) {
    return in_context("cuMemHostRegister_v2", [&](Lock &) -> Result {
        const Result refused = forbid_in_any_capture();
        if (refused != CUDA_SUCCESS) {
            return refused;
        }
        if (pointer == nullptr || bytes == 0) {
            return fail(CUDA_ERROR_INVALID_VALUE, "no memory");
        }
        const bool mapped = (flags & CU_MEMHOSTREGISTER_DEVICEMAP) != 0;
        driver().statistics.allocations++;
        return driver().ranges.add_registered(address_of(pointer), bytes, mapped, flags)
                   ? CUDA_SUCCESS
                   : fail(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "a part of it is registered");
    });
}

Result cuMemHostUnregister(void *pointer) {
    return in_context("cuMemHostUnregister", [&](Lock &) -> Result {
        const Result refused = forbid_in_any_capture();
        if (refused != CUDA_SUCCESS) {
            return refused;
        }
        return driver().ranges.remove_registered(address_of(pointer))
                   ? CUDA_SUCCESS
                   : fail(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, format("%p: ", pointer) +
                                                                     driver().ranges.describe(address_of(pointer)));
    });
}

Result cuMemHostGetDevicePointer_v2(DevicePointer *device, void *pointer, unsigned) {
    return in_context("cuMemHostGetDevicePointer_v2", [&](Lock &) -> Result {
        const Range *range = driver().ranges.find(address_of(pointer), 1);
        if (range == nullptr || range->kind == RangeKind::DEVICE) {
            return fail(CUDA_ERROR_INVALID_VALUE, format("%p: ", pointer) +
                                                      driver().ranges.describe(address_of(pointer)));
        }
        if (!range->mapped) {
            return fail(CUDA_ERROR_INVALID_VALUE, "registered without CU_MEMHOSTREGISTER_DEVICEMAP");
        }
        *device = address_of(pointer);
        return CUDA_SUCCESS;
    });
}

Result cuMemHostGetFlags(unsigned *flags, void *pointer) {
    return in_context("cuMemHostGetFlags", [&](Lock &) -> Result {
        const Range *range = driver().ranges.find(address_of(pointer), 1);
        if (range == nullptr || range->kind == RangeKind::DEVICE) {
            return fail(CUDA_ERROR_INVALID_VALUE, "neither pinned nor registered");
        }
        *flags = range->flags;
        return CUDA_SUCCESS;
    });
}

Result cuPointerGetAttribute(void *value, int attribute, DevicePointer pointer) {
    return in_context("cuPointerGetAttribute", [&](Lock &) -> Result {
        uintptr_t start = 0;
        const Range *range = driver().ranges.find(static_cast<uintptr_t>(pointer), 1, &start);
        if (range == nullptr) {
            return fail(CUDA_ERROR_INVALID_VALUE, driver().ranges.describe(static_cast<uintptr_t>(pointer)));
        }
        const bool device = range->kind == RangeKind::DEVICE;
        switch (attribute) {
        case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
            *static_cast<unsigned *>(value) = device ? CU_MEMORYTYPE_DEVICE : CU_MEMORYTYPE_HOST;
            return CUDA_SUCCESS;
        case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
            *static_cast<DevicePointer *>(value) = pointer;
            return range->mapped ? CUDA_SUCCESS : fail(CUDA_ERROR_INVALID_VALUE, "not mapped");
        case CU_POINTER_ATTRIBUTE_HOST_POINTER:
            *static_cast<DevicePointer *>(value) = pointer;
            return device ? fail(CUDA_ERROR_INVALID_VALUE, "device memory") : CUDA_SUCCESS;
        case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
            *static_cast<DevicePointer *>(value) = start;
            return CUDA_SUCCESS;
        case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
            *static_cast<size_t *>(value) = range->bytes;
            return CUDA_SUCCESS;
        case CU_POINTER_ATTRIBUTE_MAPPED:
            *static_cast<int *>(value) = range->mapped;
            return CUDA_SUCCESS;
        default:
            return fail(CUDA_ERROR_NOT_SUPPORTED, format("pointer attribute %d", attribute));
        }
    });
}

Result cuMemcpyHtoDAsync_v2(DevicePointer to, const void *from, size_t bytes, Stream *stream) {
    return copy_async("cuMemcpyHtoDAsync_v2", stream, bytes, device_side(to), host_side(from, bytes));
}

Result cuMemcpyDtoHAsync_v2(void *to, DevicePointer from, size_t bytes, Stream *stream) {
    return copy_async("cuMemcpyDtoHAsync_v2", stream, bytes, host_side(to, bytes), device_side(from));
}

Result cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, size_t bytes, Stream *stream) {
    return copy_async("cuMemcpyDtoDAsync_v2", stream, bytes, device_side(to), device_side(from));
}

Result cuMemcpyHtoD_v2(DevicePointer to, const void *from, size_t bytes) {
    return copy_now("cuMemcpyHtoD_v2", bytes, device_side(to), host_side(from, bytes));
}

Result cuMemcpyDtoH_v2(void *to, DevicePointer from, size_t bytes) {
    return copy_now("cuMemcpyDtoH_v2", bytes, host_side(to, bytes), device_side(from));
}

Result cuMemcpyDtoD_v2(DevicePointer to, DevicePointer from, size_t bytes) {
    return copy_now("cuMemcpyDtoD_v2", bytes, device_side(to), device_side(from));
}

Result cuMemsetD8Async(DevicePointer to, unsigned char value, size_t count, Stream *stream) {
    return set_memory<uint8_t>("cuMemsetD8Async", to, value, count, stream);
}

Result cuMemsetD32Async(DevicePointer to, unsigned value, size_t count, Stream *stream) {
    return set_memory<uint32_t>("cuMemsetD32Async", to, value, count, stream);
}

} // extern "C"

} // namespace softcuda
