/*
 * Sums over the threads of a block of 256: exact for whole numbers, so their order does not matter.
 */
#ifndef TACTUS_SCAN_CUH
#define TACTUS_SCAN_CUH

#include "exact.cuh"

enum {
    SCAN_THREADS = 256,
    SCAN_GROUP = 16,
    SCAN_GROUPS = SCAN_THREADS / SCAN_GROUP,
    SCAN_WARPS = SCAN_THREADS / WARP
};

/* Shared memory of a sum; a kernel has one of them. */
struct Scan {
    uint64_t value[SCAN_THREADS];
    uint64_t group[SCAN_GROUPS];
    float warp[2][SCAN_WARPS];
};

/* What the threads before this one have of a number, and what all have. Several small numbers may share 64 bits. */
struct ScanResult {
    uint64_t before, total;
};

/* All 256 threads call. */
DEVICE ScanResult scan_block(Scan *scan, uint64_t value) {
    const int t = (int)threadIdx.x;
    scan->value[t] = value;
    __syncthreads();
    if (t < SCAN_GROUPS) {
        uint64_t sum = 0;
        for (int i = 0; i < SCAN_GROUP; i++) {
            sum += scan->value[t * SCAN_GROUP + i];
        }
        scan->group[t] = sum;
    }
    __syncthreads();
    ScanResult result = {0, 0};
    for (int g = 0; g < SCAN_GROUPS; g++) {
        result.before += g < t / SCAN_GROUP ? scan->group[g] : 0;
        result.total += scan->group[g];
    }
    for (int i = t / SCAN_GROUP * SCAN_GROUP; i < t; i++) {
        result.before += scan->value[i];
    }
    __syncthreads(); /* before the memory is used again */
    return result;
}

/*
 * How many a block has of something: a whole number below 2^24. turn alternates between calls that follow each other.
 */
DEVICE int scan_count(Scan *scan, int turn, int count) {
    const float sum = warp_sum((float)count);
    if (lane_of_thread() == 0) {
        scan->warp[turn & 1][threadIdx.x / WARP] = sum;
    }
    __syncthreads();
    float total = 0.0f;
    for (int w = 0; w < SCAN_WARPS; w++) {
        total = total + scan->warp[turn & 1][w];
    }
    return (int)total;
}

#endif
