/* The flow head: noise to blocks of speech, KernelSet.flow. */
#ifndef TACTUS_FLOW_H
#define TACTUS_FLOW_H

#include "barrier.h"
#include "linear.h"
#include "rows.h"

enum {
    FLOW_ROWS = 32, /* FlowShape.ROWS: blocks that are computed together */
    FLOW_PART = 8   /* a worker's outputs are a multiple of it, but for the last */
};

#define FLOW_EPS 1e-6f

/* The rows that stand in scratch while blocks are made, and the scratch of products behind them. */
struct flow_rows {
    float *condition, *h, *normed, *inside; /* [FLOW_ROWS, width] */
    float *v;                               /* [FLOW_ROWS, block] */
    void *rest;
};

static struct flow_rows flow_rows_of(const struct tactus_flow *head, void *scratch) {
    const int64_t wide = FLOW_ROWS * head->width;
    float *first = scratch;
    float *v = first + 4 * wide;
    const uintptr_t end = (uintptr_t)(v + FLOW_ROWS * head->block);
    return (struct flow_rows){first, first + wide, first + 2 * wide, first + 3 * wide, v, (void *)((end + 63) & -64)};
}

/* The outputs [from, to) of [0, n) that are a worker's. */
struct flow_range {
    int32_t from, to;
};

static struct flow_range flow_range_of(const struct tactus_flow_share *share, int64_t n) {
    const int64_t parts = (n + FLOW_PART - 1) / FLOW_PART;
    const int64_t to = parts * (share->index + 1) / share->count * FLOW_PART;
    return (struct flow_range){(int32_t)(parts * share->index / share->count * FLOW_PART), (int32_t)(to < n ? to : n)};
}

/* Some outputs of y [rows, y_stride] = x [rows, k] times the matrix. */
static void flow_some(const struct tactus_flow_matrix *m, struct flow_range outs, int64_t y_stride, int64_t k,
                      const float *x, float *y, int32_t rows, void *rest) {
    linear((int32_t)m->type, m->data, outs.from, outs.to, (int32_t)k, x, k, y, y_stride, rows, rest);
}

/*
 * c [rows, hidden]; x [rows, block], noise that becomes blocks, of up to FLOW_ROWS rows. Several workers call: each
 * makes its outputs of every product, and they meet where all are needed. Per step: h = W_x x + t + W_c c; per layer
 * h = h + W_b silu(W_a rms(h)); x = fma(1 / N, W_out rms(h), x).
 */
static void flow_together(const struct tactus_flow *head, const float *c, float *x, int32_t rows,
                          const struct tactus_flow_share *share) {
    const struct flow_rows all = flow_rows_of(head, share->shared), mine = flow_rows_of(head, share->scratch);
    const int64_t width = head->width, block = head->block;
    const struct flow_range wide = flow_range_of(share, width), out = flow_range_of(share, block);
    flow_some(&head->c, wide, width, head->hidden, c, mine.condition, rows, mine.rest);
    for (int64_t step = 0; step < head->steps; step++) {
        flow_some(&head->x, wide, width, block, x, all.h, rows, mine.rest);
        for (int64_t r = 0; r < rows; r++) {
            add_row(head->time + step * width, all.h + r * width, wide.from, wide.to);
            add_row(mine.condition + r * width, all.h + r * width, wide.from, wide.to);
        }
        barrier_await(share->barrier, share->count);
        for (int64_t i = 0; i < head->layer_count; i++) {
            const struct tactus_flow_layer *layer = head->layers + i;
            rms_norm(all.h, layer->norm, mine.normed, (int32_t)width, FLOW_EPS, 1.0f, 0, rows);
            flow_some(&layer->a, wide, width, width, mine.normed, all.inside, rows, mine.rest);
            for (int64_t r = 0; r < rows; r++) {
                silu(all.inside + r * width, wide.from, wide.to);
            }
            barrier_await(share->barrier, share->count);
            flow_some(&layer->b, wide, width, width, all.inside, mine.normed, rows, mine.rest);
            for (int64_t r = 0; r < rows; r++) {
                add_row(mine.normed + r * width, all.h + r * width, wide.from, wide.to);
            }
            barrier_await(share->barrier, share->count);
        }
        rms_norm(all.h, head->norm, mine.normed, (int32_t)width, FLOW_EPS, 1.0f, 0, rows);
        flow_some(&head->out, out, block, width, mine.normed, mine.v, rows, mine.rest);
        for (int64_t r = 0; r < rows; r++) {
            fma_row(1.0f / (float)head->steps, mine.v + r * block, x + r * block, out.from, out.to);
        }
        barrier_await(share->barrier, share->count);
    }
}

/* KernelSet.flow: the same for any number of rows, by one worker. */
static void flow(const struct tactus_flow *head, const float *c, float *x, int32_t rows, void *scratch) {
    const struct tactus_flow_share alone = {.index = 0, .count = 1, .shared = scratch, .scratch = scratch};
    for (int64_t r = 0; r < rows; r += FLOW_ROWS) {
        const int32_t count = rows - r < FLOW_ROWS ? (int32_t)(rows - r) : FLOW_ROWS;
        flow_together(head, c + r * head->hidden, x + r * head->block, count, &alone);
    }
}

#endif
