/* What a processor can do at most, for benches: how fast it reads, how many float32 fma it does. */
#ifndef TACTUS_PROBE_H
#define TACTUS_PROBE_H

#include <stdint.h>

struct tactus_probe {
    /* Reads bytes from data on, a multiple of 512; returns what depends on all of them. */
    int32_t (*read)(const char *data, int64_t bytes);
    /* Runs so many rounds of independent chains of fma; returns what depends on all of them. */
    float (*fma)(int64_t rounds);
    /* Floating point operations of a round. */
    int64_t (*fma_operations)(void);
};

extern const struct tactus_probe tactus_probe_avx2, tactus_probe_avx512;

#endif
