/*
 * Tests pass.c and barrier.h. A small program with every op runs over many passes by several threads; each pass must
 * give the bits that exact_reference.h gives op by op (EXACT), or the interpreter itself on one thread (FAST). Then the
 * barrier alone: with a slow worker, so that others park, and with arrivals around the moment at which they do.
 * run.sh compiles and runs it.
 */
#include "pass.h"

#include <pthread.h>
#include <unistd.h>

#include "barrier.h"
#include "dispatch.h"
#include "exact_reference.h"
#include "quantize.h"

void tactus_pass_run(const struct tactus_program *program, struct tactus_pass *pass, int64_t index);
void tactus_pass_run_op(const struct tactus_program *program, struct tactus_pass *pass, int64_t i);
void tactus_barrier_await(struct tactus_barrier *barrier, int64_t parties);

/* In the place of dispatch.c, which would want the tables of every instruction set. */
const struct tactus_exact *tactus_exact_of(int32_t isa) {
    CHECK(isa == TACTUS_ISA_AVX2, "instruction set %d", isa);
    return &tactus_exact_avx2;
}

const struct tactus_fast *tactus_fast_of(int32_t isa, int32_t kind) {
    CHECK(isa == TACTUS_ISA_AVX2, "instruction set %d", isa);
    return kind == TACTUS_FAST_INT8 ? &tactus_int8_avx2 : &tactus_bf16_avx2;
}

enum {
    MAX_ROWS = 260, /* more than all packings of a worker hold */
    MAX_SOURCES = 5,
    SEGMENTS = 3,
    D = 40,
    HEADS = 4,
    KV_HEADS = 2,
    HEAD_DIM = 12,
    D_REL = 5,
    EXTENT = 37,
    KERNEL = 4,
    HIDDEN = 36,
    VOCABULARY = 70,
    ROUTED = 6,
    SHARED = 1,
    CHOSEN = 2,
    SLOTS = CHOSEN + SHARED,
    EXPERT_HIDDEN = 20,
    BANDS = 9, /* of the spectrum, which has 801 in the model */
    MELS = 6,
    THRESHOLDS = 3,
    PATCH = 4,
    PIXELS = 2 * PATCH * PATCH * 3,
    PATCH_HIDDEN = 10,
    PASSES = 20,
    ADAPTERS = 2,
    RANK = 11, /* the largest; more than a block of outputs */
    MODULES = 20,
    BLOCK = 400, /* of speech */
    WIDTH = 21,
    MAX_OPS = 80,
    MAX_WORKERS = 3
};

/* A session's convolution carries, in the order in which they lie in its state. */
enum {
    KEY_CARRY = 0,
    VALUE_CARRY = KEY_CARRY + (KERNEL - 1) * KV_HEADS * HEAD_DIM * 4,
    ATTENTION_CARRY = VALUE_CARRY + (KERNEL - 1) * KV_HEADS * HEAD_DIM * 4,
    MLP_CARRY = ATTENTION_CARRY + (KERNEL - 1) * D * 4,
    EXPERT_CARRY = MLP_CARRY + (KERNEL - 1) * D * 4,
    VOCODER_STATE = (EXPERT_CARRY + (KERNEL - 1) * D * 4 + 63) / 64 * 64,
    STATE_BYTES = VOCODER_STATE + 2647 * 4
};

static const struct tactus_attention local_shape = {HEADS, KV_HEADS, HEAD_DIM, D_REL, EXTENT, 50, 0, 0, 3, 64};
static const struct tactus_attention global_shape = {HEADS, KV_HEADS, HEAD_DIM, D_REL, EXTENT, 5000, 3, 1, 7, 128};

/* A program with everything it works on. Two worlds of one seed begin alike. */
struct world {
    int32_t kind;
    int64_t workers;
    int small; /* few ops only */
    int64_t ops[MAX_OPS][TACTUS_OP_WORDS];
    int64_t op_count;
    char *scratch[MAX_WORKERS];
    struct tactus_barrier barrier;
    struct tactus_program program;
    struct tactus_pass passes[PASSES];
    struct tactus_factors factors[ADAPTERS][MODULES];
    int64_t modules;
    float *x, *logits;
    int32_t *tokens;
    int64_t state[SEGMENTS], local_pages[SEGMENTS], global_pages[SEGMENTS], tick[SEGMENTS], seed[SEGMENTS];
    int64_t position[SEGMENTS];
    float *blocks[SEGMENTS], *samples[SEGMENTS]; /* what sessions said */
    /* What every pass left behind. */
    float *log_x[PASSES], *log_logits[PASSES];
    int32_t *log_tokens[PASSES];
};

/* ---- making a program ---- */

static int64_t address(const void *p) { return (int64_t)(intptr_t)p; }

/* Adds an op of `bytes` bytes; barrier: 1, it waits for those before it; 2, in passes with adapters alone. */
static void add(struct world *w, int64_t code, int64_t barrier, const void *op, size_t bytes) {
    CHECK(w->op_count < MAX_OPS && bytes <= sizeof w->ops[0], "op %ld of %zu bytes", (long)w->op_count, bytes);
    memcpy(w->ops[w->op_count], op, bytes);
    w->ops[w->op_count][0] = code;
    w->ops[w->op_count][1] = barrier == 1 ? TACTUS_BARRIER_BASE | TACTUS_BARRIER_ADAPTED : barrier;
    w->op_count++;
}

#define ADD(w, code, barrier, type, ...) \
    add(w, code, barrier, &(const struct type){{code, barrier}, __VA_ARGS__}, sizeof(struct type))

static char *make_elements(int type, int64_t n) {
    char *data = (char *)make_bytes(n * ref_element_bytes(type) + 1) + 1;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t bits = bits_of(number() * 0.3f);
        const uint16_t half = (uint16_t)(bits >> 16);
        memcpy(data + i * ref_element_bytes(type), type == TACTUS_BF16 ? (const void *)&half : (const void *)&bits,
               (size_t)ref_element_bytes(type));
    }
    return data;
}

/* A matrix of the world's kind; a FAST one with the rows and columns of padding that its class wants. */
static const struct tactus_matrix *matrix(const struct world *w, int64_t rows, int64_t cols) {
    struct tactus_matrix *m = make_bytes(sizeof *m);
    *m = (struct tactus_matrix){.kind = w->kind, .rows = rows, .cols = cols};
    if (w->kind <= TACTUS_BF16) {
        m->data = make_elements(w->kind, rows * cols);
        m->stride = cols * ref_element_bytes(w->kind);
        return m;
    }
    const char *source = make_elements(TACTUS_F32, rows * cols);
    m->stride = (cols * (w->kind == TACTUS_FAST_INT8 ? 1 : 2) + 63) / 64 * 64;
    char *data = make_scratch((rows + TACTUS_FAST_BLOCK) * m->stride);
    float *scale = make_floats(rows);
    int32_t *sum = make_bytes(rows * 4);
    if (w->kind == TACTUS_FAST_INT8) {
        tactus_quantize_rows(TACTUS_F32, source, 0, rows, cols, (int8_t *)data, m->stride, scale, sum);
    } else {
        tactus_round_rows(TACTUS_F32, source, 0, rows, cols, (uint16_t *)data, m->stride);
    }
    m->data = data;
    m->scale = scale;
    m->sum = sum;
    return m;
}

static const struct adapted none = {-1, -1, NULL};

/* y [rows of the space, outputs] = x w. */
static float *linear(struct world *w, int64_t barrier, int64_t space, const float *x, int64_t cols, int64_t outputs,
                     int64_t per_row, int64_t most) {
    float *y = make_floats(most * per_row * outputs);
    ADD(w, TACTUS_LINEAR, barrier, op_linear, space, x, matrix(w, outputs, cols), y, outputs, per_row, none);
    return y;
}

/* What adapters have beside a matrix: one of each three nothing. */
static int64_t module(struct world *w, int64_t experts, int64_t rows, int64_t cols) {
    CHECK(w->modules < MODULES, "module %ld", (long)w->modules);
    for (int i = 0; i < ADAPTERS; i++) {
        const int64_t rank = i == 0 ? RANK : 3;
        if (below(3) > 0) {
            w->factors[i][w->modules] = (struct tactus_factors){
                make_numbers(experts * rank * cols), make_numbers(experts * rows * rank), rank, {.value = 0.3f}};
        }
    }
    return w->modules++;
}

/* The adapters of a matrix, and the op that computes what they need of x. */
static struct adapted beside(struct world *w, int64_t space, const float *x, int64_t cols, int64_t rows) {
    const struct adapted adapted = {module(w, 1, rows, cols), -1, make_floats(MAX_ROWS * RANK)};
    ADD(w, TACTUS_ADAPTER_DOWN, 2, op_adapter_down, space, x, cols, NULL, 0, 1, 0, adapted);
    return adapted;
}

/* The same for experts; per_slot: each has a vector of its own, and then shared ones have no adapters. */
static struct adapted beside_experts(struct world *w, const float *x, int64_t cols, int64_t rows,
                                     const int32_t *experts, int64_t per_slot) {
    const struct adapted adapted = {module(w, ROUTED, rows, cols), per_slot ? -1 : module(w, SHARED, rows, cols),
                                    make_floats(MAX_ROWS * SLOTS * RANK)};
    ADD(w, TACTUS_ADAPTER_DOWN, 2, op_adapter_down, TACTUS_SPACE_PASS, x, cols, experts, ROUTED, SLOTS, per_slot,
        adapted);
    return adapted;
}

/* The same as linear, one vector a row, and what adapters add. */
static float *adapted_linear(struct world *w, int64_t barrier, int64_t space, const float *x, int64_t cols,
                             int64_t outputs) {
    float *y = make_floats(MAX_ROWS * outputs);
    const struct adapted adapted = beside(w, space, x, cols, outputs);
    /* without adapters, only those that must wait do */
    ADD(w, TACTUS_LINEAR, barrier ? 1 : 2, op_linear, space, x, matrix(w, outputs, cols), y, outputs, 1, adapted);
    return y;
}

static float *norm(struct world *w, int64_t space, const float *x, int64_t d, int64_t per_row, int64_t most) {
    float *y = make_floats(most * per_row * d);
    ADD(w, TACTUS_RMS_NORM, 1, op_rms_norm, space, x, make_numbers(d), y, d, per_row, {.value = 1e-6f});
    return y;
}

/* From samples to a vector of d per source. */
static const float *add_audio(struct world *w) {
    const int type = w->kind == TACTUS_F32 ? TACTUS_F32 : TACTUS_BF16;
    float *even = make_floats(MAX_SOURCES * 801), *odd = make_floats(MAX_SOURCES * 799);
    /* what a source with given bins leaves unset is multiplied nevertheless */
    memset(even, 0, MAX_SOURCES * 801 * 4);
    memset(odd, 0, MAX_SOURCES * 799 * 4);
    ADD(w, TACTUS_MEL_FOLD, 0, op_mel_fold, make_numbers(1600), even, odd);
    const float *re = linear(w, 1, TACTUS_SPACE_AUDIO, even, 801, BANDS, 1, MAX_SOURCES);
    const float *im = linear(w, 0, TACTUS_SPACE_AUDIO, odd, 799, BANDS, 1, MAX_SOURCES);
    float *magnitude = make_floats(MAX_SOURCES * BANDS);
    ADD(w, TACTUS_MEL_MAGNITUDE, 1, op_mel_magnitude, re, im, magnitude, BANDS);
    const float *mel = linear(w, 1, TACTUS_SPACE_AUDIO, magnitude, BANDS, MELS, 1, MAX_SOURCES);
    float *thresholds = make_floats(THRESHOLDS);
    for (int i = 0; i < THRESHOLDS; i++) {
        thresholds[i] = (float)(i - 1);
    }
    int32_t *bins = make_bytes(MAX_SOURCES * MELS * 4);
    ADD(w, TACTUS_MEL_BIN, 1, op_mel_bin, mel, thresholds, THRESHOLDS, bins, MELS);
    float *bag = make_floats(MAX_SOURCES * D);
    ADD(w, TACTUS_AUDIO_BAG, 1, op_audio_bag, bins, type, make_elements(type, MELS * (THRESHOLDS + 1) * D), MELS,
        THRESHOLDS + 1, bag, D);
    return norm(w, TACTUS_SPACE_AUDIO, bag, D, 1, MAX_SOURCES);
}

/* From frames to a vector of d per source. */
static const float *add_vision(struct world *w) {
    float *pixels = make_floats(MAX_SOURCES * PIXELS), *folded = make_floats(MAX_SOURCES * PIXELS);
    ADD(w, TACTUS_PATCH_PIXELS, 0, op_patch_pixels, PATCH, 3 * PATCH, make_numbers(3 * 256), pixels, PIXELS);
    ADD(w, TACTUS_FOLD, 1, op_fold, pixels, 2, PATCH, PATCH, 3, 2, 2, 2, folded, PIXELS);
    float *hidden = linear(w, 1, TACTUS_SPACE_PATCH, folded, PIXELS / 4, PATCH_HIDDEN, 4, MAX_SOURCES);
    ADD(w, TACTUS_GELU, 1, op_gelu, TACTUS_SPACE_PATCH, hidden, 4 * PATCH_HIDDEN);
    const float *y = linear(w, 1, TACTUS_SPACE_PATCH, hidden, 4 * PATCH_HIDDEN, D, 1, MAX_SOURCES);
    return norm(w, TACTUS_SPACE_PATCH, y, D, 1, MAX_SOURCES);
}

static struct residual residual_of(const struct world *w, int64_t carry) {
    return (struct residual){make_floats(MAX_ROWS * D), w->x, D, make_numbers(KERNEL * D), KERNEL, carry};
}

static void add_attention(struct world *w, int64_t local) {
    const struct tactus_attention *shape = local ? &local_shape : &global_shape;
    const int64_t channels = KV_HEADS * HEAD_DIM;
    const float *x = norm(w, TACTUS_SPACE_PASS, w->x, D, 1, MAX_ROWS);
    const float *q = adapted_linear(w, 1, TACTUS_SPACE_PASS, x, D, HEADS * HEAD_DIM);
    const float *k = adapted_linear(w, 0, TACTUS_SPACE_PASS, x, D, channels);
    const float *v = adapted_linear(w, 0, TACTUS_SPACE_PASS, x, D, channels);
    const float *r = adapted_linear(w, 0, TACTUS_SPACE_PASS, x, D, HEADS * D_REL);
    const float *normed = norm(w, TACTUS_SPACE_PASS, q, HEAD_DIM, HEADS, MAX_ROWS);
    ADD(w, TACTUS_KEY_VALUE, 0, op_key_value, shape, local, k, v, make_floats(MAX_ROWS * channels),
        make_floats(MAX_ROWS * channels), make_numbers(KERNEL * channels), make_numbers(KERNEL * channels), KERNEL,
        KEY_CARRY, VALUE_CARRY, make_numbers(HEAD_DIM), {.value = 1e-6f});
    float *y = make_floats(MAX_ROWS * HEADS * HEAD_DIM);
    ADD(w, TACTUS_ATTENTION, 1, op_attention, shape, local, normed, r, make_numbers(D_REL * EXTENT), y);
    const struct adapted adapted = beside(w, TACTUS_SPACE_PASS, y, HEADS * HEAD_DIM, D);
    ADD(w, TACTUS_LINEAR_CONV, 1, op_linear_conv, y, matrix(w, D, HEADS * HEAD_DIM), 1, {.value = 0.7f},
        residual_of(w, ATTENTION_CARRY), adapted);
}

static void add_mlp(struct world *w) {
    const float *x = norm(w, TACTUS_SPACE_PASS, w->x, D, 1, MAX_ROWS);
    float *y = make_floats(MAX_ROWS * HIDDEN);
    const struct adapted up = beside(w, TACTUS_SPACE_PASS, x, D, 2 * HIDDEN);
    ADD(w, TACTUS_LINEAR_SWIGLU, 1, op_linear_swiglu, x, matrix(w, 2 * HIDDEN, D), make_floats(MAX_ROWS * 2 * HIDDEN),
        y, HIDDEN, up);
    const struct adapted down = beside(w, TACTUS_SPACE_PASS, y, HIDDEN, D);
    ADD(w, TACTUS_LINEAR_CONV, 1, op_linear_conv, y, matrix(w, D, HIDDEN), 0, {.value = 1}, residual_of(w, MLP_CARRY),
        down);
}

static void add_experts(struct world *w) {
    const int64_t hidden = EXPERT_HIDDEN;
    const float *x = norm(w, TACTUS_SPACE_PASS, w->x, D, 1, MAX_ROWS);
    const float *z = linear(w, 1, TACTUS_SPACE_PASS, x, D, ROUTED + SHARED, 1, MAX_ROWS);
    int32_t *experts = make_bytes(MAX_ROWS * SLOTS * 4);
    float *weights = make_floats(MAX_ROWS * SLOTS), *y = make_floats(MAX_ROWS * SLOTS * hidden);
    ADD(w, TACTUS_ROUTE, 1, op_route, z, make_numbers(ROUTED), ROUTED, SHARED, CHOSEN, {.value = 1.3f}, experts,
        weights);
    const struct adapted up = beside_experts(w, x, D, 2 * hidden, experts, 0);
    ADD(w, TACTUS_EXPERTS_UP, 1, op_experts_up, x, experts, weights, matrix(w, ROUTED * 2 * hidden, D),
        matrix(w, SHARED * 2 * hidden, D), ROUTED, SLOTS, hidden, make_floats(MAX_ROWS * SLOTS * 2 * hidden), y, up);
    const struct adapted down = beside_experts(w, y, hidden, D, experts, 1);
    ADD(w, TACTUS_EXPERTS_DOWN_CONV, 1, op_experts_down_conv, y, experts, weights, matrix(w, ROUTED * D, hidden),
        matrix(w, SHARED * D, hidden), ROUTED, SLOTS, hidden, make_floats(MAX_ROWS * D), residual_of(w, EXPERT_CARRY),
        down);
}

/* Two products of rows that stand in the same place: the packing of the first must not be taken for the second's. */
static void add_few_ops(struct world *w) {
    const int type = w->kind == TACTUS_F32 ? TACTUS_F32 : TACTUS_BF16;
    w->x = make_floats(MAX_ROWS * D);
    w->tokens = make_bytes(SEGMENTS * 4);
    ADD(w, TACTUS_EMBED, 1, op_embed, type, make_elements(type, VOCABULARY * D), make_numbers(D), {.value = 1e-6f},
        NULL, NULL, NULL, w->x, D);
    const float *y = linear(w, 1, TACTUS_SPACE_PASS, w->x, D, D, 1, MAX_ROWS);
    ADD(w, TACTUS_RMS_NORM, 1, op_rms_norm, TACTUS_SPACE_PASS, y, make_numbers(D), w->x, D, 1, {.value = 1e-6f});
    w->logits = linear(w, 1, TACTUS_SPACE_PASS, w->x, D, VOCABULARY, 1, MAX_ROWS);
}

/* Blocks of speech to vectors. */
static float *add_speech_in(struct world *w) {
    float *blocks = make_floats(SEGMENTS * BLOCK);
    ADD(w, TACTUS_SPEECH_BLOCKS, 1, op_speech_blocks, blocks, BLOCK);
    float *y = linear(w, 1, TACTUS_SPACE_SPEECH, blocks, BLOCK, D, 1, SEGMENTS);
    ADD(w, TACTUS_RMS_NORM, 1, op_rms_norm, TACTUS_SPACE_SPEECH, y, make_numbers(D), y, D, 1, {.value = 1e-6f});
    return y;
}

static struct tactus_flow_matrix flow_matrix(int64_t rows, int64_t cols) {
    return (struct tactus_flow_matrix){make_elements(TACTUS_BF16, rows * cols), TACTUS_BF16};
}

/* Tables that make some noise of anything: the bits of the vocoder are tested elsewhere. */
static const void *vocoder_tables(void) {
    float *t = make_scratch(10200 * 4);
    for (int i = 0; i < 10200; i++) {
        t[i] = number() * 0.1f;
    }
    int32_t *first_bin = (int32_t *)t + 10200 - 82;
    for (int q = 0; q < 82; q++) {
        first_bin[q] = 1 + q * 318 / 81;
    }
    return t;
}

/* Rows to blocks of speech, and sound. */
static void add_speech_out(struct world *w) {
    float *condition = make_floats(SEGMENTS * D);
    ADD(w, TACTUS_OUTPUT_NORM, 1, op_output_norm, TACTUS_SPACE_VOICE, w->x, make_numbers(D), {.value = 1e-6f},
        {.value = 1}, condition, D);
    struct tactus_flow_layer *layer = make_bytes(sizeof *layer);
    *layer = (struct tactus_flow_layer){make_numbers(WIDTH), flow_matrix(WIDTH, WIDTH), flow_matrix(WIDTH, WIDTH)};
    struct tactus_flow *head = make_bytes(sizeof *head);
    *head = (struct tactus_flow){.hidden = D, .block = BLOCK, .width = WIDTH, .layer_count = 1, .steps = 2,
                                 .time = make_numbers(2 * WIDTH), .x = flow_matrix(WIDTH, BLOCK),
                                 .c = flow_matrix(WIDTH, D), .out = flow_matrix(BLOCK, WIDTH),
                                 .norm = make_numbers(WIDTH), .layers = layer};
    ADD(w, TACTUS_FLOW, 1, op_flow, head, condition, make_floats(SEGMENTS * BLOCK));
    ADD(w, TACTUS_VOCODE, 0, op_vocode, vocoder_tables(), make_numbers(80), make_numbers(80), VOCODER_STATE);
}

static void add_ops(struct world *w) {
    const int type = w->kind == TACTUS_F32 ? TACTUS_F32 : TACTUS_BF16;
    const float *audio = add_audio(w), *vision = add_vision(w);
    w->program.preprocess_ops = w->op_count;
    w->x = make_floats(MAX_ROWS * D);
    ADD(w, TACTUS_EMBED, 1, op_embed, type, make_elements(type, VOCABULARY * D), make_numbers(D), {.value = 1e-6f},
        audio, vision, add_speech_in(w), w->x, D);
    add_attention(w, 1);
    add_mlp(w);
    add_attention(w, 0);
    add_experts(w);
    float *y = make_floats(MAX_ROWS * D);
    ADD(w, TACTUS_OUTPUT_NORM, 1, op_output_norm, TACTUS_SPACE_OUTPUT, w->x, make_numbers(D), {.value = 1e-6f},
        {.value = 3}, y, D);
    add_speech_out(w);
    w->logits = adapted_linear(w, 1, TACTUS_SPACE_OUTPUT, y, D, VOCABULARY);
    w->tokens = make_bytes(SEGMENTS * 4);
    ADD(w, TACTUS_SAMPLE, 1, op_sample, w->logits, VOCABULARY, w->tokens);
}

/* ---- making passes ---- */

static int64_t pages_of(const struct tactus_attention *shape) {
    const int64_t count = shape->sink_pages + shape->ring_pages;
    int64_t *pages = make_bytes(count * 8);
    for (int64_t i = 0; i < count; i++) {
        pages[i] = address(make_bytes(shape->layer_offset + 2 * KV_HEADS * HEAD_DIM * 256 * 4));
    }
    return address(pages);
}

static void make_sessions(struct world *w) {
    for (int s = 0; s < SEGMENTS; s++) {
        w->state[s] = address(memset(make_bytes(STATE_BYTES), 0, STATE_BYTES));
        w->local_pages[s] = pages_of(&local_shape);
        w->global_pages[s] = pages_of(&global_shape);
        w->blocks[s] = make_numbers(2 * BLOCK);
        w->samples[s] = make_floats(1600);
        w->tick[s] = 100 + s;
        w->seed[s] = (int64_t)s << 33 | 7;
    }
}

/* Sources: half of them made from samples or frames, the others given. */
static void make_sources(struct tactus_pass *p, int most) {
    p->audio_sources = below(most + 1);
    p->patch_sources = below(most + 1);
    int64_t *audio[3], *patch[3];
    int32_t *place[2];
    for (int i = 0; i < 3; i++) {
        audio[i] = memset(make_bytes(p->audio_sources * 8), 0, (size_t)p->audio_sources * 8);
        patch[i] = memset(make_bytes(p->patch_sources * 8), 0, (size_t)p->patch_sources * 8);
    }
    for (int i = 0; i < p->audio_sources; i++) {
        if (below(2)) {
            int32_t *bins = make_bytes(MELS * 4);
            for (int m = 0; m < MELS; m++) {
                bins[m] = below(THRESHOLDS + 1);
            }
            audio[2][i] = address(bins);
        } else {
            audio[0][i] = below(2) ? address(make_numbers(800)) : 0;
            audio[1][i] = address(make_numbers(800));
        }
    }
    for (int i = 0; i < 2; i++) {
        place[i] = make_bytes(p->patch_sources * 4);
    }
    for (int i = 0; i < p->patch_sources; i++) {
        patch[0][i] = address(make_numbers(2 * PATCH * 3 * PATCH * 3 / 4));
        patch[1][i] = address(make_numbers(2 * PATCH * 3 * PATCH * 3 / 4));
        patch[2][i] = below(2) ? address(make_numbers(PIXELS)) : 0;
        place[0][i] = below(2);
        place[1][i] = below(3);
    }
    p->audio_left = audio[0];
    p->audio_right = audio[1];
    p->audio_bins = audio[2];
    p->patch_previous = patch[0];
    p->patch_current = patch[1];
    p->patch_pixels = patch[2];
    p->patch_row = place[0];
    p->patch_col = place[1];
}

/* What a pass takes in, says and makes sound of; half of the jobs bring out what is held back. */
static void make_speech(struct world *w, struct tactus_pass *p) {
    int64_t *block = make_bytes(SEGMENTS * 8), *job_block = make_bytes(SEGMENTS * 8);
    int64_t *samples = make_bytes(SEGMENTS * 8);
    int32_t *entry = make_bytes(SEGMENTS * 4);
    p->speech_sources = w->small ? 0 : below(SEGMENTS + 1);
    for (int i = 0; i < p->speech_sources; i++) {
        block[i] = address(make_numbers(BLOCK));
    }
    for (int s = 0; s < SEGMENTS && p->sampling; s++) {
        if (below(2)) {
            entry[p->jobs] = s;
            job_block[p->jobs] = below(2) ? address(make_numbers(BLOCK)) : 0;
            samples[p->jobs++] = address(w->samples[s]);
        }
    }
    p->speech_block = block;
    p->job_entry = entry;
    p->job_block = job_block;
    p->job_samples = samples;
}

/* Which sessions have an adapter in this pass: in one of three none. */
static void make_adapters(struct tactus_pass *p) {
    int32_t *adapter = make_bytes(SEGMENTS * 4);
    const int most = below(3) == 0 ? 0 : ADAPTERS;
    for (int s = 0; s < SEGMENTS; s++) {
        adapter[s] = below(most + 1);
    }
    for (int s = 0; s < p->segments; s++) {
        p->adapted += adapter[p->entry[s]] != 0;
    }
    p->adapter = adapter;
}

/* The rows of a pass with `rows` of them, cut into segments; only the last of each has an output when it samples. */
static void make_rows(struct world *w, struct tactus_pass *p, int rows) {
    int32_t *column[7], *voice_row = make_bytes(rows * 4), *output_entry = make_bytes(rows * 4);
    int64_t *voice_block = make_bytes(SEGMENTS * 8);
    for (int i = 0; i < 4; i++) {
        column[i] = make_bytes(rows * 4);
    }
    const int segments = rows < SEGMENTS ? rows : SEGMENTS, first_entry = below(SEGMENTS);
    for (int i = 4; i < 7; i++) {
        column[i] = make_bytes(segments * 4);
    }
    int64_t *position = make_bytes(rows * 8);
    *p = (struct tactus_pass){.rows = rows, .segments = segments, .sampling = !w->small && below(2)};
    make_sources(p, w->small ? 0 : MAX_SOURCES);
    make_speech(w, p);
    for (int s = 0, row = 0; s < segments; s++) {
        const int left = segments - s - 1, count = left ? 1 + below(rows - row - left) : rows - row;
        const int entry = (first_entry + s) % SEGMENTS;
        column[4][s] = entry;
        column[5][s] = row;
        column[6][s] = count;
        const int says = !w->small && below(3) == 0;
        for (int end = row + count; row < end; row++) {
            const int kind = below(4);
            const int sources = (int)(kind == 1 ? p->audio_sources : kind == 2 ? p->patch_sources : p->speech_sources);
            column[0][row] = kind > 0 && sources == 0 ? 0 : kind;
            column[1][row] = below(column[0][row] == 0 ? VOCABULARY : sources);
            ((float *)column[2])[row] = 1 + 0.25f * (float)below(3);
            const int voice = says && row == end - 1;
            voice_row[row] = voice ? (int32_t)p->voice_rows : -1;
            if (voice) {
                voice_block[p->voice_rows++] = address(w->blocks[entry] + below(2) * BLOCK);
            }
            output_entry[p->output_rows] = entry;
            column[3][row] =
                (p->sampling ? row == end - 1 && !voice : below(2)) ? (int32_t)p->output_rows++ : -1;
            position[row] = w->position[entry]++;
        }
    }
    p->kind = column[0];
    p->value = column[1];
    p->position = position;
    p->tau = (float *)column[2];
    p->output_row = column[3];
    p->entry = column[4];
    p->first_row = column[5];
    p->rows_of_segment = column[6];
    p->voice_row = voice_row;
    p->voice_block = voice_block;
    p->output_entry = output_entry;
    make_adapters(p);
}

static void make_draws(struct world *w, struct tactus_pass *p) {
    int64_t *mask = make_bytes(p->segments * 8);
    float *temperature = make_floats(p->segments), *top_p = make_floats(p->segments);
    int32_t *top_k = make_bytes(p->segments * 4), *output_position = make_bytes(p->segments * 4);
    for (int s = 0; s < p->segments; s++) {
        uint64_t *words = make_bytes((VOCABULARY + 63) / 64 * 8);
        words[0] = next_bits();
        mask[s] = address(words);
        temperature[s] = (float)below(3) * 0.5f;
        top_p[s] = 0.9f;
        top_k[s] = 1 + below(40);
        output_position[s] = s;
    }
    p->mask = mask;
    p->temperature = temperature;
    p->top_p = top_p;
    p->top_k = top_k;
    p->output_position = output_position;
    p->state = w->state;
    p->local_pages = w->local_pages;
    p->global_pages = w->global_pages;
    p->tick = w->tick;
    p->seed = w->seed;
}

static struct world *make_world(uint64_t seed, int32_t kind, int64_t workers, int small) {
    state = seed;
    void *memory = make_scratch(sizeof(struct world));
    struct world *w = memset(memory, 0, sizeof *w);
    w->kind = kind;
    w->workers = workers;
    w->small = small;
    if (small) {
        add_few_ops(w);
    } else {
        add_ops(w);
    }
    make_sessions(w);
    for (int p = 0; p < PASSES; p++) {
        const int rows = p == PASSES / 2 ? MAX_ROWS : 1 + below(p % 5 == 4 ? 90 : 9);
        make_rows(w, &w->passes[p], small ? 5 : rows);
        make_draws(w, &w->passes[p]);
    }
    const int64_t pack_bytes =
        kind < TACTUS_FAST_BF16 ? 0 : tactus_fast_of(TACTUS_ISA_AVX2, kind)->packed_bytes(801);
    const struct tactus_exact *exact = tactus_exact_of(TACTUS_ISA_AVX2);
    int64_t needed = exact->linear_scratch(801);
    needed = exact->attend_scratch(HEAD_DIM) > needed ? exact->attend_scratch(HEAD_DIM) : needed;
    needed = exact->sample_scratch() > needed ? exact->sample_scratch() : needed;
    const int64_t speech = 1600 + 24096 * 4 + 32 * (4 * WIDTH + BLOCK) * 4 + 64 + exact->linear_scratch(BLOCK);
    needed = speech > needed ? speech : needed;
    for (int i = 0; i < workers; i++) {
        w->scratch[i] = make_scratch(TACTUS_PACK_SLOTS * pack_bytes + needed);
    }
    w->program = (struct tactus_program){
        TACTUS_ISA_AVX2, workers,    w->op_count, w->program.preprocess_ops, (const int64_t(*)[TACTUS_OP_WORDS])w->ops,
        w->scratch,      pack_bytes, &w->barrier,   &w->factors[0][0],
        ADAPTERS,        MODULES,    RANK};
    return w;
}

/* ---- the reference ---- */

/* y[r, n] for all rows and outputs [first, first + outputs) of m. */
static void ref_product(const struct tactus_matrix *m, int64_t first, int64_t outputs, const float *x, float *y,
                        int64_t rows) {
    ref_linear((int)m->kind, m->data + first * m->stride, 0, (int)outputs, (int)m->cols, x, m->cols, y, outputs,
               (int)rows);
}

/* y[outputs] += scale * (B (A x)) of the adapter that the session of a row has, for one matrix of a module. */
static void ref_adapt(const struct tactus_program *program, const struct tactus_pass *p, int64_t row, int64_t module,
                      int64_t expert, int64_t outputs, int64_t cols, const float *x, float *y) {
    int64_t s = 0;
    while (row >= p->first_row[s] + p->rows_of_segment[s]) {
        s++;
    }
    const int64_t adapter = p->adapter[p->entry[s]];
    if (module < 0 || adapter == 0) {
        return;
    }
    const struct tactus_factors *f = program->factors + (adapter - 1) * program->modules + module;
    if (f->a == NULL) {
        return;
    }
    float t[RANK], u[VOCABULARY + 2 * HIDDEN];
    ref_linear(TACTUS_F32, f->a + expert * f->rank * cols, 0, (int)f->rank, (int)cols, x, cols, t, f->rank, 1);
    ref_linear(TACTUS_F32, f->b + expert * outputs * f->rank, 0, (int)outputs, (int)f->rank, t, f->rank, u, outputs, 1);
    for (int64_t n = 0; n < outputs; n++) {
        const float scaled = f->scale.value * u[n];
        y[n] = y[n] + scaled;
    }
}

/* A product of rows of the pass, or of its output rows, with what adapters add. */
static void ref_adapted_product(const struct tactus_program *program, const struct tactus_pass *p, int64_t space,
                                const struct tactus_matrix *m, int64_t outputs, const float *x, float *y,
                                const struct adapted *adapted) {
    for (int64_t row = 0; row < p->rows; row++) {
        const int64_t at = space == TACTUS_SPACE_PASS ? row : p->output_row[row];
        if (at >= 0) {
            ref_product(m, 0, outputs, x + at * m->cols, y + at * outputs, 1);
            ref_adapt(program, p, row, adapted->module, 0, outputs, m->cols, x + at * m->cols, y + at * outputs);
        }
    }
}

static void ref_residual(const struct tactus_pass *p, const struct residual *r) {
    for (int s = 0; s < p->segments; s++) {
        const int64_t at = p->first_row[s] * r->d;
        float *carry = (float *)((char *)(intptr_t)p->state[p->entry[s]] + r->carry);
        ref_short_conv(r->h + at, r->conv, carry, r->x + at, r->x + at, (int)r->d, (int)r->kernel,
                       p->rows_of_segment[s], 0, (int)r->d);
    }
}

static int64_t rows_of(const struct tactus_pass *p, int64_t space) {
    const int64_t counts[] = {p->rows,          p->output_rows,    p->audio_sources,
                              p->patch_sources, p->speech_sources, p->voice_rows};
    return counts[space];
}

static void ref_audio_op(const struct tactus_pass *p, const void *op) {
    for (int64_t i = 0; i < p->audio_sources; i++) {
        switch (((const struct tactus_op *)op)->code) {
        case TACTUS_MEL_FOLD: {
            const struct op_mel_fold *o = op;
            if (p->audio_bins[i] == 0) {
                ref_mel_fold((const float *)(intptr_t)p->audio_left[i], (const float *)(intptr_t)p->audio_right[i],
                             o->hann, o->even + i * 801, o->odd + i * 799);
            }
            break;
        }
        case TACTUS_MEL_MAGNITUDE: {
            const struct op_mel_magnitude *o = op;
            for (int64_t e = i * o->columns; e < (i + 1) * o->columns; e++) {
                o->magnitude[e] = ref_magnitude(o->re[e], o->im[e]);
            }
            break;
        }
        case TACTUS_MEL_BIN: {
            const struct op_mel_bin *o = op;
            const int32_t *given = (const int32_t *)(intptr_t)p->audio_bins[i];
            for (int64_t m = 0; m < o->mels; m++) {
                o->bins[i * o->mels + m] =
                    given ? given[m] : ref_mel_bin(o->mel[i * o->mels + m], o->thresholds, (int)o->threshold_count);
            }
            break;
        }
        default: {
            const struct op_audio_bag *o = op;
            ref_audio_bag((int)o->type, o->table, o->bins + i * o->mels, (int)o->mels, (int)o->bins_per_mel, (int)o->d,
                          o->y + i * o->d, 0, (int)o->d);
        }
        }
    }
}

static void ref_vision_op(const struct tactus_pass *p, const void *op) {
    for (int64_t i = 0; i < p->patch_sources; i++) {
        if (((const struct tactus_op *)op)->code == TACTUS_FOLD) {
            const struct op_fold *o = op;
            ref_fold(o->x + i * o->columns, (int)o->t, (int)o->h, (int)o->w, (int)o->c, (int)o->ft, (int)o->fh,
                     (int)o->fw, o->y + i * o->columns);
            continue;
        }
        const struct op_patch_pixels *o = op;
        if (p->patch_pixels[i] != 0) {
            memcpy(o->pixels + i * o->columns, (const void *)(intptr_t)p->patch_pixels[i], (size_t)o->columns * 4);
        } else {
            ref_patch_pixels((const uint8_t *)(intptr_t)p->patch_previous[i],
                             (const uint8_t *)(intptr_t)p->patch_current[i], (int)o->frame_width, (int)o->patch,
                             p->patch_row[i], p->patch_col[i], o->table, o->pixels + i * o->columns);
        }
    }
}

static void ref_embed(const struct tactus_pass *p, const struct op_embed *o) {
    for (int64_t row = 0; row < p->rows; row++) {
        float *y = o->y + row * o->d;
        if (p->kind[row] == TACTUS_ROW_TOKEN) {
            float wide[D];
            ref_widen((int)o->type, o->table + p->value[row] * o->d * ref_element_bytes((int)o->type), wide, D);
            ref_rms_norm(wide, o->norm, y, (int)o->d, o->eps.value, 1);
        } else {
            const float *of_kind[] = {NULL, o->audio, o->vision, o->speech};
            memcpy(y, of_kind[p->kind[row]] + p->value[row] * o->d, (size_t)o->d * 4);
        }
    }
}

static void ref_key_value(const struct tactus_pass *p, const struct op_key_value *o) {
    const int channels = (int)(o->shape->kv_heads * o->shape->head_dim);
    for (int s = 0; s < p->segments; s++) {
        const int64_t at = p->first_row[s] * (int64_t)channels;
        const int rows = p->rows_of_segment[s], kernel = (int)o->kernel;
        char *carries = (char *)(intptr_t)p->state[p->entry[s]];
        ref_short_conv(o->k + at, o->key_conv, (float *)(carries + o->key_carry), NULL, o->k_out + at, channels, kernel,
                       rows, 0, channels);
        ref_short_conv(o->v + at, o->value_conv, (float *)(carries + o->value_carry), NULL, o->v_out + at, channels,
                       kernel, rows, 0, channels);
        const int64_t pages = o->local ? p->local_pages[p->entry[s]] : p->global_pages[p->entry[s]];
        for (int64_t row = p->first_row[s]; row < p->first_row[s] + rows; row++) {
            float *k = o->k_out + row * channels;
            for (int g = 0; g < o->shape->kv_heads; g++) {
                ref_rms_norm(k + g * o->shape->head_dim, o->key_norm, k + g * o->shape->head_dim,
                             (int)o->shape->head_dim, o->eps.value, 1);
            }
            ref_append_kv(o->shape, k, o->v_out + row * channels, (const int64_t *)(intptr_t)pages, p->position[row],
                          0, (int)o->shape->kv_heads);
        }
    }
}

static void ref_attention(const struct tactus_pass *p, const struct op_attention *o) {
    const struct tactus_attention *shape = o->shape;
    for (int s = 0; s < p->segments; s++) {
        const int64_t pages = o->local ? p->local_pages[p->entry[s]] : p->global_pages[p->entry[s]];
        for (int64_t i = 0; i < p->rows_of_segment[s] * shape->heads; i++) {
            const int64_t row = p->first_row[s] + i / shape->heads, head = row * shape->heads + i % shape->heads;
            const struct tactus_query query = {o->q + head * shape->head_dim, o->r + head * shape->d_rel, NULL,
                                               p->position[row], o->local ? 1 : p->tau[row]};
            ref_attend(shape, i % shape->heads / (shape->heads / shape->kv_heads), &query, o->proj,
                       (const int64_t *)(intptr_t)pages, o->y + head * shape->head_dim);
        }
    }
}

static void ref_experts_up(const struct tactus_program *program, const struct tactus_pass *p,
                           const struct op_experts_up *o) {
    for (int64_t slot = 0; slot < p->rows * o->slots; slot++) {
        const int64_t expert = o->experts[slot], shared = expert >= o->routed_count;
        float *gate_up = o->gate_up + slot * 2 * o->hidden;
        ref_product(shared ? o->shared : o->routed, (shared ? expert - o->routed_count : expert) * 2 * o->hidden,
                    2 * o->hidden, o->x + slot / o->slots * D, gate_up, 1);
        ref_adapt(program, p, slot / o->slots, shared ? o->adapted.shared : o->adapted.module,
                  shared ? expert - o->routed_count : expert, 2 * o->hidden, D, o->x + slot / o->slots * D, gate_up);
        ref_swiglu(gate_up, o->y + slot * o->hidden, 0, (int)o->hidden, (int)shared, o->weights[slot]);
    }
}

static void ref_experts_down(const struct tactus_program *program, const struct tactus_pass *p,
                             const struct op_experts_down_conv *o) {
    const int64_t d = o->residual.d;
    memset(o->residual.h, 0, (size_t)(p->rows * d) * 4);
    for (int64_t slot = 0; slot < p->rows * o->slots; slot++) {
        const int64_t expert = o->experts[slot], shared = expert >= o->routed_count;
        float *h = o->residual.h + slot / o->slots * d, *y = o->down + slot / o->slots * d;
        ref_product(shared ? o->shared : o->routed, (shared ? expert - o->routed_count : expert) * d, d,
                    o->x + slot * o->hidden, y, 1);
        ref_adapt(program, p, slot / o->slots, shared ? o->adapted.shared : o->adapted.module,
                  shared ? expert - o->routed_count : expert, d, o->hidden, o->x + slot * o->hidden, y);
        for (int64_t c = 0; c < d; c++) {
            h[c] = shared ? h[c] + y[c] : fmaf(o->weights[slot], y[c], h[c]);
        }
    }
    ref_residual(p, &o->residual);
}

static void ref_linear_conv(const struct tactus_program *program, const struct tactus_pass *p,
                            const struct op_linear_conv *o) {
    ref_adapted_product(program, p, TACTUS_SPACE_PASS, o->w, o->residual.d, o->x, o->residual.h, &o->adapted);
    for (int64_t i = 0; o->scaled && i < p->rows * o->residual.d; i++) {
        o->residual.h[i] *= o->scale.value;
    }
    ref_residual(p, &o->residual);
}

static void ref_output_norm(const struct tactus_pass *p, const struct op_output_norm *o) {
    const int32_t *place = o->space == TACTUS_SPACE_VOICE ? p->voice_row : p->output_row;
    for (int64_t row = 0; row < p->rows; row++) {
        if (place[row] >= 0) {
            ref_rms_norm(o->x + row * o->d, o->w, o->y + place[row] * o->d, (int)o->d, o->eps.value,
                         o->divisor.value);
        }
    }
}

static void ref_draw(const struct tactus_pass *p, const struct op_sample *o) {
    for (int64_t s = 0; p->sampling && s < p->output_rows; s++) {
        const struct tactus_sampling parameters = {p->temperature[s], p->top_p[s], p->top_k[s]};
        o->tokens[s] = ref_sample(o->logits + s * o->vocabulary, (int)o->vocabulary,
                                  (const uint64_t *)(intptr_t)p->mask[s], &parameters, p->seed[p->output_entry[s]],
                                  (int32_t)p->tick[p->output_entry[s]], p->output_position[s]);
    }
}

static void ref_flow(const struct tactus_pass *p, const struct op_flow *o) {
    for (int64_t i = 0; p->sampling && i < p->voice_rows; i++) {
        ref_flow_row(o->head, o->condition + i * D, (float *)(intptr_t)p->voice_block[i]);
    }
}

/* With the kernel itself, on log mels that are made one by one. */
static void ref_vocode(const struct tactus_pass *p, const struct op_vocode *o) {
    char *scratch = make_scratch(24096 * 4);
    float *log_mel = make_floats(BLOCK);
    for (int64_t job = 0; job < p->jobs; job++) {
        const float *block = (const float *)(intptr_t)p->job_block[job];
        for (int i = 0; i < BLOCK; i++) {
            log_mel[i] = block == NULL ? -11.512925f : block[i] * o->deviation[i % 80] + o->mean[i % 80];
        }
        char *kept = (char *)(intptr_t)p->state[p->job_entry[job]] + o->state;
        float *samples = (float *)(intptr_t)p->job_samples[job];
        for (int i = 0; i < (block == NULL ? 2 : 1); i++) {
            tactus_exact_avx2.vocoder_block(o->tables, kept, log_mel, samples + i * 800, scratch);
        }
    }
}

/* A whole op by plain loops. */
static void ref_op(const struct tactus_program *program, const struct tactus_pass *p, const void *op) {
    switch (((const struct tactus_op *)op)->code) {
    case TACTUS_PATCH_PIXELS:
    case TACTUS_FOLD:
        ref_vision_op(p, op);
        break;
    case TACTUS_GELU: {
        const struct op_gelu *o = op;
        for (int64_t i = 0; i < rows_of(p, o->space) * o->columns; i++) {
            o->x[i] = ref_gelu(o->x[i]);
        }
        break;
    }
    case TACTUS_LINEAR: {
        const struct op_linear *o = op;
        if (o->adapted.module >= 0) {
            ref_adapted_product(program, p, o->space, o->w, o->outputs, o->x, o->y, &o->adapted);
            break;
        }
        ref_product(o->w, 0, o->outputs, o->x, o->y, rows_of(p, o->space) * o->per_row);
        break;
    }
    case TACTUS_RMS_NORM: {
        const struct op_rms_norm *o = op;
        for (int64_t i = 0; i < rows_of(p, o->space) * o->per_row; i++) {
            ref_rms_norm(o->x + i * o->d, o->w, o->y + i * o->d, (int)o->d, o->eps.value, 1);
        }
        break;
    }
    case TACTUS_EMBED:
        ref_embed(p, op);
        break;
    case TACTUS_KEY_VALUE:
        ref_key_value(p, op);
        break;
    case TACTUS_ATTENTION:
        ref_attention(p, op);
        break;
    case TACTUS_LINEAR_CONV:
        ref_linear_conv(program, p, op);
        break;
    case TACTUS_LINEAR_SWIGLU: {
        const struct op_linear_swiglu *o = op;
        ref_adapted_product(program, p, TACTUS_SPACE_PASS, o->w, 2 * o->hidden, o->x, o->gate_up, &o->adapted);
        ref_swiglu(o->gate_up, o->y, 0, (int)(p->rows * o->hidden), 0, 1);
        break;
    }
    case TACTUS_ROUTE: {
        const struct op_route *o = op;
        for (int64_t row = 0; row < p->rows; row++) {
            ref_route(o->z + row * (o->routed + o->shared), o->bias, (int)o->routed, (int)o->shared, (int)o->chosen,
                      o->scale.value, o->experts + row * SLOTS, o->weights + row * SLOTS);
        }
        break;
    }
    case TACTUS_EXPERTS_UP:
        ref_experts_up(program, p, op);
        break;
    case TACTUS_EXPERTS_DOWN_CONV:
        ref_experts_down(program, p, op);
        break;
    case TACTUS_OUTPUT_NORM:
        ref_output_norm(p, op);
        break;
    case TACTUS_SAMPLE:
        ref_draw(p, op);
        break;
    case TACTUS_SPEECH_BLOCKS: {
        const struct op_speech_blocks *o = op;
        for (int64_t i = 0; i < p->speech_sources; i++) {
            memcpy(o->y + i * o->block, (const void *)(intptr_t)p->speech_block[i], (size_t)o->block * 4);
        }
        break;
    }
    case TACTUS_FLOW:
        ref_flow(p, op);
        break;
    case TACTUS_VOCODE:
        ref_vocode(p, op);
        break;
    case TACTUS_ADAPTER_DOWN: /* each product computes it for itself */
        break;
    default:
        ref_audio_op(p, op);
    }
}

/* ---- running passes ---- */

/* Keeps what a pass left behind. */
static void note(struct world *w, int pass) {
    const struct tactus_pass *p = &w->passes[pass];
    memcpy(w->log_x[pass], w->x, (size_t)(p->rows * D) * 4);
    memcpy(w->log_logits[pass], w->logits, (size_t)(p->output_rows * VOCABULARY) * 4);
    memcpy(w->log_tokens[pass], w->tokens, (size_t)(p->sampling ? p->output_rows : 0) * 4);
}

static void make_logs(struct world *w) {
    for (int i = 0; i < PASSES; i++) {
        w->log_x[i] = make_floats(w->passes[i].rows * D);
        w->log_logits[i] = make_floats(w->passes[i].output_rows * VOCABULARY);
        w->log_tokens[i] = make_bytes(SEGMENTS * 4);
    }
}

/* All passes on the caller's thread, by plain loops or by the interpreter. */
static void run_alone(struct world *w, int plain) {
    for (int pass = 0; pass < PASSES; pass++) {
        for (int64_t i = 0; i < w->op_count; i++) {
            if (plain) {
                ref_op(&w->program, &w->passes[pass], w->ops[i]);
            } else {
                tactus_pass_run_op(&w->program, &w->passes[pass], i);
            }
        }
        note(w, pass);
    }
}

struct party {
    struct world *world;
    int64_t index;
};

/* All passes as one of the workers, who go from pass to pass by the program's barrier. */
static void *run_share_of_all(void *argument) {
    const struct party *party = argument;
    struct world *w = party->world;
    for (int pass = 0; pass < PASSES; pass++) {
        tactus_pass_run(&w->program, &w->passes[pass], party->index);
        tactus_barrier_await(&w->barrier, w->workers);
        if (party->index == 0) {
            note(w, pass);
        }
        tactus_barrier_await(&w->barrier, w->workers);
    }
    return NULL;
}

/* Runs a function once per party, on threads of their own. */
static void in_parallel(void *(*body)(void *), void *arguments, size_t bytes, int parties) {
    pthread_t threads[MAX_WORKERS];
    for (int i = 0; i < parties; i++) {
        CHECK(pthread_create(&threads[i], NULL, body, (char *)arguments + (size_t)i * bytes) == 0, "no thread");
    }
    for (int i = 0; i < parties; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void check_pages(uint64_t seed, const struct tactus_attention *shape, int64_t want, int64_t got) {
    for (int64_t i = 0; i < shape->sink_pages + shape->ring_pages; i++) {
        check_same("pages", seed, (const void *)(intptr_t)((const int64_t *)(intptr_t)want)[i],
                   (const void *)(intptr_t)((const int64_t *)(intptr_t)got)[i],
                   shape->layer_offset / 4 + 2 * KV_HEADS * HEAD_DIM * 256);
    }
}

static void should_give_the_same_bits(uint64_t seed, int32_t kind, int workers, int small) {
    struct world *want = make_world(seed, kind, 1, small), *got = make_world(seed, kind, workers, small);
    make_logs(want);
    make_logs(got);
    run_alone(want, kind <= TACTUS_BF16); /* the interpreter keeps no packing from op to op when it is asked for one */
    struct party parties[MAX_WORKERS];
    for (int i = 0; i < workers; i++) {
        parties[i] = (struct party){got, i};
    }
    in_parallel(run_share_of_all, parties, sizeof parties[0], workers);
    for (int i = 0; i < PASSES; i++) {
        const struct tactus_pass *p = &want->passes[i];
        check_same("residual stream", seed, want->log_x[i], got->log_x[i], p->rows * D);
        check_same("logits", seed, want->log_logits[i], got->log_logits[i], p->output_rows * VOCABULARY);
        check_same("tokens", seed, want->log_tokens[i], got->log_tokens[i], SEGMENTS);
        for (int64_t e = 0; e < p->rows * D; e++) {
            CHECK(isfinite(got->log_x[i][e]), "pass %d, element %ld is %a", i, (long)e, (double)got->log_x[i][e]);
        }
    }
    for (int s = 0; s < SEGMENTS; s++) {
        check_same("states", seed, (const void *)(intptr_t)want->state[s], (const void *)(intptr_t)got->state[s],
                   STATE_BYTES / 4);
        check_same("blocks", seed, want->blocks[s], got->blocks[s], 2 * BLOCK);
        check_same("samples", seed, want->samples[s], got->samples[s], 1600);
        check_pages(seed, &local_shape, want->local_pages[s], got->local_pages[s]);
        check_pages(seed, &global_shape, want->global_pages[s], got->global_pages[s]);
    }
    const struct tactus_pass *last = &got->passes[PASSES - 1];
    CHECK(0 < last->started_ns && last->started_ns <= last->preprocessed_ns && last->preprocessed_ns <= last->fused_ns,
          "times %ld, %ld, %ld", (long)last->started_ns, (long)last->preprocessed_ns, (long)last->fused_ns);
    free_buffers();
}

/* ---- the barrier ---- */

enum { ROUNDS = 3000, SLOW_ROUNDS = 150 };

/* A worker's round, written without atomics before it comes to the barrier: what the barrier orders, others see. */
struct barrier_party {
    struct tactus_barrier *barrier;
    int parties, index, rounds;
    int (*rounds_of)[16]; /* [party], a cache line each */
    void (*delay)(int party, int parties, int round);
};

static void wait_ns(int64_t ns) {
    const int64_t until = monotonic_ns() + ns;
    while (monotonic_ns() < until) {
        __builtin_ia32_pause();
    }
}

static void never(int party, int parties, int round) { (void)party, (void)parties, (void)round; }

/* A worker that sleeps for 1 ms, another one each round: the others give up spinning and park. */
static void one_is_slow(int party, int parties, int round) {
    if (round % parties == party) {
        usleep(1000);
    }
}

/* Arrivals from 40 to 70 us apart: they fall into the moment at which a spinning worker goes to sleep. */
static void around_the_park(int party, int parties, int round) {
    if (round % parties == party) {
        wait_ns(40000 + (int64_t)round * 7919 % 30000);
    }
}

/*
 * After round r of the barrier each party must have come to it at least r times, and cannot have come more than once
 * more. A second barrier lets all look before any goes on, so that no look races with the next round's writing.
 */
static void *meet(void *argument) {
    const struct barrier_party *p = argument;
    for (int round = 1; round <= p->rounds; round++) {
        p->delay(p->index, p->parties, round);
        p->rounds_of[p->index][0] = round;
        tactus_barrier_await(p->barrier, p->parties);
        for (int other = 0; other < p->parties; other++) {
            CHECK(p->rounds_of[other][0] == round, "party %d passed in round %d, party %d was in %d", p->index, round,
                  other, p->rounds_of[other][0]);
        }
        tactus_barrier_await(p->barrier, p->parties);
    }
    return NULL;
}

/* The epoch begins shortly before it overflows. */
static void should_hold_all_parties(int parties, int rounds, void (*delay)(int, int, int)) {
    struct tactus_barrier *barrier = make_scratch(sizeof *barrier);
    *barrier = (struct tactus_barrier){.epoch = UINT32_MAX - 50};
    int rounds_of[MAX_WORKERS][16] = {{0}};
    struct barrier_party all[MAX_WORKERS];
    for (int i = 0; i < parties; i++) {
        all[i] = (struct barrier_party){barrier, parties, i, rounds, rounds_of, delay};
    }
    in_parallel(meet, all, sizeof all[0], parties);
    CHECK(barrier->arrived == 0 && barrier->sleepers == 0, "%u arrived, %u asleep", barrier->arrived,
          barrier->sleepers);
    CHECK(barrier->epoch == (uint32_t)(UINT32_MAX - 50 + (parties > 1 ? 2 * (uint32_t)rounds : 0)), "epoch %u",
          barrier->epoch);
    free_buffers();
}

int main(void) {
    alarm(240); /* a deadlock ends as a failure */
    should_hold_all_parties(1, 10, never);
    should_hold_all_parties(2, ROUNDS, never);
    should_hold_all_parties(3, ROUNDS / 4, never);
    should_hold_all_parties(3, SLOW_ROUNDS, one_is_slow);
    should_hold_all_parties(2, ROUNDS / 2, around_the_park);
    should_hold_all_parties(3, ROUNDS / 4, around_the_park);
    for (int32_t kind = TACTUS_F32; kind <= TACTUS_FAST_INT8; kind++) {
        for (int workers = kind == TACTUS_F32 ? 1 : 2; workers <= MAX_WORKERS; workers++) {
            should_give_the_same_bits(10 * (uint64_t)kind + (uint64_t)workers, kind, workers, 0);
            should_give_the_same_bits(10 * (uint64_t)kind + (uint64_t)workers, kind, workers, 1);
        }
    }
    printf("pass: passed\n");
    return 0;
}
