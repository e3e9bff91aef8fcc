/*
 * What tests ask of softcuda itself. These functions are exported beside the driver's, and need no context.
 *
 *   const char *softcuda_load(const char *path)             loads a library of kernels; null, or what is wrong
 *   const char *softcuda_set(const char *name, const char *value)
 *                                                           a setting of driver.h; null, or what is wrong
 *   void softcuda_stats(long *values)                       the numbers below
 *   void softcuda_reset(void)                               forgets statistics, messages, queued work, a lost context
 *   const char *softcuda_message(void)                      the last failure in detail; empty when there was none
 *
 * softcuda_stats writes 12 numbers: launches of kernels, launches of graphs, pageable copies, pinned copies, calls that
 * allocate or register, live bytes (device and pinned), direct launches of kernels (not by graphs), bytes copied
 * between device and host, calls that waited, live device bytes, live pinned and registered bytes, pieces of work that
 * are still queued.
 */
#include <cstdlib>
#include <cstring>
#include <string>

#include "../runtime/fault_handler.h"
#include "../runtime/launch.h"
#include "driver.h"

#define SOFTCUDA_EXPORT extern "C" __attribute__((visibility("default")))

namespace softcuda {
namespace {

constexpr const char *NAMES[] = {"MODE",         "SEED",       "THREADS", "MEMORY_MB", "DEVICES",    "DRIVER_VERSION",
                                 "INIT_RESULT",  "TIMEOUT_MS", "VERBOSE", "RECORD",    "RECORD_EACH"};

bool parse(const char *value, unsigned long long &number) {
    char *end;
    number = strtoull(value, &end, 10);
    return end != value && *end == '\0';
}

std::string apply(Settings &settings, const std::string &name, const char *value) {
    unsigned long long number = 0;
    const bool is_number = parse(value, number);
    if (name == "MODE") {
        settings.lazy = strcmp(value, "lazy") == 0;
        return settings.lazy || strcmp(value, "eager") == 0 ? "" : "MODE is lazy or eager";
    }
    if (name == "RECORD") {
        settings.record = value;
        return {};
    }
    if (!is_number) {
        return name + " is a number: got '" + value + "'";
    }
    if (name == "SEED") {
        settings.seed = number;
    } else if (name == "THREADS") {
        settings.threads = number == 0 ? 1 : static_cast<unsigned>(number);
    } else if (name == "MEMORY_MB") {
        settings.memory_bytes = number << 20;
    } else if (name == "DEVICES") {
        settings.devices = number == 0 ? 0 : 1;
    } else if (name == "DRIVER_VERSION") {
        settings.driver_version = static_cast<int>(number);
    } else if (name == "INIT_RESULT") {
        settings.init_result = static_cast<int>(number);
    } else if (name == "TIMEOUT_MS") {
        settings.timeout_ms = static_cast<int>(number);
    } else if (name == "VERBOSE") {
        settings.verbose = number != 0;
    } else if (name == "RECORD_EACH") {
        settings.record_each = static_cast<unsigned>(number);
    } else {
        return "no setting " + name;
    }
    return {};
}

/* Null for an empty text; else a copy that stays until the thread's next one. */
const char *answer(const std::string &text) {
    static thread_local char kept[1024] __attribute__((tls_model("global-dynamic")));
    snprintf(kept, sizeof kept, "%s", text.c_str());
    return text.empty() ? nullptr : kept;
}

/* Libraries named in the environment are loaded with the driver. */
__attribute__((constructor)) void start() {
    FaultHandler::describe = [](const void *address) {
        return driver().ranges.describe(reinterpret_cast<uintptr_t>(address));
    };
    const char *libraries = getenv("SOFTCUDA_KERNELS");
    std::string rest = libraries == nullptr ? "" : libraries;
    while (!rest.empty()) {
        const size_t colon = rest.find(':');
        const std::string problem = load_library(rest.substr(0, colon).c_str());
        if (!problem.empty()) {
            fprintf(stderr, "softcuda: SOFTCUDA_KERNELS: %s\n", problem.c_str());
        }
        rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    }
}

} // namespace

void read_settings(Settings &settings) {
    for (const char *name : NAMES) {
        const char *value = getenv((std::string("SOFTCUDA_") + name).c_str());
        const std::string problem = value == nullptr ? "" : apply(settings, name, value);
        if (!problem.empty()) {
            fprintf(stderr, "softcuda: SOFTCUDA_%s\n", problem.c_str());
        }
    }
}

SOFTCUDA_EXPORT const char *softcuda_load(const char *path) {
    const Lock lock(driver().lock);
    return answer(load_library(path));
}

SOFTCUDA_EXPORT const char *softcuda_set(const char *name, const char *value) {
    const Lock lock(driver().lock);
    const std::string recorded_to = driver().settings.record;
    const std::string problem = apply(driver().settings, name, value);
    if (driver().settings.record != recorded_to) {
        driver().recorded.clear();
    }
    return answer(problem);
}

SOFTCUDA_EXPORT void softcuda_stats(long *values) {
    Driver &state = driver();
    const Lock lock(state.lock);
    const Statistics &counted = state.statistics;
    const auto device = static_cast<long>(state.ranges.live_bytes(RangeKind::DEVICE));
    const auto pinned = static_cast<long>(state.ranges.live_bytes(RangeKind::PINNED));
    const auto registered = static_cast<long>(state.ranges.live_bytes(RangeKind::REGISTERED));
    long queued = 0;
    if (state.primary != nullptr) {
        queued = static_cast<long>(state.primary->null_stream.queue.size());
        for (const Stream *stream : state.primary->streams) {
            queued += static_cast<long>(stream->queue.size());
        }
    }
    const long all[] = {counted.launches,        counted.graph_launches, counted.pageable_copies, counted.pinned_copies,
                        counted.allocations,     device + pinned,        counted.direct_launches, counted.copied_bytes,
                        counted.synchronizations, device,                pinned + registered,     queued};
    memcpy(values, all, sizeof all);
}

SOFTCUDA_EXPORT void softcuda_reset() {
    Driver &state = driver();
    const Lock lock(state.lock);
    state.statistics = {};
    state.message.clear();
    state.message_result = CUDA_SUCCESS;
    state.ranges.mend_red_zones();
    if (state.primary == nullptr) {
        return;
    }
    state.primary->sticky = CUDA_SUCCESS;
    for (Stream *stream : state.primary->streams) {
        stream->queue.clear();
        stream->progress->completed = stream->progress->submitted;
        stream->capture = nullptr;
    }
    state.primary->null_stream.queue.clear();
    state.primary->null_stream.progress->completed = state.primary->null_stream.progress->submitted;
    for (Event *event : state.primary->events) {
        event->progress->completed = event->progress->submitted;
    }
}

SOFTCUDA_EXPORT const char *softcuda_message() {
    const Lock lock(driver().lock);
    const char *kept = answer(driver().message);
    return kept == nullptr ? "" : kept;
}

} // namespace softcuda
