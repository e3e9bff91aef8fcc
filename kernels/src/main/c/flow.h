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

/* y [rows, outs] = x [rows, k] times the matrix. */
static void flow_product(const struct tactus_flow_matrix *m, int64_t outs, int64_t k, const float *x, float *y,
                         int32_t rows, void *rest) {
    linear((int32_t)m->type, m->data, 0, (int32_t)outs, (int32_t)k, x, k, y, outs, rows, rest);
}

/* h = h + W_b silu(W_a rms(h)). */
static void flow_layer(const struct tactus_flow_layer *layer, const struct flow_rows *at, int64_t width, int32_t rows) {
    const int32_t n = rows * (int32_t)width;
    rms_norm(at->h, layer->norm, at->normed, (int32_t)width, FLOW_EPS, 1.0f, 0, rows);
    flow_product(&layer->a, width, width, at->normed, at->inside, rows, at->rest);
    silu(at->inside, 0, n);
    flow_product(&layer->b, width, width, at->inside, at->normed, rows, at->rest);
    add_row(at->normed, at->h, 0, n);
}

/* x = fma(1 / N, v(x, step / N, c), x). */
static void flow_step(const struct tactus_flow *head, const struct flow_rows *at, float *x, int64_t step,
                      int32_t rows) {
    const int64_t width = head->width;
    flow_product(&head->x, width, head->block, x, at->h, rows, at->rest);
    for (int64_t r = 0; r < rows; r++) {
        add_row(head->time + step * width, at->h + r * width, 0, (int32_t)width);
    }
    add_row(at->condition, at->h, 0, rows * (int32_t)width);
    for (int64_t i = 0; i < head->layer_count; i++) {
        flow_layer(head->layers + i, at, width, rows);
    }
    rms_norm(at->h, head->norm, at->normed, (int32_t)width, FLOW_EPS, 1.0f, 0, rows);
    flow_product(&head->out, head->block, width, at->normed, at->v, rows, at->rest);
    fma_row(1.0f / (float)head->steps, at->v, x, 0, rows * (int32_t)head->block);
}

/* KernelSet.flow: c [rows, hidden]; x [rows, block], noise that becomes blocks. */
static void flow(const struct tactus_flow *head, const float *c, float *x, int32_t rows, void *scratch) {
    const struct flow_rows at = flow_rows_of(head, scratch);
    for (int64_t r = 0; r < rows; r += FLOW_ROWS) {
        const int32_t count = rows - r < FLOW_ROWS ? (int32_t)(rows - r) : FLOW_ROWS;
        flow_product(&head->c, head->width, head->hidden, c + r * head->hidden, at.condition, count, at.rest);
        for (int64_t step = 0; step < head->steps; step++) {
            flow_step(head, &at, x + r * head->block, step, count);
        }
    }
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

/* flow_product for some outputs. */
static void flow_some(const struct tactus_flow_matrix *m, struct flow_range outs, int64_t y_stride, int64_t k,
                      const float *x, float *y, int32_t rows, void *rest) {
    linear((int32_t)m->type, m->data, outs.from, outs.to, (int32_t)k, x, k, y, y_stride, rows, rest);
}

/* KernelSet.flow by several workers: each makes its outputs of every product, and they meet where all are needed. */
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

#endif
