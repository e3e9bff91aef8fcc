/*
 * The interpreter of step programs. Each worker runs every op, its share of the op's units, and waits only where an op
 * depends on what another worker did. How units are shared out depends on the shape of the pass alone, and no result
 * depends on how they are.
 */
#include "pass.h"

#include <string.h>

#include "barrier.h"
#include "dispatch.h"

enum { QUERIES = 64 }; /* query heads handed to attention at a time */

/* Which rows a packing holds; rows 0: none. */
struct packing {
    const float *x;
    int64_t kind, k, rows;
};

/* A worker in a pass. */
struct worker {
    const struct tactus_program *program;
    const struct tactus_pass *pass;
    const struct tactus_exact *exact;
    int64_t index, count;
    char *packs, *scratch;
    struct packing packed[TACTUS_PACK_SLOTS];
};

typedef void run_op(struct worker *w, const void *op, int64_t from, int64_t to);

static int64_t blocks(int64_t n, int64_t block) { return (n + block - 1) / block; }

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int is_fast(const struct tactus_matrix *m) { return m->kind >= TACTUS_FAST_BF16; }

static int64_t block_of(const struct tactus_matrix *m) { return is_fast(m) ? TACTUS_FAST_BLOCK : TACTUS_BLOCK; }

static int64_t count_of(const struct tactus_pass *p, int64_t space) {
    switch (space) {
    case TACTUS_SPACE_PASS:
        return p->rows;
    case TACTUS_SPACE_OUTPUT:
        return p->output_rows;
    case TACTUS_SPACE_AUDIO:
        return p->audio_sources;
    default:
        return p->patch_sources;
    }
}

static void *at(int64_t address) { return (void *)(intptr_t)address; }

/* ---- products ---- */

/* Whatever was packed may have been overwritten by another worker's op since. */
static void forget_packings(struct worker *w) { memset(w->packed, 0, sizeof w->packed); }

/* The packing of up to TACTUS_FAST_ROWS rows; made now, unless an op since the last barrier made it. */
static const void *packed_rows(struct worker *w, const struct tactus_fast *fast, const struct tactus_matrix *m,
                               const float *x, int64_t x_stride, int64_t first, int64_t rows) {
    const int64_t slot = first / TACTUS_FAST_ROWS % TACTUS_PACK_SLOTS;
    char *target = w->packs + slot * w->program->pack_bytes;
    const float *from = x + first * x_stride;
    struct packing *held = &w->packed[slot];
    if (held->x != from || held->kind != m->kind || held->k != m->cols || held->rows != rows) {
        fast->pack(from, x_stride, (int32_t)rows, (int32_t)m->cols, target);
        *held = (struct packing){from, m->kind, m->cols, rows};
    }
    return target;
}

/* y[r, n] = product of row r of x and row first + n of m, for n in [n0, n1). */
static void product(struct worker *w, const struct tactus_matrix *m, int64_t first, int64_t n0, int64_t n1,
                    const float *x, float *y, int64_t y_stride, int64_t rows) {
    if (!is_fast(m)) {
        w->exact->linear((int32_t)m->kind, m->data + first * m->stride, (int32_t)n0, (int32_t)n1, (int32_t)m->cols, x,
                         m->cols, y, y_stride, (int32_t)rows, w->scratch);
        return;
    }
    const struct tactus_fast *fast = tactus_fast_of((int32_t)w->program->isa, (int32_t)m->kind);
    for (int64_t r = 0; r < rows; r += TACTUS_FAST_ROWS) {
        const int64_t count = least(rows - r, TACTUS_FAST_ROWS);
        const void *packed = packed_rows(w, fast, m, x, m->cols, r, count);
        fast->multiply(m, first, (int32_t)n0, (int32_t)n1, packed, (int32_t)count, y + r * y_stride, y_stride);
    }
}

/* ---- audio ---- */

static void run_mel_fold(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_mel_fold *o = op;
    const struct tactus_pass *p = w->pass;
    for (int64_t i = from; i < to; i++) {
        if (p->audio_bins[i] == 0) {
            w->exact->mel_fold(at(p->audio_left[i]), at(p->audio_right[i]), o->hann, o->even + i * 801,
                               o->odd + i * 799);
        }
    }
}

static void run_mel_magnitude(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_mel_magnitude *o = op;
    const int64_t first = from * o->columns;
    w->exact->mel_magnitude(o->re + first, o->im + first, o->magnitude + first, (int32_t)((to - from) * o->columns));
}

static void run_mel_bin(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_mel_bin *o = op;
    for (int64_t i = from; i < to; i++) {
        int32_t *bins = o->bins + i * o->mels;
        if (w->pass->audio_bins[i] != 0) {
            memcpy(bins, at(w->pass->audio_bins[i]), (size_t)o->mels * sizeof *bins);
        } else {
            w->exact->mel_bin(o->mel + i * o->mels, o->thresholds, (int32_t)o->threshold_count, bins,
                              (int32_t)o->mels);
        }
    }
}

static void run_audio_bag(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_audio_bag *o = op;
    for (int64_t i = from; i < to; i++) {
        w->exact->audio_bag((int32_t)o->type, o->table, o->bins + i * o->mels, (int32_t)o->mels,
                            (int32_t)o->bins_per_mel, (int32_t)o->d, o->y + i * o->d, 0, (int32_t)o->d);
    }
}

/* ---- vision ---- */

static void run_patch_pixels(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_patch_pixels *o = op;
    const struct tactus_pass *p = w->pass;
    for (int64_t i = from; i < to; i++) {
        float *pixels = o->pixels + i * o->columns;
        if (p->patch_pixels[i] != 0) {
            memcpy(pixels, at(p->patch_pixels[i]), (size_t)o->columns * sizeof *pixels);
        } else {
            w->exact->patch_pixels(at(p->patch_previous[i]), at(p->patch_current[i]), (int32_t)o->frame_width,
                                   (int32_t)o->patch, p->patch_row[i], p->patch_col[i], o->table, pixels);
        }
    }
}

static void run_fold(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_fold *o = op;
    for (int64_t i = from; i < to; i++) {
        w->exact->fold(o->x + i * o->columns, (int32_t)o->t, (int32_t)o->h, (int32_t)o->w, (int32_t)o->c,
                       (int32_t)o->ft, (int32_t)o->fh, (int32_t)o->fw, o->y + i * o->columns);
    }
}

static void run_gelu(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_gelu *o = op;
    w->exact->gelu(o->x, from * o->columns, to * o->columns);
}

/* ---- projections, norms, embedding ---- */

static void run_linear(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_linear *o = op;
    const int64_t block = block_of(o->w);
    const int64_t rows = count_of(w->pass, o->space) * o->per_row;
    product(w, o->w, 0, from * block, least(to * block, o->outputs), o->x, o->y, o->outputs, rows);
}

static void run_rms_norm(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_rms_norm *o = op;
    w->exact->rms_norm(o->x, o->w, o->y, (int32_t)o->d, o->eps.value, 1.0f, (int32_t)from, (int32_t)to);
}

static void run_embed(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_embed *o = op;
    const struct tactus_pass *p = w->pass;
    const int64_t element = o->type == TACTUS_BF16 ? 2 : 4;
    for (int64_t row = from; row < to; row++) {
        float *y = o->y + row * o->d;
        const int64_t value = p->value[row];
        if (p->kind[row] == TACTUS_ROW_TOKEN) {
            w->exact->widen((int32_t)o->type, o->table + value * o->d * element, y, (int32_t)o->d);
            w->exact->rms_norm(y, o->norm, y, (int32_t)o->d, o->eps.value, 1.0f, 0, 1);
        } else {
            const float *source = p->kind[row] == TACTUS_ROW_AUDIO ? o->audio : o->vision;
            memcpy(y, source + value * o->d, (size_t)o->d * sizeof *y);
        }
    }
}

static void run_output_norm(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_output_norm *o = op;
    for (int64_t row = from; row < to; row++) {
        const int64_t out = w->pass->output_row[row];
        if (out >= 0) {
            w->exact->rms_norm(o->x + row * o->d, o->w, o->y + out * o->d, (int32_t)o->d, o->eps.value,
                               o->divisor.value, 0, 1);
        }
    }
}

/* ---- attention ---- */

/* The key and value of every row of a segment for one kv head. */
static void key_value_head(struct worker *w, const struct op_key_value *o, int64_t segment, int64_t head) {
    const struct tactus_pass *p = w->pass;
    const struct tactus_attention *shape = o->shape;
    const int64_t d = shape->head_dim, channels = shape->kv_heads * d;
    const int64_t first = p->first_row[segment], count = p->rows_of_segment[segment], entry = p->entry[segment];
    const int32_t c0 = (int32_t)(head * d), c1 = c0 + (int32_t)d;
    const int64_t offset = first * channels;
    char *state = at(p->state[entry]);
    w->exact->short_conv(o->k + offset, o->key_conv, (float *)(state + o->key_carry), NULL, o->k_out + offset,
                         (int32_t)channels, (int32_t)o->kernel, (int32_t)count, c0, c1);
    w->exact->short_conv(o->v + offset, o->value_conv, (float *)(state + o->value_carry), NULL, o->v_out + offset,
                         (int32_t)channels, (int32_t)o->kernel, (int32_t)count, c0, c1);
    const int64_t *pages = at(o->local ? p->local_pages[entry] : p->global_pages[entry]);
    for (int64_t row = first; row < first + count; row++) {
        const int32_t vector = (int32_t)(row * shape->kv_heads + head);
        w->exact->rms_norm(o->k_out, o->key_norm, o->k_out, (int32_t)d, o->eps.value, 1.0f, vector, vector + 1);
        w->exact->append_kv(shape, o->k_out + row * channels, o->v_out + row * channels, pages, p->position[row],
                            (int32_t)head, (int32_t)head + 1);
    }
}

/* Units are (segment, kv head) pairs: a head's channels need no other's. */
static void run_key_value(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_key_value *o = op;
    for (int64_t unit = from; unit < to; unit++) {
        key_value_head(w, o, unit / o->shape->kv_heads, unit % o->shape->kv_heads);
    }
}

/*
 * Units [from, to) of a segment, which are (kv head, row, query head of the kv head): queries that share a kv head go
 * to the kernel together.
 */
static void attend_segment(struct worker *w, const struct op_attention *o, int64_t segment, int64_t from, int64_t to) {
    const struct tactus_pass *p = w->pass;
    const struct tactus_attention *shape = o->shape;
    const int64_t group = shape->heads / shape->kv_heads;
    const int64_t of_head = p->rows_of_segment[segment] * group;
    const int64_t entry = p->entry[segment];
    const int64_t *pages = at(o->local ? p->local_pages[entry] : p->global_pages[entry]);
    struct tactus_query queries[QUERIES];
    for (int64_t unit = from; unit < to;) {
        const int64_t kv_head = unit / of_head;
        const int64_t end = least(least(to, (kv_head + 1) * of_head), unit + QUERIES);
        int32_t count = 0;
        for (; unit < end; unit++, count++) {
            const int64_t row = p->first_row[segment] + unit % of_head / group;
            const int64_t head = row * shape->heads + kv_head * group + unit % group;
            queries[count] = (struct tactus_query){o->q + head * shape->head_dim, o->r + head * shape->d_rel,
                                                   o->y + head * shape->head_dim, p->position[row],
                                                   o->local ? 1.0f : p->tau[row]};
        }
        w->exact->attend(shape, (int32_t)kv_head, queries, count, o->proj, pages, w->scratch);
    }
}

static void run_attention(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_attention *o = op;
    const struct tactus_pass *p = w->pass;
    int64_t first = 0;
    for (int64_t s = 0; s < p->segments; s++) {
        const int64_t units = p->rows_of_segment[s] * o->shape->heads;
        const int64_t begin = from > first ? from : first;
        const int64_t end = least(to, first + units);
        if (begin < end) {
            attend_segment(w, o, s, begin - first, end - first);
        }
        first += units;
    }
}

/* ---- the ends of blocks ---- */

static void add_residual(struct worker *w, const struct residual *r, int64_t c0, int64_t c1) {
    const struct tactus_pass *p = w->pass;
    for (int64_t s = 0; s < p->segments; s++) {
        const int64_t first = p->first_row[s] * r->d;
        char *state = at(p->state[p->entry[s]]);
        w->exact->short_conv(r->h + first, r->conv, (float *)(state + r->carry), r->x + first, r->x + first,
                             (int32_t)r->d, (int32_t)r->kernel, p->rows_of_segment[s], (int32_t)c0, (int32_t)c1);
    }
}

/* Units are blocks of channels: a channel's convolution needs no other. */
static void run_linear_conv(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_linear_conv *o = op;
    const int64_t block = block_of(o->w), d = o->residual.d;
    const int64_t n0 = from * block, n1 = least(to * block, d);
    product(w, o->w, 0, n0, n1, o->x, o->residual.h, d, w->pass->rows);
    for (int64_t row = 0; o->scaled && row < w->pass->rows; row++) {
        w->exact->scale(o->residual.h + row * d, o->scale.value, (int32_t)n0, (int32_t)n1);
    }
    add_residual(w, &o->residual, n0, n1);
}

/* Units are blocks of hidden elements, whose gate and up rows are neighbours. */
static void run_linear_swiglu(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_linear_swiglu *o = op;
    const int64_t block = block_of(o->w), hidden = o->hidden;
    const int64_t i0 = from * block, i1 = least(to * block, hidden);
    product(w, o->w, 0, 2 * i0, 2 * i1, o->x, o->gate_up, 2 * hidden, w->pass->rows);
    for (int64_t row = 0; row < w->pass->rows; row++) {
        w->exact->swiglu(o->gate_up + row * 2 * hidden, o->y + row * hidden, (int32_t)i0, (int32_t)i1, 0, 1.0f);
    }
}

/* ---- experts ---- */

static void run_route(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_route *o = op;
    const int64_t slots = o->chosen + o->shared;
    for (int64_t row = from; row < to; row++) {
        w->exact->route(o->z + row * (o->routed + o->shared), o->bias, (int32_t)o->routed, (int32_t)o->shared,
                        (int32_t)o->chosen, o->scale.value, o->experts + row * slots, o->weights + row * slots);
    }
}

/* Units are blocks of hidden elements. */
static void run_experts_up(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_experts_up *o = op;
    const int64_t block = block_of(o->routed), hidden = o->hidden;
    const int64_t i0 = from * block, i1 = least(to * block, hidden);
    for (int64_t row = 0; row < w->pass->rows; row++) {
        for (int64_t slot = row * o->slots; slot < (row + 1) * o->slots; slot++) {
            const int64_t expert = o->experts[slot];
            const int shared = expert >= o->routed_count;
            const struct tactus_matrix *m = shared ? o->shared : o->routed;
            const int64_t first = (shared ? expert - o->routed_count : expert) * 2 * hidden;
            float *gate_up = o->gate_up + slot * 2 * hidden;
            product(w, m, first, 2 * i0, 2 * i1, o->x + row * m->cols, gate_up, 2 * hidden, 1);
            w->exact->swiglu(gate_up, o->y + slot * hidden, (int32_t)i0, (int32_t)i1, shared, o->weights[slot]);
        }
    }
}

/* Units are blocks of channels. */
static void run_experts_down_conv(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_experts_down_conv *o = op;
    const int64_t block = block_of(o->routed), d = o->residual.d, hidden = o->hidden;
    const int64_t c0 = from * block, c1 = least(to * block, d);
    for (int64_t row = 0; row < w->pass->rows; row++) {
        float *h = o->residual.h + row * d, *y = o->down + row * d;
        memset(h + c0, 0, (size_t)(c1 - c0) * sizeof *h);
        for (int64_t slot = row * o->slots; slot < (row + 1) * o->slots; slot++) {
            const int64_t expert = o->experts[slot];
            const int shared = expert >= o->routed_count;
            const struct tactus_matrix *m = shared ? o->shared : o->routed;
            const int64_t first = (shared ? expert - o->routed_count : expert) * d;
            product(w, m, first, c0, c1, o->x + slot * hidden, y, d, 1);
            if (shared) {
                w->exact->add_row(y, h, (int32_t)c0, (int32_t)c1);
            } else {
                w->exact->fma_row(o->weights[slot], y, h, (int32_t)c0, (int32_t)c1);
            }
        }
    }
    add_residual(w, &o->residual, c0, c1);
}

/* ---- the draw ---- */

/* Units are output rows; a pass that samples has one per segment, in order. */
static void run_sample(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_sample *o = op;
    const struct tactus_pass *p = w->pass;
    for (int64_t row = from; row < to; row++) {
        const int64_t entry = p->entry[row];
        const struct tactus_sampling parameters = {p->temperature[row], p->top_p[row], p->top_k[row]};
        o->tokens[row] = w->exact->sample(o->logits + row * o->vocabulary, (int32_t)o->vocabulary, at(p->mask[row]),
                                          &parameters, p->seed[entry], (int32_t)p->tick[entry],
                                          p->output_position[row], w->scratch);
    }
}

/* ---- the program ---- */

/* Units of work that an op has in this pass. */
static int64_t units_of(const struct tactus_pass *p, const void *op) {
    switch (((const struct tactus_op *)op)->code) {
    case TACTUS_MEL_FOLD:
    case TACTUS_MEL_MAGNITUDE:
    case TACTUS_MEL_BIN:
    case TACTUS_AUDIO_BAG:
        return p->audio_sources;
    case TACTUS_PATCH_PIXELS:
    case TACTUS_FOLD:
        return p->patch_sources;
    case TACTUS_GELU:
        return count_of(p, ((const struct op_gelu *)op)->space);
    case TACTUS_LINEAR: {
        const struct op_linear *o = op;
        return count_of(p, o->space) == 0 ? 0 : blocks(o->outputs, block_of(o->w));
    }
    case TACTUS_RMS_NORM: {
        const struct op_rms_norm *o = op;
        return count_of(p, o->space) * o->per_row;
    }
    case TACTUS_KEY_VALUE:
        return p->segments * ((const struct op_key_value *)op)->shape->kv_heads;
    case TACTUS_ATTENTION:
        return p->rows * ((const struct op_attention *)op)->shape->heads;
    case TACTUS_LINEAR_CONV: {
        const struct op_linear_conv *o = op;
        return blocks(o->residual.d, block_of(o->w));
    }
    case TACTUS_LINEAR_SWIGLU: {
        const struct op_linear_swiglu *o = op;
        return blocks(o->hidden, block_of(o->w));
    }
    case TACTUS_EXPERTS_UP: {
        const struct op_experts_up *o = op;
        return blocks(o->hidden, block_of(o->routed));
    }
    case TACTUS_EXPERTS_DOWN_CONV: {
        const struct op_experts_down_conv *o = op;
        return blocks(o->residual.d, block_of(o->routed));
    }
    case TACTUS_SAMPLE:
        return p->sampling ? p->output_rows : 0;
    default: /* embed, route, output norm: rows */
        return p->rows;
    }
}

static run_op *const RUN[] = {
    [TACTUS_MEL_FOLD] = run_mel_fold,
    [TACTUS_MEL_MAGNITUDE] = run_mel_magnitude,
    [TACTUS_MEL_BIN] = run_mel_bin,
    [TACTUS_AUDIO_BAG] = run_audio_bag,
    [TACTUS_PATCH_PIXELS] = run_patch_pixels,
    [TACTUS_FOLD] = run_fold,
    [TACTUS_GELU] = run_gelu,
    [TACTUS_LINEAR] = run_linear,
    [TACTUS_RMS_NORM] = run_rms_norm,
    [TACTUS_EMBED] = run_embed,
    [TACTUS_KEY_VALUE] = run_key_value,
    [TACTUS_ATTENTION] = run_attention,
    [TACTUS_LINEAR_CONV] = run_linear_conv,
    [TACTUS_LINEAR_SWIGLU] = run_linear_swiglu,
    [TACTUS_ROUTE] = run_route,
    [TACTUS_EXPERTS_UP] = run_experts_up,
    [TACTUS_EXPERTS_DOWN_CONV] = run_experts_down_conv,
    [TACTUS_OUTPUT_NORM] = run_output_norm,
    [TACTUS_SAMPLE] = run_sample,
};

/* A worker's share of an op. */
static void run_share(struct worker *w, const void *op) {
    const int64_t units = units_of(w->pass, op);
    const int64_t from = units * w->index / w->count, to = units * (w->index + 1) / w->count;
    if (from < to) {
        RUN[((const struct tactus_op *)op)->code](w, op, from, to);
    }
}

static struct worker worker_of(const struct tactus_program *program, const struct tactus_pass *pass, int64_t index,
                               int64_t count) {
    struct worker w = {.program = program, .pass = pass, .index = index, .count = count};
    w.exact = tactus_exact_of((int32_t)program->isa);
    w.packs = program->scratch[index];
    w.scratch = w.packs + TACTUS_PACK_SLOTS * program->pack_bytes;
    return w;
}

/* Notes when a stage ends: before the first op of the next one. */
static void mark_stage(const struct tactus_program *program, struct tactus_pass *pass, int64_t op) {
    if (op == 0) {
        pass->started_ns = monotonic_ns();
    }
    if (op == program->preprocess_ops) {
        pass->preprocessed_ns = monotonic_ns();
    }
    if (op == program->op_count - 1) {
        pass->fused_ns = monotonic_ns();
    }
}

/* Runs a pass as one of its workers; all of them call, and each returns when its own share is done. */
TACTUS_EXPORT void tactus_pass_run(const struct tactus_program *program, struct tactus_pass *pass, int64_t index) {
    struct worker w = worker_of(program, pass, index, program->workers);
    for (int64_t i = 0; i < program->op_count; i++) {
        const void *op = program->ops[i];
        if (((const struct tactus_op *)op)->barrier) {
            barrier_await(program->barrier, (uint32_t)program->workers);
            forget_packings(&w);
        }
        if (index == 0) {
            mark_stage(program, pass, i);
        }
        run_share(&w, op);
    }
}

/* Runs the whole of one op on the caller's thread. */
TACTUS_EXPORT void tactus_pass_run_op(const struct tactus_program *program, struct tactus_pass *pass, int64_t i) {
    struct worker w = worker_of(program, pass, 0, 1);
    mark_stage(program, pass, i);
    run_share(&w, program->ops[i]);
}

/* Waits at a program's barrier. */
TACTUS_EXPORT void tactus_barrier_await(struct tactus_barrier *barrier, int64_t parties) {
    barrier_await(barrier, (uint32_t)parties);
}

/* What Java checks before it writes any of these structures. */
TACTUS_EXPORT int64_t tactus_abi(void) {
    return TACTUS_ABI * INT64_C(1000000) + (int64_t)sizeof(struct tactus_pass) * 1000 +
           (int64_t)sizeof(struct tactus_program);
}

TACTUS_EXPORT int64_t tactus_barrier_bytes(void) { return (int64_t)sizeof(struct tactus_barrier); }

_Static_assert(sizeof(struct op_experts_down_conv) <= TACTUS_OP_WORDS * sizeof(int64_t), "ops have a fixed size");
_Static_assert(sizeof(struct op_key_value) <= TACTUS_OP_WORDS * sizeof(int64_t), "ops have a fixed size");
