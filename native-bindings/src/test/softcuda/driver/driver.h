/*
 * The state of the driver: one device, its primary context, and one lock around everything.
 *
 * Streams are lazy by default: what is put into one runs when somebody waits for it, or one piece per query. So a
 * result that is read without waiting is the old one every time, and memory that is recycled too early is seen so.
 */
#ifndef SOFTCUDA_DRIVER_H
#define SOFTCUDA_DRIVER_H

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cuda_types.h"
#include "ranges.h"

namespace softcuda {

using Lock = std::unique_lock<std::mutex>;

/* What can be set: by the environment variable SOFTCUDA_<NAME> at the start, by softcuda_set() later. */
struct Settings {
    bool lazy = true;            /* MODE: lazy or eager */
    uint64_t seed = 0;           /* SEED: order of threads and blocks; 0 rising, 1 falling, others drawn */
    unsigned threads = 1;        /* THREADS: OS threads that run the blocks of a grid */
    size_t memory_bytes = 4096ull << 20; /* MEMORY_MB: of the device */
    int devices = 1;             /* DEVICES: 0 or 1 */
    int driver_version = 13000;  /* DRIVER_VERSION: as cuDriverGetVersion gives it */
    int init_result = 0;         /* INIT_RESULT: of cuInit */
    int timeout_ms = 10000;      /* TIMEOUT_MS: how long a wait may find nothing to do */
    bool verbose = false;        /* VERBOSE: every failure to the error stream */
    std::string record;          /* RECORD: a folder that launches are written to, for replay */
    unsigned record_each = 2;    /* RECORD_EACH: how many launches of a kernel are written */
};

/* What has happened since the start or the last softcuda_reset(). */
struct Statistics {
    long launches = 0;        /* of kernels, those of graphs included */
    long graph_launches = 0;
    long pageable_copies = 0; /* between the device and host memory that is not pinned */
    long pinned_copies = 0;
    long allocations = 0;     /* calls that allocate device or pinned memory, or register host memory */
    long direct_launches = 0; /* of kernels, by cuLaunchKernel outside of graphs */
    long copied_bytes = 0;    /* between device and host */
    long synchronizations = 0;
};

/* A piece of work of a stream, or a node of a graph. */
struct Operation {
    int node_type = CU_GRAPH_NODE_TYPE_EMPTY;
    std::string name;
    std::function<bool()> ready; /* none: at once */
    std::function<void()> run;
};

struct GraphNode {
    Operation operation;
};

struct Graph {
    std::vector<std::unique_ptr<GraphNode>> nodes;
};

/* A graph being recorded, by a stream and those that joined it. */
struct Capture {
    std::unique_ptr<Graph> graph;
    Stream *origin;
    int mode;
    std::thread::id thread; /* that began it */
    bool invalidated = false;
    size_t joined = 0; /* nodes that the origin's next node comes after */
};

/* How far a stream or an event is; outlives it for those that wait. */
struct Progress {
    uint64_t submitted = 0, completed = 0;
    std::chrono::steady_clock::time_point time; /* of the last completion */
    bool done() const { return completed == submitted; }
};

struct Stream {
    std::deque<Operation> queue;
    std::shared_ptr<Capture> capture;
    size_t captured = 0; /* nodes of the capture that this stream's next one comes after */
    bool blocking = true;
    int priority = 0;
    std::shared_ptr<Progress> progress = std::make_shared<Progress>();
};

struct Event {
    std::shared_ptr<Progress> progress = std::make_shared<Progress>(); /* of its records */
    Stream *stream = nullptr;         /* of the last record */
    std::weak_ptr<Capture> capture;   /* in which it was recorded last */
    bool was_captured = false;
    size_t captured = 0;
    bool timed = true;
};

struct GraphExec {
    std::vector<Operation> operations;
};

struct Context {
    bool destroyed = false;
    Result sticky = CUDA_SUCCESS;
    Stream null_stream;
    std::set<Stream *> streams;
    std::set<Event *> events;
    std::set<Graph *> graphs;
    std::set<GraphExec *> graph_execs;
    std::set<Module *> modules;
};

struct Driver {
    std::mutex lock;
    Settings settings;
    Statistics statistics;
    bool initialized = false;
    Context *primary = nullptr; /* null while nobody retains it */
    int retained = 0;
    Ranges ranges;
    const char *call = "";      /* that is under way */
    std::string message;        /* of the last failure */
    Result message_result = CUDA_SUCCESS;
    std::map<std::string, unsigned> recorded; /* launches of each kernel since recording began */
};

/* The one of this process. */
Driver &driver();

/* The calling OS thread's. */
Context *&current_context();

/* Leaves a message and returns the result. */
Result fail(Result result, const std::string &message);

/* From now on every call of the context returns this, as after a fault on a device. */
void lose_context(Result result, const std::string &message);

/* That the driver is initialised and a sound context is current (device.cpp). */
Result require_context();

/* How a call begins: takes the lock and requires a context. */
template <class F> Result in_context(const char *call, F body) {
    Lock lock(driver().lock);
    driver().call = call;
    const Result result = require_context();
    return result != CUDA_SUCCESS ? result : body(lock);
}

/* The same for calls that need no context. */
template <class F> Result in_driver(const char *call, F body) {
    Lock lock(driver().lock);
    driver().call = call;
    return body(lock);
}

template <class T> Result require(const std::set<T *> &live, T *handle, const char *kind) {
    return live.count(handle) != 0
               ? CUDA_SUCCESS
               : fail(CUDA_ERROR_INVALID_HANDLE, std::string("no such ") + kind + ": never made, or destroyed");
}

/* ---- streams (stream.cpp) ---- */

/* Calls body(stream) in a context with the stream of a handle. */
Stream *find_stream(Stream *handle);
template <class F> Result on_stream(const char *call, Stream *handle, F body) {
    return in_context(call, [&](Lock &lock) -> Result {
        Stream *stream = find_stream(handle);
        return stream == nullptr
                   ? fail(CUDA_ERROR_INVALID_HANDLE, "no such stream: never made, or destroyed")
                   : body(lock, stream);
    });
}

/* Puts work into a stream, or into the graph that it records; eagerly, runs it. */
Result submit(Stream *stream, Operation operation);

/* Runs what the stream has, and what that waits for. */
Result finish(Lock &lock, Stream *stream);
Result finish_all(Lock &lock);

/* Refuses a call that a capture does not allow; the capture is lost by it. */
Result forbid_in_capture(Stream *stream);
Result forbid_in_any_capture();

/* ---- kernels (module.cpp) ---- */

void destroy_module(Module *module);

/* Reads the environment (control.cpp). */
void read_settings(Settings &settings);

/* Looks for writes beside allocations; loses the context when there are some. */
void check_red_zones(const std::string &after);

/* ---- recording (record.cpp) ---- */

/* Writes a launch and all memory it can see, if launches are recorded and this kernel not often enough. */
struct Grid;
void record_launch(const Grid &grid, const std::vector<uint32_t> &parameter_offsets,
                   const std::vector<uint32_t> &parameter_sizes);

} // namespace softcuda

#endif
