/* Barriers and what the lanes of a warp do together. */
#ifndef SOFTCUDA_WARP_H
#define SOFTCUDA_WARP_H

#include <type_traits>

#include "memory.h"

/* ---- barriers ---- */

inline void __syncthreads(softcuda::Site here = softcuda::Site::here()) {
    softcuda::runtime->barrier(softcuda::current_thread, here);
}

namespace softcuda {

/* Joins the lanes of the mask: combine runs once with all of them, then they go on. */
inline void together(uint32_t mask, Combine combine, uint32_t argument, const void *input, void *output, Site here) {
    Thread *self = current_thread;
    self->site = here;
    self->combine = combine;
    self->mask = mask;
    self->argument = argument;
    self->input = input;
    self->output = output;
    runtime->warp_operation(self);
}

inline void nothing(Thread *, uint32_t) {}

template <class T> inline const T &brought(const Thread &lane) { return *static_cast<const T *>(lane.input); }
template <class T> inline T &taken(const Thread &lane) { return *static_cast<T *>(lane.output); }

} // namespace softcuda

inline void __syncwarp(unsigned mask = ~0u, softcuda::Site here = softcuda::Site::here()) {
    softcuda::together(mask, softcuda::nothing, 0, nullptr, nullptr, here);
}

/* ---- shuffles ---- */

namespace softcuda {

/* The argument of a lane is the lane that it reads; one outside the mask gives NaN bits. */
template <class T> inline void shuffle(Thread *lanes, uint32_t mask) {
    for_lanes(mask, [=](unsigned lane) {
        const unsigned source = lanes[lane].argument;
        if (mask >> source & 1) {
            taken<T>(lanes[lane]) = brought<T>(lanes[source]);
        } else {
            memset(lanes[lane].output, 0xff, sizeof(T));
        }
    });
}

template <class T> inline T shuffled(uint32_t mask, T value, unsigned source, Site here) {
    static_assert(std::is_trivially_copyable_v<T>);
    T result;
    together(mask, shuffle<T>, source, &value, &result, here);
    return result;
}

/* Any number of values of a full warp in one meeting: what the lanes of that bit pattern away have. */
template <class T, size_t N>
inline void shuffle_xor_array(const T (&values)[N], T (&others)[N], unsigned bits, Site here = Site::here()) {
    struct Values {
        T of[N];
    } mine;
    memcpy(mine.of, values, sizeof values);
    const Values theirs = shuffled(~0u, mine, current_thread->lane ^ bits, here);
    memcpy(others, theirs.of, sizeof others);
}

} // namespace softcuda

template <class T>
inline T __shfl_sync(unsigned mask, T value, int source, int width = 32,
                     softcuda::Site here = softcuda::Site::here()) {
    const unsigned lane = softcuda::current_thread->lane;
    const unsigned segment = lane & ~(width - 1u);
    return softcuda::shuffled(mask, value, segment + (static_cast<unsigned>(source) & (width - 1u)), here);
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                        softcuda::Site here = softcuda::Site::here()) {
    const unsigned lane = softcuda::current_thread->lane;
    const bool inside = (lane & (width - 1u)) >= delta;
    return softcuda::shuffled(mask, value, inside ? lane - delta : lane, here);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                          softcuda::Site here = softcuda::Site::here()) {
    const unsigned lane = softcuda::current_thread->lane;
    const bool inside = (lane & (width - 1u)) + delta < static_cast<unsigned>(width);
    return softcuda::shuffled(mask, value, inside ? lane + delta : lane, here);
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32,
                         softcuda::Site here = softcuda::Site::here()) {
    const unsigned lane = softcuda::current_thread->lane;
    const unsigned source = lane ^ static_cast<unsigned>(bits);
    const bool inside = source < (lane & ~(width - 1u)) + width;
    return softcuda::shuffled(mask, value, inside ? source : lane, here);
}

/* ---- votes and reductions of integers ---- */

namespace softcuda {

inline void vote(Thread *lanes, uint32_t mask) {
    uint32_t votes = 0;
    for_lanes(mask, [&](unsigned lane) { votes |= (lanes[lane].argument != 0 ? 1u : 0u) << lane; });
    for_lanes(mask, [&](unsigned lane) { taken<uint32_t>(lanes[lane]) = votes; });
}

inline uint32_t votes(uint32_t mask, bool mine, Site here) {
    uint32_t result;
    together(mask, vote, mine, nullptr, &result, here);
    return result;
}

template <class T> struct Sum {
    static T join(T a, T b) { return static_cast<T>(a + b); }
};
template <class T> struct Least {
    static T join(T a, T b) { return b < a ? b : a; }
};
template <class T> struct Greatest {
    static T join(T a, T b) { return a < b ? b : a; }
};

template <class T, class Op> inline void reduce(Thread *lanes, uint32_t mask) {
    bool first = true;
    T all{};
    for_lanes(mask, [&](unsigned lane) {
        all = first ? brought<T>(lanes[lane]) : Op::join(all, brought<T>(lanes[lane]));
        first = false;
    });
    for_lanes(mask, [&](unsigned lane) { taken<T>(lanes[lane]) = all; });
}

template <class Op, class T> inline T reduced(uint32_t mask, T value, Site here) {
    T result;
    together(mask, reduce<T, Op>, 0, &value, &result, here);
    return result;
}

} // namespace softcuda

inline unsigned __ballot_sync(unsigned mask, int predicate, softcuda::Site here = softcuda::Site::here()) {
    return softcuda::votes(mask, predicate != 0, here);
}
inline int __any_sync(unsigned mask, int predicate, softcuda::Site here = softcuda::Site::here()) {
    return softcuda::votes(mask, predicate != 0, here) != 0;
}
inline int __all_sync(unsigned mask, int predicate, softcuda::Site here = softcuda::Site::here()) {
    return softcuda::votes(mask, predicate == 0, here) == 0;
}
#define SOFTCUDA_REDUCE(name, type, op)                                                                                \
    inline type name(unsigned mask, type value, softcuda::Site here = softcuda::Site::here()) {                        \
        return softcuda::reduced<softcuda::op<type>>(mask, value, here);                                               \
    }
SOFTCUDA_REDUCE(__reduce_add_sync, unsigned, Sum)
SOFTCUDA_REDUCE(__reduce_add_sync, int, Sum)
SOFTCUDA_REDUCE(__reduce_min_sync, unsigned, Least)
SOFTCUDA_REDUCE(__reduce_min_sync, int, Least)
SOFTCUDA_REDUCE(__reduce_max_sync, unsigned, Greatest)
SOFTCUDA_REDUCE(__reduce_max_sync, int, Greatest)
#undef SOFTCUDA_REDUCE

/* ---- butterflies in one meeting of the lanes: the same bits as five shuffles, at a fifth of the cost ---- */

namespace softcuda {

/* v[l] = join(v[l], v[l ^ o]) for o = 16, 8, 4, 2, 1, on a full warp. */
template <class T, T (*join)(T, T)> inline void butterfly(Thread *lanes, uint32_t) {
    T value[WARP_LANES], next[WARP_LANES];
    for (unsigned lane = 0; lane < WARP_LANES; lane++) {
        value[lane] = brought<T>(lanes[lane]);
    }
    for (unsigned offset = WARP_LANES / 2; offset > 0; offset /= 2) {
        for (unsigned lane = 0; lane < WARP_LANES; lane++) {
            next[lane] = join(value[lane], value[lane ^ offset]);
        }
        for (unsigned lane = 0; lane < WARP_LANES; lane++) {
            value[lane] = next[lane];
        }
    }
    for (unsigned lane = 0; lane < WARP_LANES; lane++) {
        taken<T>(lanes[lane]) = value[lane];
    }
}

/* Every lane's butterfly of a full warp with any join; stands for the loop of __shfl_xor_sync over 16, 8, 4, 2, 1. */
template <class T, T (*join)(T, T)> inline T warp_butterfly(T value, Site here = Site::here()) {
    T result;
    together(~0u, butterfly<T, join>, 0, &value, &result, here);
    return result;
}

template <class T> inline T plus(T a, T b) { return a + b; }
template <class T> inline T greater_of(T a, T b) { return a > b ? a : b; }

/* The sum of a full warp, in the butterfly's order. */
template <class T> inline T warp_sum(T value, Site here = Site::here()) {
    return warp_butterfly<T, plus<T>>(value, here);
}

/* The greatest of a full warp: a > b ? a : b, in the butterfly's order. */
template <class T> inline T warp_max(T value, Site here = Site::here()) {
    return warp_butterfly<T, greater_of<T>>(value, here);
}

} // namespace softcuda

#endif
