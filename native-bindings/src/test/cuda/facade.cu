/*
 * Kernels for the tests of the Java facades: every size of argument, shared memory of both kinds, and one that strays.
 */
#ifdef __CUDACC__
#define SOFTCUDA_KERNEL(kernel)
#else
#include "softcuda.h"
#endif

struct Pair {
    int count;
    float step;
    double start;
};

/* y[i] = factor * x[i] */
extern "C" __global__ void __launch_bounds__(256) facade_scale(float *y, const float *x, float factor, int n) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) {
        y[i] = factor * x[i];
    }
}
SOFTCUDA_KERNEL(facade_scale)

/* y[i] = pair.start + i * pair.step + offset, for i below pair.count; one thread */
extern "C" __global__ void facade_struct(double *y, Pair pair, long long offset) {
    for (int i = 0; i < pair.count; i++) {
        y[i] = pair.start + i * static_cast<double>(pair.step) + static_cast<double>(offset);
    }
}
SOFTCUDA_KERNEL(facade_struct)

/* *word += 1; one thread */
extern "C" __global__ void facade_count(int *word) { *word = *word + 1; }
SOFTCUDA_KERNEL(facade_count)

/* Nothing at all. */
extern "C" __global__ void facade_nothing() {}
SOFTCUDA_KERNEL(facade_nothing)

/* Writes where nothing was allocated, when offset says so. */
extern "C" __global__ void facade_stray(int *word, long long offset) { word[offset] = 1; }
SOFTCUDA_KERNEL(facade_stray)
