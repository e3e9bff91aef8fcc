/* Streams, events, and the recording of graphs. */
#include <chrono>
#include <functional>
#include <thread>

#include "../runtime/executor.h"
#include "driver.h"

namespace softcuda {
namespace {

using Clock = std::chrono::steady_clock;

Stream *const LEGACY = reinterpret_cast<Stream *>(1);
Stream *const PER_THREAD = reinterpret_cast<Stream *>(2); /* here the same as the legacy one */
constexpr auto NAP = std::chrono::microseconds(20);

/* Runs the first operation of a stream if it may. */
bool step(Stream *stream) {
    if (stream->queue.empty()) {
        return false;
    }
    Operation &first = stream->queue.front();
    if (first.ready && !first.ready()) {
        return false;
    }
    const Operation operation = std::move(first);
    stream->queue.pop_front();
    if (current_context()->sticky == CUDA_SUCCESS && operation.run) {
        operation.run();
    }
    stream->progress->completed++;
    return true;
}

bool step_another(const Stream *stream) {
    Context *context = current_context();
    if (stream != &context->null_stream && step(&context->null_stream)) {
        return true;
    }
    for (Stream *other : context->streams) {
        if (other != stream && step(other)) {
            return true;
        }
    }
    return false;
}

void run_all() {
    Context *context = current_context();
    for (bool any = true; any;) {
        any = false;
        while (step(&context->null_stream)) {
            any = true;
        }
        for (Stream *stream : context->streams) {
            while (step(stream)) {
                any = true;
            }
        }
    }
}

bool exists(const Stream *stream) {
    Context *context = current_context();
    return stream == &context->null_stream || context->streams.count(const_cast<Stream *>(stream)) != 0;
}

/* Lets an operation wait for what is in another stream now. */
void wait_for(Operation &operation, const Stream *other) {
    if (other->progress->done()) {
        return;
    }
    operation.ready = [before = std::move(operation.ready), progress = other->progress,
                       until = other->progress->submitted] {
        return progress->completed >= until && (!before || before());
    };
}

/* The legacy null stream and the blocking ones wait for each other. */
void order_with_null_stream(Stream *stream, Operation &operation) {
    Context *context = current_context();
    if (stream != &context->null_stream) {
        if (stream->blocking) {
            wait_for(operation, &context->null_stream);
        }
        return;
    }
    for (const Stream *other : context->streams) {
        if (other->blocking) {
            wait_for(operation, other);
        }
    }
}

Result invalidate(Capture &capture, const char *what) {
    capture.invalidated = true;
    return fail(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, std::string(what) + "; the recording is lost");
}

/* Whatever the stream waits for is done, or the time is over. */
template <class F> Result wait(Lock &lock, Stream *stream, F done) {
    auto since = Clock::now();
    for (;;) {
        Context *context = current_context();
        if (context->destroyed || !exists(stream)) {
            return fail(CUDA_ERROR_INVALID_HANDLE, "destroyed by another thread while this one waits");
        }
        if (context->sticky != CUDA_SUCCESS || done()) {
            return context->sticky;
        }
        if (step(stream) || step_another(stream)) {
            since = Clock::now();
            continue;
        }
        if (Clock::now() - since > std::chrono::milliseconds(driver().settings.timeout_ms)) {
            const std::string name = stream->queue.empty() ? "nothing" : stream->queue.front().name;
            lose_context(CUDA_ERROR_LAUNCH_TIMEOUT,
                         format("the stream stands before %s for %d ms and nobody lets it go on", name.c_str(),
                                driver().settings.timeout_ms));
            return CUDA_ERROR_LAUNCH_TIMEOUT;
        }
        lock.unlock();
        std::this_thread::sleep_for(NAP);
        lock.lock();
    }
}

template <class T> bool compare(T word, T value, unsigned flags) {
    switch (flags & 3) {
    case CU_STREAM_WAIT_VALUE_GEQ:
        return static_cast<std::make_signed_t<T>>(word - value) >= 0;
    case CU_STREAM_WAIT_VALUE_EQ:
        return word == value;
    case CU_STREAM_WAIT_VALUE_AND:
        return (word & value) != 0;
    default:
        return static_cast<T>(~(word | value)) != 0;
    }
}

template <class T> Result require_word(DevicePointer address) {
    if (address % sizeof(T) != 0 || !driver().ranges.visible(static_cast<uintptr_t>(address), sizeof(T))) {
        return fail(CUDA_ERROR_INVALID_VALUE, format("a word at 0x%llx: ", address) +
                                                  driver().ranges.describe(static_cast<uintptr_t>(address)));
    }
    return CUDA_SUCCESS;
}

/* The word of a queued operation; null, with the context lost, when it was freed meanwhile. */
template <class T> T *word_at(DevicePointer address) {
    if (!driver().ranges.visible(static_cast<uintptr_t>(address), sizeof(T))) {
        lose_context(CUDA_ERROR_ILLEGAL_ADDRESS, format("a queued wait or write of a word at 0x%llx, ", address) +
                                                     driver().ranges.describe(static_cast<uintptr_t>(address)));
        return nullptr;
    }
    return reinterpret_cast<T *>(static_cast<uintptr_t>(address));
}

template <class T>
Result wait_value(const char *call, Stream *handle, DevicePointer address, T value, unsigned flags) {
    return on_stream(call, handle, [&](Lock &, Stream *stream) -> Result {
        const Result result = require_word<T>(address);
        if (result != CUDA_SUCCESS) {
            return result;
        }
        Operation operation;
        operation.node_type = CU_GRAPH_NODE_TYPE_BATCH_MEM_OP;
        operation.name = format("the wait for %llu at 0x%llx", static_cast<unsigned long long>(value), address);
        operation.ready = [=] {
            const T *word = word_at<T>(address);
            return word == nullptr || compare(__atomic_load_n(word, __ATOMIC_ACQUIRE), value, flags);
        };
        return submit(stream, std::move(operation));
    });
}

template <class T> Result write_value(const char *call, Stream *handle, DevicePointer address, T value) {
    return on_stream(call, handle, [&](Lock &, Stream *stream) -> Result {
        const Result result = require_word<T>(address);
        if (result != CUDA_SUCCESS) {
            return result;
        }
        Operation operation;
        operation.node_type = CU_GRAPH_NODE_TYPE_BATCH_MEM_OP;
        operation.name = format("the write of a word at 0x%llx", address);
        operation.run = [=] {
            if (T *word = word_at<T>(address)) {
                __atomic_store_n(word, value, __ATOMIC_RELEASE);
            }
        };
        return submit(stream, std::move(operation));
    });
}

template <class F> Result on_event(const char *call, Event *event, F body) {
    return in_context(call, [&](Lock &lock) -> Result {
        const Result result = require(current_context()->events, event, "event");
        return result != CUDA_SUCCESS ? result : body(lock);
    });
}

/* An event that was recorded in a capture belongs to the capture: a stream that waits for it joins. */
Result wait_for_captured(Stream *stream, const Event *event) {
    const std::shared_ptr<Capture> capture = event->capture.lock();
    if (capture == nullptr) {
        return fail(CUDA_ERROR_CAPTURED_EVENT, "the event was recorded in a recording that has ended");
    }
    if (stream->capture == nullptr) {
        if (stream == &current_context()->null_stream) {
            return fail(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "the null stream cannot join a recording");
        }
        stream->capture = capture;
        stream->captured = event->captured;
    } else if (stream->capture != capture) {
        stream->capture->invalidated = true;
        return fail(CUDA_ERROR_STREAM_CAPTURE_MERGE, "the event and the stream belong to two recordings");
    }
    if (stream == capture->origin) {
        capture->joined = capture->joined > event->captured ? capture->joined : event->captured;
    }
    return CUDA_SUCCESS;
}

void leave_capture(const std::shared_ptr<Capture> &capture) {
    for (Stream *stream : current_context()->streams) {
        if (stream->capture == capture) {
            stream->capture = nullptr;
            stream->captured = 0;
        }
    }
}

} // namespace

Stream *find_stream(Stream *handle) {
    Context *context = current_context();
    if (handle == nullptr || handle == LEGACY || handle == PER_THREAD) {
        return &context->null_stream;
    }
    return context->streams.count(handle) != 0 ? handle : nullptr;
}

Result submit(Stream *stream, Operation operation) {
    if (stream->capture != nullptr) {
        Capture &capture = *stream->capture;
        if (capture.invalidated) {
            return fail(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "the recording of this stream is lost");
        }
        capture.graph->nodes.push_back(std::make_unique<GraphNode>(GraphNode{std::move(operation)}));
        stream->captured = capture.graph->nodes.size();
        return CUDA_SUCCESS;
    }
    order_with_null_stream(stream, operation);
    stream->queue.push_back(std::move(operation));
    stream->progress->submitted++;
    if (!driver().settings.lazy) {
        run_all();
    }
    return current_context()->sticky;
}

Result finish(Lock &lock, Stream *stream) {
    driver().statistics.synchronizations++;
    return wait(lock, stream, [=] { return stream->queue.empty(); });
}

Result finish_all(Lock &lock) {
    Context *context = current_context();
    driver().statistics.synchronizations++;
    return wait(lock, &context->null_stream, [=] {
        for (const Stream *stream : context->streams) {
            if (!stream->queue.empty()) {
                return false;
            }
        }
        return context->null_stream.queue.empty();
    });
}

Result forbid_in_capture(Stream *stream) {
    return stream->capture == nullptr ? CUDA_SUCCESS
                                      : invalidate(*stream->capture, "not allowed while the stream records a graph");
}

Result forbid_in_any_capture() {
    for (const Stream *stream : current_context()->streams) {
        if (stream->capture == nullptr) {
            continue;
        }
        Capture &capture = *stream->capture;
        const bool own = capture.thread == std::this_thread::get_id();
        if (capture.mode == CU_STREAM_CAPTURE_MODE_GLOBAL ||
            (capture.mode == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL && own)) {
            return invalidate(capture, "not allowed while a stream records a graph");
        }
    }
    return CUDA_SUCCESS;
}

extern "C" {

/* ---- streams ---- */

Result cuStreamCreateWithPriority(Stream **stream, unsigned flags, int priority) {
    return in_context("cuStreamCreateWithPriority", [&](Lock &) -> Result {
        if (flags != CU_STREAM_DEFAULT && flags != CU_STREAM_NON_BLOCKING) {
            return fail(CUDA_ERROR_INVALID_VALUE, format("flags %u", flags));
        }
        *stream = new Stream;
        (*stream)->blocking = flags == CU_STREAM_DEFAULT;
        (*stream)->priority = priority;
        current_context()->streams.insert(*stream);
        return CUDA_SUCCESS;
    });
}

Result cuStreamCreate(Stream **stream, unsigned flags) { return cuStreamCreateWithPriority(stream, flags, 0); }

Result cuStreamGetPriority(Stream *handle, int *priority) {
    return on_stream("cuStreamGetPriority", handle, [&](Lock &, Stream *stream) -> Result {
        *priority = stream->priority;
        return CUDA_SUCCESS;
    });
}

Result cuStreamDestroy_v2(Stream *handle) {
    return on_stream("cuStreamDestroy_v2", handle, [&](Lock &lock, Stream *stream) -> Result {
        if (stream == &current_context()->null_stream) {
            return fail(CUDA_ERROR_INVALID_HANDLE, "the null stream is nobody's");
        }
        const Result result = stream->capture == nullptr ? finish(lock, stream) : CUDA_SUCCESS;
        if (stream->capture != nullptr) {
            stream->capture->invalidated = true;
        }
        current_context()->streams.erase(stream);
        delete stream;
        return result;
    });
}

Result cuStreamSynchronize(Stream *handle) {
    return on_stream("cuStreamSynchronize", handle, [&](Lock &lock, Stream *stream) -> Result {
        const Result refused = forbid_in_capture(stream);
        return refused != CUDA_SUCCESS ? refused : finish(lock, stream);
    });
}

/* A stream with work is never ready at the first question: each lets one piece of it run. */
Result cuStreamQuery(Stream *handle) {
    return on_stream("cuStreamQuery", handle, [&](Lock &, Stream *stream) -> Result {
        const Result refused = forbid_in_capture(stream);
        if (refused != CUDA_SUCCESS) {
            return refused;
        }
        if (stream->queue.empty()) {
            return CUDA_SUCCESS;
        }
        if (!step(stream)) {
            step_another(stream);
        }
        const Result sticky = current_context()->sticky;
        return sticky != CUDA_SUCCESS ? sticky : CUDA_ERROR_NOT_READY;
    });
}

Result cuStreamWaitEvent(Stream *handle, Event *event, unsigned) {
    return on_stream("cuStreamWaitEvent", handle, [&](Lock &, Stream *stream) -> Result {
        const Result result = require(current_context()->events, event, "event");
        if (result != CUDA_SUCCESS) {
            return result;
        }
        if (event->was_captured) {
            return wait_for_captured(stream, event);
        }
        if (stream->capture != nullptr) {
            stream->capture->invalidated = true;
            return fail(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "the event was recorded outside of this recording");
        }
        Operation operation;
        operation.name = "the wait for an event";
        operation.ready = [progress = event->progress, until = event->progress->submitted] {
            return progress->completed >= until;
        };
        return submit(stream, std::move(operation));
    });
}

Result cuStreamWaitValue32_v2(Stream *stream, DevicePointer address, uint32_t value, unsigned flags) {
    return wait_value("cuStreamWaitValue32_v2", stream, address, value, flags);
}

Result cuStreamWaitValue64_v2(Stream *stream, DevicePointer address, uint64_t value, unsigned flags) {
    return wait_value("cuStreamWaitValue64_v2", stream, address, value, flags);
}

Result cuStreamWriteValue32_v2(Stream *stream, DevicePointer address, uint32_t value, unsigned) {
    return write_value("cuStreamWriteValue32_v2", stream, address, value);
}

Result cuStreamWriteValue64_v2(Stream *stream, DevicePointer address, uint64_t value, unsigned) {
    return write_value("cuStreamWriteValue64_v2", stream, address, value);
}

Result cuLaunchHostFunc(Stream *handle, HostFunction function, void *argument) {
    return on_stream("cuLaunchHostFunc", handle, [&](Lock &, Stream *stream) -> Result {
        Operation operation;
        operation.node_type = CU_GRAPH_NODE_TYPE_HOST;
        operation.name = "a host function";
        operation.run = [=] { function(argument); };
        return submit(stream, std::move(operation));
    });
}

/* ---- recording ---- */

Result cuStreamBeginCapture_v2(Stream *handle, int mode) {
    return on_stream("cuStreamBeginCapture_v2", handle, [&](Lock &, Stream *stream) -> Result {
        if (stream == &current_context()->null_stream) {
            return fail(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the null stream cannot record");
        }
        if (stream->capture != nullptr) {
            return fail(CUDA_ERROR_ILLEGAL_STATE, "the stream is recording");
        }
        if (mode < CU_STREAM_CAPTURE_MODE_GLOBAL || mode > CU_STREAM_CAPTURE_MODE_RELAXED) {
            return fail(CUDA_ERROR_INVALID_VALUE, format("mode %d", mode));
        }
        stream->capture = std::make_shared<Capture>();
        stream->capture->graph = std::make_unique<Graph>();
        stream->capture->origin = stream;
        stream->capture->mode = mode;
        stream->capture->thread = std::this_thread::get_id();
        stream->captured = 0;
        return CUDA_SUCCESS;
    });
}

Result cuStreamEndCapture(Stream *handle, Graph **graph) {
    return on_stream("cuStreamEndCapture", handle, [&](Lock &, Stream *stream) -> Result {
        *graph = nullptr;
        const std::shared_ptr<Capture> capture = stream->capture;
        if (capture == nullptr) {
            return fail(CUDA_ERROR_ILLEGAL_STATE, "the stream is not recording");
        }
        if (capture->origin != stream) {
            return fail(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "the recording was begun by another stream");
        }
        if (capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED && capture->thread != std::this_thread::get_id()) {
            return fail(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "the recording was begun by another thread");
        }
        bool unjoined = false;
        for (const Stream *other : current_context()->streams) {
            unjoined |= other != stream && other->capture == capture && other->captured > capture->joined;
        }
        leave_capture(capture);
        if (capture->invalidated) {
            return fail(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "something was called that cannot be recorded");
        }
        if (unjoined) {
            return fail(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, "a stream that joined has work that this one never waited "
                                                            "for");
        }
        *graph = capture->graph.release();
        current_context()->graphs.insert(*graph);
        return CUDA_SUCCESS;
    });
}

Result cuStreamIsCapturing(Stream *handle, int *status) {
    return on_stream("cuStreamIsCapturing", handle, [&](Lock &, Stream *stream) -> Result {
        *status = stream->capture == nullptr          ? CU_STREAM_CAPTURE_STATUS_NONE
                  : stream->capture->invalidated ? CU_STREAM_CAPTURE_STATUS_INVALIDATED
                                                 : CU_STREAM_CAPTURE_STATUS_ACTIVE;
        return CUDA_SUCCESS;
    });
}

/* ---- events ---- */

Result cuEventCreate(Event **event, unsigned flags) {
    return in_context("cuEventCreate", [&](Lock &) -> Result {
        *event = new Event;
        (*event)->timed = (flags & CU_EVENT_DISABLE_TIMING) == 0;
        current_context()->events.insert(*event);
        return CUDA_SUCCESS;
    });
}

Result cuEventDestroy_v2(Event *event) {
    return on_event("cuEventDestroy_v2", event, [&](Lock &) -> Result {
        current_context()->events.erase(event);
        delete event;
        return CUDA_SUCCESS;
    });
}

Result cuEventRecord(Event *event, Stream *handle) {
    return on_stream("cuEventRecord", handle, [&](Lock &, Stream *stream) -> Result {
        const Result result = require(current_context()->events, event, "event");
        if (result != CUDA_SUCCESS) {
            return result;
        }
        event->was_captured = stream->capture != nullptr;
        event->capture = stream->capture;
        event->captured = stream->captured;
        event->stream = stream;
        if (event->was_captured) {
            return CUDA_SUCCESS;
        }
        const std::shared_ptr<Progress> progress = event->progress;
        const uint64_t number = ++progress->submitted;
        Operation operation;
        operation.name = "the record of an event";
        operation.run = [=] {
            progress->completed = number;
            progress->time = Clock::now();
        };
        return submit(stream, std::move(operation));
    });
}

/* As for streams: never ready at the first question. */
Result cuEventQuery(Event *event) {
    return on_event("cuEventQuery", event, [&](Lock &) -> Result {
        if (event->was_captured) {
            return fail(CUDA_ERROR_CAPTURED_EVENT, "the event was recorded in a graph");
        }
        if (event->progress->done()) {
            return CUDA_SUCCESS;
        }
        if (!exists(event->stream) || !step(event->stream)) {
            step_another(event->stream);
        }
        const Result sticky = current_context()->sticky;
        return sticky != CUDA_SUCCESS ? sticky : CUDA_ERROR_NOT_READY;
    });
}

Result cuEventSynchronize(Event *event) {
    return on_event("cuEventSynchronize", event, [&](Lock &lock) -> Result {
        if (event->was_captured) {
            return fail(CUDA_ERROR_CAPTURED_EVENT, "the event was recorded in a graph");
        }
        driver().statistics.synchronizations++;
        const std::shared_ptr<Progress> progress = event->progress;
        return progress->done() ? CUDA_SUCCESS : wait(lock, event->stream, [=] { return progress->done(); });
    });
}

Result cuEventElapsedTime_v2(float *milliseconds, Event *from, Event *to) {
    return in_context("cuEventElapsedTime_v2", [&](Lock &) -> Result {
        for (Event *event : {from, to}) {
            const Result result = require(current_context()->events, event, "event");
            if (result != CUDA_SUCCESS) {
                return result;
            }
            if (!event->timed || event->progress->submitted == 0) {
                return fail(CUDA_ERROR_INVALID_HANDLE, "the event takes no time, or was never recorded");
            }
            if (!event->progress->done()) {
                return CUDA_ERROR_NOT_READY;
            }
        }
        *milliseconds = std::chrono::duration<float, std::milli>(to->progress->time - from->progress->time).count();
        return CUDA_SUCCESS;
    });
}

} // extern "C"

} // namespace softcuda
