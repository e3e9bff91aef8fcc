/*
 * What a library of kernels and the runtime share. The library has no undefined symbols of the runtime: it exports
 * softcuda_kernel_library(), is handed a table of functions, and hands back its kernels. So several libraries, also
 * several versions of one, live in a process, and neither needs the other when it is linked.
 */
#ifndef SOFTCUDA_ABI_H
#define SOFTCUDA_ABI_H

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "vectors.h"

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
    constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
    constexpr operator uint3() const { return {x, y, z}; }
};

namespace softcuda {

inline constexpr unsigned ABI_VERSION = 1;
inline constexpr unsigned WARP_LANES = 32;
inline constexpr unsigned MAX_BLOCK_THREADS = 1024;
inline constexpr unsigned MAX_SHARED_SLOTS = 2048; /* __shared__ variables of all libraries of a process */

struct Fiber;
struct Executor;
struct Thread;
struct CopyQueue;

/* Where in a kernel's source something is called. */
struct Site {
    const char *file;
    int line;

    /* As the default of a parameter: the place of the call. */
    static constexpr Site here(const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
        return {file, line};
    }
};

/* A block while it runs. */
struct Block {
    uint3 index;
    dim3 dimensions;
    dim3 grid;
    unsigned threads;
    char *dynamic_shared;
    size_t dynamic_shared_bytes;
    void *shared_slots[MAX_SHARED_SLOTS]; /* null until a thread of the block first meets the variable */
    Executor *executor;
};

/*
 * Runs once per warp operation, on the lane that comes last, with the threads of the whole warp: it reads what lanes in
 * the mask brought (input) and leaves what each of them takes home (output).
 */
using Combine = void (*)(Thread *lanes, uint32_t mask);

/* A CUDA thread while its block runs. */
struct Thread {
    uint3 index;
    unsigned linear; /* in the block */
    unsigned lane;
    unsigned warp;
    Block *block;
    Fiber *fiber; /* null while it has no stack: before its first and after its last instruction */
    /* the operation that it waits in */
    Site site;
    Combine combine;
    uint32_t mask;
    uint32_t argument;
    const void *input;
    void *output;
    CopyQueue *copies; /* asynchronous copies that have not happened yet; null before the first */
    void *acquired;    /* what a race detector takes over when the thread goes on */
};

/* A __shared__ variable. */
struct SharedSlot {
    size_t bytes;
    size_t alignment;
    const char *name;
    unsigned id; /* 0 until it is first met */
};

/* A kernel of a library. */
struct Kernel {
    const char *name;
    void (*call)(void **parameters);
    unsigned parameter_count;
    const size_t *parameter_sizes;
    const Kernel *next;
};

/* What a kernel may ask of the runtime. */
struct Runtime {
    void (*barrier)(Thread *self, Site site);
    void (*warp_operation)(Thread *self); /* site, combine, mask, argument, input, output are set */
    void (*yield)(Thread *self, Site site);
    void *(*shared)(Block *block, SharedSlot *slot);
    CopyQueue *(*copy_queue)(Thread *self);
    void (*fail)(Thread *self, Site site, const char *message);
};

/* What a library exports, once it has got the table. */
struct Library {
    unsigned abi_version;
    const Kernel *kernels;
    Thread **(*current)(); /* the calling OS thread's variable of the running CUDA thread */
};

inline constexpr unsigned MAX_COPIES = 256; /* of a thread, that it has not waited for */

/* Copies of a thread in the order in which it began them. */
struct CopyQueue {
    struct Copy {
        void *to;
        const void *from;
        unsigned bytes;  /* that are written: 4, 8 or 16 */
        unsigned copied; /* the rest of them become 0 */
        unsigned group;
    };
    unsigned first, end, group;
    Copy copies[MAX_COPIES];
};

/* Calls body(lane) for the lanes of a mask. */
template <class F> inline void for_lanes(uint32_t mask, F body) {
    for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
        body(static_cast<unsigned>(__builtin_ctz(rest)));
    }
}

inline const Runtime *runtime;
inline const Kernel *first_kernel;
inline constinit thread_local Thread *current_thread __attribute__((tls_model("initial-exec"))) = nullptr;

inline bool announce(Kernel &kernel) {
    kernel.next = first_kernel;
    first_kernel = &kernel;
    return true;
}

template <class... A, size_t... I>
inline void call_with(void (*kernel)(A...), void **parameters, std::index_sequence<I...>) {
    kernel(*static_cast<std::remove_cv_t<std::remove_reference_t<A>> *>(parameters[I])...);
}

template <class... A> inline void call(void (*kernel)(A...), void **parameters) {
    call_with(kernel, parameters, std::index_sequence_for<A...>{});
}

template <class... A> inline const size_t *parameter_sizes(void (*)(A...)) {
    static const size_t sizes[] = {sizeof(A)..., 0};
    return sizes;
}

template <class... A> constexpr unsigned parameter_count(void (*)(A...)) { return sizeof...(A); }

} // namespace softcuda

/* Defined in every unit of a library, kept once. */
extern "C" __attribute__((visibility("default"), weak, used)) const softcuda::Library *
softcuda_kernel_library(const softcuda::Runtime *runtime) {
    static softcuda::Library library;
    softcuda::runtime = runtime;
    library.abi_version = softcuda::ABI_VERSION;
    library.kernels = softcuda::first_kernel;
    library.current = [] { return &softcuda::current_thread; };
    return &library;
}

#endif
