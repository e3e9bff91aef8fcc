/*
 * The interpreter of step programs. Each worker runs every op, its share of the op's units, and waits only where an op
 * depends on what another worker did. How units are shared out depends on the shape of the pass alone, and no result
 * depends on how they are.
 */
#include "pass.h"

#include <string.h>

#include "barrier.h"
#include "dispatch.h"

enum {
    QUERIES = 64,       /* query heads handed to attention at a time */
    VOCODER_FRAMES = 5, /* dev.tactus.kernel.vocoder.Vocoder */
    VOCODER_MELS = 80,
    VOCODER_SAMPLES = 800,
    VOCODER_FLUSH_BLOCKS = 2,
    VOCODER_SCRATCH = (VOCODER_FRAMES * VOCODER_MELS * 4 + 63) / 64 * 64 /* log mels, before the vocoder's own */
};

#define VOCODER_LOG_FLOOR (-11.512925f)

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
    case TACTUS_SPACE_PATCH:
        return p->patch_sources;
    case TACTUS_SPACE_SPEECH:
        return p->speech_sources;
    default:
        return p->voice_rows;
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

/* ---- adapters ---- */

/* Rows of a space that belong to a segment. */
struct span {
    int64_t first, count;
};

/* The rows of segment s, given those of the one before it; output rows are handed out in the order of rows. */
static struct span span_of(const struct tactus_pass *p, int64_t space, int64_t s, struct span before) {
    if (space == TACTUS_SPACE_PASS) {
        return (struct span){p->first_row[s], p->rows_of_segment[s]};
    }
    struct span span = {before.first + before.count, 0};
    for (int64_t row = p->first_row[s]; row < p->first_row[s] + p->rows_of_segment[s]; row++) {
        span.count += p->output_row[row] >= 0;
    }
    return span;
}

/* What the adapter of a segment has beside a matrix; NULL: nothing. */
static const struct tactus_factors *factors_of(const struct worker *w, int64_t segment, int64_t module) {
    const int64_t adapter = module < 0 ? 0 : w->pass->adapter[w->pass->entry[segment]];
    if (adapter == 0) {
        return NULL;
    }
    const struct tactus_factors *f = w->program->factors + (adapter - 1) * w->program->modules + module;
    return f->a == NULL ? NULL : f;
}

/* What adapters add to outputs [n0, n1) of an op without experts: factors are EXACT float32 in every class. */
static void adapt(struct worker *w, const struct adapted *o, int64_t space, int64_t n0, int64_t n1, float *y,
                  int64_t y_stride) {
    if (o->module < 0 || w->pass->adapted == 0) {
        return;
    }
    const int64_t rank = w->program->rank;
    struct span span = {0, 0};
    for (int64_t s = 0; s < w->pass->segments; s++) {
        const struct tactus_factors *f = factors_of(w, s, o->module);
        span = span_of(w->pass, space, s, span);
        if (f != NULL) {
            w->exact->low_rank(f->b, (int32_t)f->rank, o->t + span.first * rank, rank, (int32_t)span.count, (int32_t)n0,
                               (int32_t)n1, f->scale.value, y + span.first * y_stride, y_stride, w->scratch);
        }
    }
}

/* What the adapter of a segment adds to outputs [n0, n1) of an expert's `outputs`, for the expert of one slot. */
static void adapt_expert(struct worker *w, const struct adapted *o, int64_t segment, int64_t slot, int shared,
                         int64_t expert, int64_t outputs, int64_t n0, int64_t n1, float *y) {
    const struct tactus_factors *f = factors_of(w, segment, shared ? o->shared : o->module);
    if (f != NULL) {
        w->exact->low_rank(f->b + expert * outputs * f->rank, (int32_t)f->rank, o->t + slot * w->program->rank, 0, 1,
                           (int32_t)n0, (int32_t)n1, f->scale.value, y, 0, w->scratch);
    }
}

/* Outputs [n0, n1) of A x for the experts of one row. */
static void down_experts(struct worker *w, const struct op_adapter_down *o, int64_t segment, int64_t row, int64_t n0,
                         int64_t n1) {
    for (int64_t slot = row * o->slots; slot < (row + 1) * o->slots; slot++) {
        const int64_t expert = o->experts[slot];
        const int shared = expert >= o->routed_count;
        const struct tactus_factors *f = factors_of(w, segment, shared ? o->adapted.shared : o->adapted.module);
        if (f != NULL && n0 < f->rank) {
            const float *a = f->a + (shared ? expert - o->routed_count : expert) * f->rank * o->cols;
            w->exact->linear(TACTUS_F32, a, (int32_t)n0, (int32_t)least(n1, f->rank), (int32_t)o->cols,
                             o->x + (o->per_slot ? slot : row) * o->cols, o->cols,
                             o->adapted.t + slot * w->program->rank, w->program->rank, 1, w->scratch);
        }
    }
}

/* Outputs [n0, n1) of A x for rows [r0, r1). */
static void down_rows(struct worker *w, const struct op_adapter_down *o, int64_t r0, int64_t r1, int64_t n0,
                      int64_t n1) {
    const int64_t rank = w->program->rank;
    struct span span = {0, 0};
    for (int64_t s = 0; s < w->pass->segments; s++) {
        span = span_of(w->pass, o->space, s, span);
        const int64_t first = span.first > r0 ? span.first : r0, end = least(span.first + span.count, r1);
        if (o->experts != NULL) {
            for (int64_t row = first; row < end && w->pass->adapter[w->pass->entry[s]] != 0; row++) {
                down_experts(w, o, s, row, n0, n1);
            }
            continue;
        }
        const struct tactus_factors *f = factors_of(w, s, o->adapted.module);
        if (f != NULL && first < end && n0 < f->rank) {
            w->exact->linear(TACTUS_F32, f->a, (int32_t)n0, (int32_t)least(n1, f->rank), (int32_t)o->cols,
                             o->x + first * o->cols, o->cols, o->adapted.t + first * rank, rank,
                             (int32_t)(end - first), w->scratch);
        }
    }
}

/* Units are (block of outputs, row) pairs: a small rank is shared out by rows, a decode pass by outputs. */
static void run_adapter_down(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_adapter_down *o = op;
    const int64_t rows = count_of(w->pass, o->space);
    for (int64_t unit = from; unit < to;) {
        const int64_t n0 = unit / rows * TACTUS_BLOCK, r0 = unit % rows;
        const int64_t count = least(rows - r0, to - unit);
        down_rows(w, o, r0, r0 + count, n0, n0 + TACTUS_BLOCK);
        unit += count;
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
    const int64_t n0 = from * block, n1 = least(to * block, o->outputs);
    product(w, o->w, 0, n0, n1, o->x, o->y, o->outputs, rows);
    adapt(w, &o->adapted, o->space, n0, n1, o->y, o->outputs);
}

static void run_rms_norm(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_rms_norm *o = op;
    w->exact->rms_norm(o->x, o->w, o->y, (int32_t)o->d, o->eps.value, 1.0f, (int32_t)from, (int32_t)to);
}

/* The vectors of an encoder. */
static const float *vectors_of(const struct op_embed *o, int32_t kind) {
    return kind == TACTUS_ROW_AUDIO ? o->audio : kind == TACTUS_ROW_PATCH ? o->vision : o->speech;
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
            memcpy(y, vectors_of(o, p->kind[row]) + value * o->d, (size_t)o->d * sizeof *y);
        }
    }
}

static void run_output_norm(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_output_norm *o = op;
    const int32_t *place = o->space == TACTUS_SPACE_VOICE ? w->pass->voice_row : w->pass->output_row;
    for (int64_t row = from; row < to; row++) {
        const int64_t out = place[row];
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
    adapt(w, &o->adapted, TACTUS_SPACE_PASS, n0, n1, o->residual.h, d);
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
    adapt(w, &o->adapted, TACTUS_SPACE_PASS, 2 * i0, 2 * i1, o->gate_up, 2 * hidden);
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

/* The segment of a row, given that of the row before it. */
static int64_t segment_of(const struct tactus_pass *p, int64_t row, int64_t before) {
    return row < p->first_row[before] + p->rows_of_segment[before] ? before : before + 1;
}

/* Units are blocks of hidden elements. */
static void run_experts_up(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_experts_up *o = op;
    const int64_t block = block_of(o->routed), hidden = o->hidden;
    const int64_t i0 = from * block, i1 = least(to * block, hidden);
    for (int64_t row = 0, segment = 0; row < w->pass->rows; row++) {
        segment = segment_of(w->pass, row, segment);
        for (int64_t slot = row * o->slots; slot < (row + 1) * o->slots; slot++) {
            const int shared = o->experts[slot] >= o->routed_count;
            const int64_t expert = o->experts[slot] - (shared ? o->routed_count : 0);
            const struct tactus_matrix *m = shared ? o->shared : o->routed;
            float *gate_up = o->gate_up + slot * 2 * hidden;
            product(w, m, expert * 2 * hidden, 2 * i0, 2 * i1, o->x + row * m->cols, gate_up, 2 * hidden, 1);
            adapt_expert(w, &o->adapted, segment, slot, shared, expert, 2 * hidden, 2 * i0, 2 * i1, gate_up);
            w->exact->swiglu(gate_up, o->y + slot * hidden, (int32_t)i0, (int32_t)i1, shared, o->weights[slot]);
        }
    }
}

/* Channels [c0, c1) of h = what the experts of a row give together; y is the place of one product. */
static void combine_experts(struct worker *w, const struct op_experts_down_conv *o, int64_t segment, int64_t row,
                            int64_t c0, int64_t c1) {
    const int64_t d = o->residual.d, hidden = o->hidden;
    float *h = o->residual.h + row * d, *y = o->down + row * d;
    memset(h + c0, 0, (size_t)(c1 - c0) * sizeof *h);
    for (int64_t slot = row * o->slots; slot < (row + 1) * o->slots; slot++) {
        const int shared = o->experts[slot] >= o->routed_count;
        const int64_t expert = o->experts[slot] - (shared ? o->routed_count : 0);
        product(w, shared ? o->shared : o->routed, expert * d, c0, c1, o->x + slot * hidden, y, d, 1);
        adapt_expert(w, &o->adapted, segment, slot, shared, expert, d, c0, c1, y);
        if (shared) {
            w->exact->add_row(y, h, (int32_t)c0, (int32_t)c1);
        } else {
            w->exact->fma_row(o->weights[slot], y, h, (int32_t)c0, (int32_t)c1);
        }
    }
}

/* Units are blocks of channels. */
static void run_experts_down_conv(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_experts_down_conv *o = op;
    const int64_t block = block_of(o->routed);
    const int64_t c0 = from * block, c1 = least(to * block, o->residual.d);
    for (int64_t row = 0, segment = 0; row < w->pass->rows; row++) {
        segment = segment_of(w->pass, row, segment);
        combine_experts(w, o, segment, row, c0, c1);
    }
    add_residual(w, &o->residual, c0, c1);
}

/* ---- the draw ---- */

/* Units are output rows. */
static void run_sample(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_sample *o = op;
    const struct tactus_pass *p = w->pass;
    for (int64_t row = from; row < to; row++) {
        const int64_t entry = p->output_entry[row];
        const struct tactus_sampling parameters = {p->temperature[row], p->top_p[row], p->top_k[row]};
        o->tokens[row] = w->exact->sample(o->logits + row * o->vocabulary, (int32_t)o->vocabulary, at(p->mask[row]),
                                          &parameters, p->seed[entry], (int32_t)p->tick[entry],
                                          p->output_position[row], w->scratch);
    }
}

/* ---- speech ---- */

static void run_speech_blocks(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_speech_blocks *o = op;
    for (int64_t i = from; i < to; i++) {
        memcpy(o->y + i * o->block, at(w->pass->speech_block[i]), (size_t)o->block * sizeof *o->y);
    }
}

/* Units are voice rows: a worker makes its blocks together. */
static void run_flow(struct worker *w, const void *op, int64_t from, int64_t to) {
    const struct op_flow *o = op;
    const int64_t *places = w->pass->voice_block;
    const int64_t block = o->head->block;
    const size_t bytes = (size_t)block * sizeof *o->blocks;
    for (int64_t i = from; i < to; i++) {
        memcpy(o->blocks + i * block, at(places[i]), bytes);
    }
    w->exact->flow(o->head, o->condition + from * o->head->hidden, o->blocks + from * block, (int32_t)(to - from),
                   w->scratch);
    for (int64_t i = from; i < to; i++) {
        memcpy(at(places[i]), o->blocks + i * block, bytes);
    }
}

/*
 * Fewer blocks than workers, as where a single session speaks: all of them make each block, since its weights take
 * longer to read than workers to meet. Every worker calls; the bits are those of run_flow.
 */
static void run_flow_together(struct worker *w, const struct op_flow *o, int64_t rows) {
    const int64_t *places = w->pass->voice_block;
    const int64_t block = o->head->block;
    const size_t bytes = (size_t)block * sizeof *o->blocks;
    const struct tactus_flow_share share = {
        .index = (uint32_t)w->index,
        .count = (uint32_t)w->count,
        .barrier = w->program->barrier,
        .shared = w->program->scratch[0] + TACTUS_PACK_SLOTS * w->program->pack_bytes,
        .scratch = w->scratch,
    };
    for (int64_t i = 0; i < rows && w->index == 0; i++) {
        memcpy(o->blocks + i * block, at(places[i]), bytes);
    }
    barrier_await(w->program->barrier, share.count);
    w->exact->flow_together(o->head, o->condition, o->blocks, (int32_t)rows, &share);
    for (int64_t i = 0; i < rows && w->index == 0; i++) {
        memcpy(at(places[i]), o->blocks + i * block, bytes);
    }
}

/* The log mels of a block of normalised ones. */
static void denormalise(const struct op_vocode *o, const float *block, float *log_mel) {
    for (int64_t i = 0; i < VOCODER_FRAMES; i++) {
        for (int64_t mel = 0; mel < VOCODER_MELS; mel++) {
            const int64_t at = i * VOCODER_MELS + mel;
            log_mel[at] = block[at] * o->deviation[mel] + o->mean[mel];
        }
    }
}

/* One job of the vocoder: a block, or the silent blocks that bring out what is held back. */
static void vocode(struct worker *w, const struct op_vocode *o, int64_t job) {
    const struct tactus_pass *p = w->pass;
    float *log_mel = (float *)w->scratch;
    char *state = (char *)at(p->state[p->job_entry[job]]) + o->state;
    float *samples = at(p->job_samples[job]);
    const int flush = p->job_block[job] == 0;
    if (flush) {
        for (int64_t i = 0; i < VOCODER_FRAMES * VOCODER_MELS; i++) {
            log_mel[i] = VOCODER_LOG_FLOOR;
        }
    } else {
        denormalise(o, at(p->job_block[job]), log_mel);
    }
    for (int64_t i = 0; i < (flush ? VOCODER_FLUSH_BLOCKS : 1); i++) {
        w->exact->vocoder_block(o->tables, state, log_mel, samples + i * VOCODER_SAMPLES, w->scratch + VOCODER_SCRATCH);
    }
}

/* Units are jobs. */
static void run_vocode(struct worker *w, const void *op, int64_t from, int64_t to) {
    for (int64_t unit = from; unit < to; unit++) {
        vocode(w, op, unit);
    }
}

/* ---- the program ---- */

/* Units of work that an op has in this pass; rank: the largest of an adapter. */
static int64_t units_of(const struct tactus_pass *p, const void *op, int64_t rank) {
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
        return p->rows == 0 ? 0 : blocks(o->residual.d, block_of(o->w));
    }
    case TACTUS_LINEAR_SWIGLU: {
        const struct op_linear_swiglu *o = op;
        return p->rows == 0 ? 0 : blocks(o->hidden, block_of(o->w));
    }
    case TACTUS_EXPERTS_UP: {
        const struct op_experts_up *o = op;
        return p->rows == 0 ? 0 : blocks(o->hidden, block_of(o->routed));
    }
    case TACTUS_EXPERTS_DOWN_CONV: {
        const struct op_experts_down_conv *o = op;
        return p->rows == 0 ? 0 : blocks(o->residual.d, block_of(o->routed));
    }
    case TACTUS_SAMPLE:
        return p->sampling ? p->output_rows : 0;
    case TACTUS_ADAPTER_DOWN:
        return p->adapted ? count_of(p, ((const struct op_adapter_down *)op)->space) * blocks(rank, TACTUS_BLOCK) : 0;
    case TACTUS_OUTPUT_NORM:
        return count_of(p, ((const struct op_output_norm *)op)->space) == 0 ? 0 : p->rows;
    case TACTUS_SPEECH_BLOCKS:
        return p->speech_sources;
    case TACTUS_FLOW:
        return p->sampling ? p->voice_rows : 0;
    case TACTUS_VOCODE:
        return p->jobs;
    default: /* embed, route: rows */
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
    [TACTUS_ADAPTER_DOWN] = run_adapter_down,
    [TACTUS_SPEECH_BLOCKS] = run_speech_blocks,
    [TACTUS_FLOW] = run_flow,
    [TACTUS_VOCODE] = run_vocode,
};

/*
 * A worker's share of the units of an op. The vocoder's are shared out from the other end: where a single session
 * speaks, one worker makes its next block meanwhile, which is one unit too.
 */
static void run_share(struct worker *w, const void *op, int64_t units) {
    const int64_t code = ((const struct tactus_op *)op)->code;
    const int64_t index = code == TACTUS_VOCODE ? w->count - 1 - w->index : w->index;
    const int64_t from = units * index / w->count, to = units * (index + 1) / w->count;
    if (from < to) {
        RUN[code](w, op, from, to);
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

/*
 * Runs a pass as one of its workers; all of them call, and each returns when its own share is done. A barrier before
 * an op that has nothing to do waits until one has: the encoders cost a decode pass no barriers, nor speech a text.
 */
TACTUS_EXPORT void tactus_pass_run(const struct tactus_program *program, struct tactus_pass *pass, int64_t index) {
    struct worker w = worker_of(program, pass, index, program->workers);
    const int64_t waits = pass->adapted ? TACTUS_BARRIER_ADAPTED : TACTUS_BARRIER_BASE;
    int64_t wanted = 0;
    for (int64_t i = 0; i < program->op_count; i++) {
        const void *op = program->ops[i];
        const int64_t units = units_of(pass, op, program->rank);
        wanted |= ((const struct tactus_op *)op)->barrier & waits;
        if (wanted && units) {
            barrier_await(program->barrier, (uint32_t)program->workers);
            forget_packings(&w);
            wanted = 0;
        }
        if (index == 0) {
            mark_stage(program, pass, i);
        }
        if (((const struct tactus_op *)op)->code == TACTUS_FLOW && units > 0 && units < w.count) {
            run_flow_together(&w, op, units);
        } else {
            run_share(&w, op, units);
        }
    }
}

/* Runs the whole of one op on the caller's thread. */
TACTUS_EXPORT void tactus_pass_run_op(const struct tactus_program *program, struct tactus_pass *pass, int64_t i) {
    struct worker w = worker_of(program, pass, 0, 1);
    mark_stage(program, pass, i);
    run_share(&w, program->ops[i], units_of(pass, program->ops[i], program->rank));
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
