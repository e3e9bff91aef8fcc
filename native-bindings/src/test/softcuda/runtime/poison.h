/*
 * The bits of memory that nobody has written. As float32, bfloat16, half and double they are NaN; as an index they are
 * negative and far away.
 */
#ifndef SOFTCUDA_POISON_H
#define SOFTCUDA_POISON_H

#include <cstddef>
#include <cstdint>

namespace softcuda {

inline constexpr uint16_t FRESH_POISON = 0xffc3;  /* allocated and never written */
inline constexpr uint16_t SHARED_POISON = 0xffd5; /* the same of a block's shared memory */
inline constexpr uint16_t FREED_POISON = 0xffdd;  /* freed */
inline constexpr uint16_t RED_ZONE = 0xffa5;      /* beside an allocation */

/*
 * By hand and not by memset and memcmp: those are seen by a race detector, which should not see the runtime. Addresses
 * and sizes are multiples of 2.
 */
inline void fill(void *from, size_t bytes, uint16_t pattern) {
    uint16_t *at = static_cast<uint16_t *>(from);
    for (size_t i = 0; i < bytes / 2; i++) {
        at[i] = pattern;
    }
}

/* The offset of the first byte that is not of the pattern; bytes when there is none. */
inline size_t first_change(const void *from, size_t bytes, uint16_t pattern) {
    const uint16_t *at = static_cast<const uint16_t *>(from);
    constexpr size_t step = 64; /* looked at together, without a branch */
    size_t i = 0;
    for (; i + step <= bytes / 2; i += step) {
        unsigned changed = 0;
        for (size_t j = i; j < i + step; j++) {
            changed |= at[j] ^ pattern;
        }
        if (changed != 0) {
            break;
        }
    }
    for (; i < bytes / 2; i++) {
        if (at[i] != pattern) {
            const bool low = (at[i] & 255) == (pattern & 255);
            return 2 * i + (low ? 1 : 0);
        }
    }
    return bytes;
}

} // namespace softcuda

#endif
