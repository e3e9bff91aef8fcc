/* Shared memory, loads and stores with hints, atomics, fences, asynchronous copies. */
#ifndef SOFTCUDA_MEMORY_H
#define SOFTCUDA_MEMORY_H

#include <type_traits>

#include "abi.h"
#include "arithmetic.h"

/* ---- shared memory: every block has its own, filled with NaN bits, with red zones around each variable ---- */

#define SOFTCUDA_SHARED(type, name, ...)                                                                               \
    static softcuda::SharedSlot name##_slot{sizeof(type __VA_ARGS__), alignof(type), #name, 0};                        \
    auto &name = *static_cast<std::type_identity_t<type __VA_ARGS__> *>(softcuda::shared(name##_slot))

#define SOFTCUDA_DYNAMIC_SHARED(type, name)                                                                            \
    type *const name = reinterpret_cast<type *>(softcuda::current_thread->block->dynamic_shared)

namespace softcuda {

inline void *shared(SharedSlot &slot) {
    Block *block = current_thread->block;
    const unsigned id = __atomic_load_n(&slot.id, __ATOMIC_RELAXED);
    void *address = id == 0 ? nullptr : block->shared_slots[id];
    return address != nullptr ? address : runtime->shared(block, &slot);
}

} // namespace softcuda

/* ---- loads and stores with cache hints ---- */

template <class T> SOFTCUDA_INLINE T __ldg(const T *from) { return *from; }
template <class T> SOFTCUDA_INLINE T __ldca(const T *from) { return *from; }
template <class T> SOFTCUDA_INLINE T __ldcg(const T *from) { return *from; }
template <class T> SOFTCUDA_INLINE T __ldcs(const T *from) { return *from; }
template <class T> SOFTCUDA_INLINE T __ldlu(const T *from) { return *from; }
template <class T> SOFTCUDA_INLINE void __stwb(T *to, T value) { *to = value; }
template <class T> SOFTCUDA_INLINE void __stcg(T *to, T value) { *to = value; }
template <class T> SOFTCUDA_INLINE void __stcs(T *to, T value) { *to = value; }

/* Past every cache: what another processor writes is seen. */
template <class T> SOFTCUDA_INLINE T __ldcv(const T *from) {
    static_assert(sizeof(T) <= 8);
    return __atomic_load_n(const_cast<T *>(from), __ATOMIC_ACQUIRE);
}
template <class T> SOFTCUDA_INLINE void __stwt(T *to, T value) {
    static_assert(sizeof(T) <= 8);
    __atomic_store_n(to, value, __ATOMIC_RELEASE);
}

/* ---- atomics; stronger in order than the device's, whose missing fences therefore do not show ---- */

namespace softcuda {

/* Replaces *at by change(*at) in one step and returns what was there. */
template <class T, class F> inline T atomic_update(T *at, F change) {
    T before = __atomic_load_n(at, __ATOMIC_ACQUIRE);
    while (!__atomic_compare_exchange_n(at, &before, change(before), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    }
    return before;
}

template <class Float, class Bits> inline Float atomic_add_float(Float *at, Float value) {
    return std::bit_cast<Float>(atomic_update(reinterpret_cast<Bits *>(at), [value](Bits before) {
        return std::bit_cast<Bits>(static_cast<Float>(std::bit_cast<Float>(before) + value));
    }));
}

} // namespace softcuda

#define SOFTCUDA_ATOMICS(type)                                                                                         \
    SOFTCUDA_INLINE type atomicAdd(type *at, type value) { return __atomic_fetch_add(at, value, __ATOMIC_ACQ_REL); }   \
    SOFTCUDA_INLINE type atomicExch(type *at, type value) { return __atomic_exchange_n(at, value, __ATOMIC_ACQ_REL); } \
    SOFTCUDA_INLINE type atomicAnd(type *at, type value) { return __atomic_fetch_and(at, value, __ATOMIC_ACQ_REL); }   \
    SOFTCUDA_INLINE type atomicOr(type *at, type value) { return __atomic_fetch_or(at, value, __ATOMIC_ACQ_REL); }     \
    SOFTCUDA_INLINE type atomicXor(type *at, type value) { return __atomic_fetch_xor(at, value, __ATOMIC_ACQ_REL); }   \
    SOFTCUDA_INLINE type atomicMin(type *at, type value) {                                                             \
        return softcuda::atomic_update(at, [value](type before) { return value < before ? value : before; });          \
    }                                                                                                                  \
    SOFTCUDA_INLINE type atomicMax(type *at, type value) {                                                             \
        return softcuda::atomic_update(at, [value](type before) { return before < value ? value : before; });          \
    }                                                                                                                  \
    SOFTCUDA_INLINE type atomicCAS(type *at, type expected, type value) {                                              \
        __atomic_compare_exchange_n(at, &expected, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);                  \
        return expected;                                                                                               \
    }
SOFTCUDA_ATOMICS(int)
SOFTCUDA_ATOMICS(unsigned)
SOFTCUDA_ATOMICS(long long)
SOFTCUDA_ATOMICS(unsigned long long)
#undef SOFTCUDA_ATOMICS

SOFTCUDA_INLINE int atomicSub(int *at, int value) { return __atomic_fetch_sub(at, value, __ATOMIC_ACQ_REL); }
SOFTCUDA_INLINE unsigned atomicSub(unsigned *at, unsigned value) {
    return __atomic_fetch_sub(at, value, __ATOMIC_ACQ_REL);
}
/* Counts up to the limit, then starts again at 0. */
SOFTCUDA_INLINE unsigned atomicInc(unsigned *at, unsigned limit) {
    return softcuda::atomic_update(at, [limit](unsigned before) { return before >= limit ? 0 : before + 1; });
}
SOFTCUDA_INLINE float atomicAdd(float *at, float value) {
    return softcuda::atomic_add_float<float, uint32_t>(at, value);
}
SOFTCUDA_INLINE double atomicAdd(double *at, double value) {
    return softcuda::atomic_add_float<double, uint64_t>(at, value);
}
SOFTCUDA_INLINE float atomicExch(float *at, float value) {
    return std::bit_cast<float>(atomicExch(reinterpret_cast<unsigned *>(at), std::bit_cast<unsigned>(value)));
}
template <class T> SOFTCUDA_INLINE T atomicAdd_block(T *at, T value) { return atomicAdd(at, value); }
template <class T> SOFTCUDA_INLINE T atomicAdd_system(T *at, T value) { return atomicAdd(at, value); }
template <class T> SOFTCUDA_INLINE T atomicExch_system(T *at, T value) { return atomicExch(at, value); }
template <class T> SOFTCUDA_INLINE T atomicMax_system(T *at, T value) { return atomicMax(at, value); }

/* ---- fences; a race detector does not know them, it takes its order from the atomics ---- */

#ifdef __SANITIZE_THREAD__
#define SOFTCUDA_FENCE() __asm__ volatile("" ::: "memory")
#else
#define SOFTCUDA_FENCE() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif
SOFTCUDA_INLINE void __threadfence_block() { SOFTCUDA_FENCE(); }
SOFTCUDA_INLINE void __threadfence() { SOFTCUDA_FENCE(); }
SOFTCUDA_INLINE void __threadfence_system() { SOFTCUDA_FENCE(); }

/* A thread that polls lets the others of its block run. Another block may not have begun: it cannot be waited for. */
inline void __nanosleep(unsigned, softcuda::Site here = softcuda::Site::here()) {
    softcuda::runtime->yield(softcuda::current_thread, here);
}
SOFTCUDA_INLINE long long clock64() { return static_cast<long long>(__builtin_ia32_rdtsc()); }
[[noreturn]] inline void __trap(softcuda::Site here = softcuda::Site::here()) {
    softcuda::runtime->fail(softcuda::current_thread, here, "__trap()");
    __builtin_unreachable();
}

/* ---- asynchronous copies (cp.async): nothing arrives before it is waited for: a missing wait shows every time ---- */

namespace softcuda {

/* cp.async: bytes is 4, 8 or 16, and both addresses are multiples of it; of the source only `copied` bytes are read. */
inline void copy_async(void *to, const void *from, unsigned bytes, unsigned copied, Site here = Site::here()) {
    Thread *self = current_thread;
    CopyQueue *queue = self->copies != nullptr ? self->copies : runtime->copy_queue(self);
    const auto addresses = reinterpret_cast<uintptr_t>(to) | (copied == 0 ? 0 : reinterpret_cast<uintptr_t>(from));
    if ((bytes != 4 && bytes != 8 && bytes != 16) || copied > bytes || (addresses & (bytes - 1)) != 0) {
        runtime->fail(self, here, "cp.async copies 4, 8 or 16 bytes between multiples of as many");
    }
    if (queue->end == MAX_COPIES) {
        runtime->fail(self, here, "more than 256 asynchronous copies of a thread are under way");
    }
    queue->copies[queue->end++] = {to, from, bytes, copied, queue->group};
}
inline void copy_async(void *to, const void *from, unsigned bytes, Site here = Site::here()) {
    copy_async(to, from, bytes, bytes, here);
}

/* cp.async.commit_group */
inline void copy_async_commit() {
    Thread *self = current_thread;
    CopyQueue *queue = self->copies != nullptr ? self->copies : runtime->copy_queue(self);
    queue->group++;
}

/* cp.async.wait_group: on return at most `pending` of the thread's committed groups are under way. */
inline void copy_async_wait(unsigned pending) {
    CopyQueue *queue = current_thread->copies;
    if (queue == nullptr) {
        return;
    }
    while (queue->first < queue->end && queue->copies[queue->first].group + pending < queue->group) {
        const CopyQueue::Copy &copy = queue->copies[queue->first++];
        for (unsigned i = 0; i < copy.bytes; i++) {
            static_cast<char *>(copy.to)[i] = i < copy.copied ? static_cast<const char *>(copy.from)[i] : 0;
        }
    }
    if (queue->first == queue->end) {
        queue->first = queue->end = 0;
    }
}

} // namespace softcuda

#endif
