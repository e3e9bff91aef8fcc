/*
 * What LoRA adapters add to a product: y = y + (scale * dot(b[n], t)), t = dot(a, x), float32 in every class.
 *
 *   a [experts, rank, cols]   b [experts, rows, rank]   t [rows * slots, largest rank]
 *
 * Bytes: a and b of the adapters in the pass, once per row. Floor: those over bandwidth; at rank 16 and a width of 2048
 * 128 KiB each, so what counts is the launch.
 */
#ifndef TACTUS_ADAPTERS_CUH
#define TACTUS_ADAPTERS_CUH

#include "exact.cuh"

/* An entry of the table of dev.tactus.kernel.AdapterFactors; a is NULL where the adapter has nothing. */
struct Factors {
    const float *a;
    const float *b;
    int64_t rank;
    float scale;
    int32_t unused;
};

/* The adapters of an op's rows. of_row NULL: there are none. rank: the largest, which is the stride of t. */
struct Adapters {
    const Factors *factors;
    const int32_t *of_row;
    int32_t modules;
    int32_t rank;
};

/* What the adapter of a row has beside a module; NULL: nothing. The same in all lanes. */
DEVICE const Factors *factors_of(const Adapters &adapters, int64_t row, int module) {
    if (adapters.of_row == NULL || module < 0) {
        return NULL;
    }
    const int adapter = adapters.of_row[row];
    if (adapter == 0) {
        return NULL;
    }
    const Factors *f = adapters.factors + (int64_t)(adapter - 1) * adapters.modules + module;
    return f->a == NULL ? NULL : f;
}

/* scale * dot(b[n], t), by a warp; every lane gets it. */
DEVICE float low_rank(const Factors *f, int64_t n, const float *t) {
    const int rank = (int)f->rank;
    return f->scale * warp_dot(t, f->b + n * rank, rank);
}

/*
 * The adapters of all rows of a pass and of its output rows, from those of its entries. adapter: per entry; entry,
 * first_row, rows_of_segment: per segment; output_entry: per output row. grid (segments), block (any).
 */
KERNEL __launch_bounds__(128)
tactus_adapters_of_rows(const int32_t *adapter, const int32_t *entry, const int32_t *first_row,
                        const int32_t *rows_of_segment, const int32_t *output_entry, int32_t *of_row,
                        int32_t *of_output_row, const int32_t *segments, const int32_t *output_rows) {
    const int segment = (int)blockIdx.x, thread = (int)threadIdx.x, threads = (int)blockDim.x;
    if (segment < *segments) {
        const int mine = adapter[entry[segment]];
        for (int i = thread; i < rows_of_segment[segment]; i += threads) {
            of_row[first_row[segment] + i] = mine;
        }
    }
    for (int i = segment * threads + thread; i < *output_rows; i += threads * (int)gridDim.x) {
        of_output_row[i] = adapter[output_entry[i]];
    }
}
EXPORT_KERNEL(tactus_adapters_of_rows)

/*
 * t[slot, j] = dot(a[expert, j], x) for j < rank, where the adapter of the slot's row has the module. experts NULL:
 * slots is 1. per_slot: x has a vector per slot, else one per row.
 *
 * grid (slots of all rows, rank / 8), block (256): a warp makes one number.
 */
KERNEL __launch_bounds__(256)
tactus_adapter_down(const float *x, int k, float *t, const int32_t *experts, int routed_count, int slots, int per_slot,
                    int module, int shared_module, Adapters adapters, const int32_t *rows) {
    const int64_t slot = blockIdx.x, row = slot / slots;
    const int j = (int)(blockIdx.y * (blockDim.x / WARP) + threadIdx.x / WARP);
    if (row >= *rows) {
        return;
    }
    const int chosen = experts == NULL ? 0 : experts[slot];
    const bool shared = experts != NULL && chosen >= routed_count;
    const Factors *f = factors_of(adapters, row, shared ? shared_module : module);
    if (f == NULL || j >= f->rank) {
        return;
    }
    const int64_t expert = shared ? chosen - routed_count : chosen;
    const float *a = f->a + (expert * f->rank + j) * k;
    const float y = warp_dot(x + (per_slot ? slot : row) * k, a, k);
    if (lane_of_thread() == 0) {
        t[slot * adapters.rank + j] = y;
    }
}
EXPORT_KERNEL(tactus_adapter_down)

#endif
