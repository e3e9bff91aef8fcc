/* Philox 4x32-10 and what is made of it: dev.tactus.kernel.Philox, word for word. */
#ifndef TACTUS_PHILOX_CUH
#define TACTUS_PHILOX_CUH

#include "exact.cuh"

enum { PHILOX_SAMPLE = 1, PHILOX_FLOW = 2, PHILOX_ROUNDS = 10 };

struct PhiloxWords {
    uint32_t word[4];
};

/* The words of a draw: key (seed), counter (tick, position, draw, purpose). */
DEVICE PhiloxWords philox(int64_t seed, int64_t tick, int position, int draw, int purpose) {
    uint32_t c0 = (uint32_t)tick, c1 = (uint32_t)position, c2 = (uint32_t)draw, c3 = (uint32_t)purpose;
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)((uint64_t)seed >> 32);
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        const uint64_t product0 = (uint64_t)0xD2511F53u * c0;
        const uint64_t product1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)product1;
        c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)product0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return {{c0, c1, c2, c3}};
}

/* More than 0, at most 1. */
DEVICE float philox_uniform(uint32_t word) { return ((float)(word >> 8) + 0.5f) * 0x1p-24f; }

/* Two normals of two words. */
struct PhiloxNormals {
    float first, second;
};

DEVICE PhiloxNormals philox_normals(uint32_t word1, uint32_t word2) {
    const float radius = sqrt_rn(-2.0f * exact_log(philox_uniform(word1)));
    const float angle = TACTUS_TWO_PI * philox_uniform(word2);
    return {radius * exact_cos(angle), radius * exact_sin(angle)};
}

#endif
