/*
 * Loops that do nothing but read, or nothing but fma: the figures of kernels are given as shares of theirs.
 */
#include "probe.h"
#include "vec.h"

enum {
    READ_STEP = 512, /* bytes of a step of reading */
    READ_VECTORS = READ_STEP / (4 * VL),
    CHAINS = 12 /* an fma takes 4 or 5 cycles, and 2 begin in each */
};

/* tactus_probe.read. */
static int32_t read_all(const char *data, int64_t bytes) {
    vi seen[8] = {{0}};
    for (int64_t i = 0; i + READ_STEP <= bytes; i += READ_STEP) {
#pragma GCC unroll 16
        for (int v = 0; v < READ_VECTORS; v++) {
            seen[v % 8] |= vi_load((const int32_t *)(data + i + v * 4 * VL));
        }
    }
    const vi all = ((seen[0] | seen[1]) | (seen[2] | seen[3])) | ((seen[4] | seen[5]) | (seen[6] | seen[7]));
    int32_t result = 0;
    for (int l = 0; l < VL; l++) {
        result |= all[l];
    }
    return result;
}

/* tactus_probe.fma. */
static float fma_rounds(int64_t rounds) {
    const vf factor = v_set(0.5f), term = v_set(1.0f);
    vf sums[CHAINS];
#pragma GCC unroll 12
    for (int c = 0; c < CHAINS; c++) {
        sums[c] = v_set((float)c);
    }
    for (int64_t i = 0; i < rounds; i++) {
#pragma GCC unroll 12
        for (int c = 0; c < CHAINS; c++) {
            sums[c] = v_fma(sums[c], factor, term);
            __asm__("" : "+x"(sums[c])); /* keeps the chain as it is written */
        }
    }
    vf all = sums[0];
#pragma GCC unroll 12
    for (int c = 1; c < CHAINS; c++) {
        all += sums[c];
    }
    return all[0];
}

/* tactus_probe.fma_operations. */
static int64_t fma_operations(void) { return 2 * VL * CHAINS; }

const struct tactus_probe TACTUS_TABLE = {read_all, fma_rounds, fma_operations};
