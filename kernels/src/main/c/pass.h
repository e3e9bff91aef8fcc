/*
 * A pass: the ops of a step program over the rows of all due sessions, run by one call per worker.
 *
 * Every field is 8 bytes wide. dev.tactus.kernel.c.NativeProgram and NativePass write these structures in the order of
 * their fields; TACTUS_ABI changes whenever one of them does.
 */
#ifndef TACTUS_PASS_H
#define TACTUS_PASS_H

#include "tactus.h"

enum {
    TACTUS_ABI = 3,
    TACTUS_OP_WORDS = 32,  /* int64s of an op */
    TACTUS_PACK_SLOTS = 4, /* packings that a worker keeps between two barriers */
    TACTUS_BLOCK = 8,      /* outputs that a worker takes at a time, EXACT */
    TACTUS_FAST_BLOCK = 16 /* and FAST: the rows of a tile */
};

/* What the rows of an op follow. */
enum tactus_space {
    TACTUS_SPACE_PASS = 0,
    TACTUS_SPACE_OUTPUT = 1,
    TACTUS_SPACE_AUDIO = 2,
    TACTUS_SPACE_PATCH = 3,
    TACTUS_SPACE_SPEECH = 4, /* blocks of speech that are taken in */
    TACTUS_SPACE_VOICE = 5   /* rows that a block of speech is made of */
};

/* What stands at a position. */
enum tactus_row_kind { TACTUS_ROW_TOKEN = 0, TACTUS_ROW_AUDIO = 1, TACTUS_ROW_PATCH = 2, TACTUS_ROW_SPEECH = 3 };

enum tactus_code {
    TACTUS_MEL_FOLD = 1,
    TACTUS_MEL_MAGNITUDE,
    TACTUS_MEL_BIN,
    TACTUS_AUDIO_BAG,
    TACTUS_PATCH_PIXELS,
    TACTUS_FOLD,
    TACTUS_GELU,
    TACTUS_LINEAR,
    TACTUS_RMS_NORM,
    TACTUS_EMBED,
    TACTUS_KEY_VALUE,
    TACTUS_ATTENTION,
    TACTUS_LINEAR_CONV,
    TACTUS_LINEAR_SWIGLU,
    TACTUS_ROUTE,
    TACTUS_EXPERTS_UP,
    TACTUS_EXPERTS_DOWN_CONV,
    TACTUS_OUTPUT_NORM,
    TACTUS_SAMPLE,
    TACTUS_ADAPTER_DOWN,
    TACTUS_SPEECH_BLOCKS,
    TACTUS_FLOW,
    TACTUS_VOCODE
};

/* In which passes all workers must have finished what stands before an op. */
enum tactus_barrier_bits {
    TACTUS_BARRIER_BASE = 1,   /* those without adapters: nothing writes what adapters need */
    TACTUS_BARRIER_ADAPTED = 2 /* those with */
};

/* The head of every op; barrier: enum tactus_barrier_bits. */
struct tactus_op {
    int64_t code, barrier;
};

/* Floats travel as their bits in the low half of a word. */
union tactus_float {
    int64_t word;
    float value;
};

/* What an adapter has beside a matrix of the base, float32; a is NULL where it has nothing. */
struct tactus_factors {
    const float *a; /* [experts, rank, cols] */
    const float *b; /* [experts, rows, rank] */
    int64_t rank;
    union tactus_float scale;
};

/*
 * The adapters of an op's matrix: y += scale * (B t), t = A x. A mixture has two modules, routed and shared experts,
 * and a t per expert of a row. Modules are numbers, -1 for none.
 */
struct adapted {
    int64_t module, shared;
    float *t; /* [rows, slots, program's rank] */
};

struct op_mel_fold {
    struct tactus_op op;
    const float *hann;
    float *even, *odd;
};

struct op_mel_magnitude {
    struct tactus_op op;
    const float *re, *im;
    float *magnitude;
    int64_t columns;
};

struct op_mel_bin {
    struct tactus_op op;
    const float *mel, *thresholds;
    int64_t threshold_count;
    int32_t *bins;
    int64_t mels;
};

struct op_audio_bag {
    struct tactus_op op;
    const int32_t *bins;
    int64_t type;
    const char *table;
    int64_t mels, bins_per_mel;
    float *y;
    int64_t d;
};

struct op_patch_pixels {
    struct tactus_op op;
    int64_t patch, frame_width;
    const float *table;
    float *pixels;
    int64_t columns;
};

struct op_fold {
    struct tactus_op op;
    const float *x;
    int64_t t, h, w, c, ft, fh, fw;
    float *y;
    int64_t columns;
};

struct op_gelu {
    struct tactus_op op;
    int64_t space;
    float *x;
    int64_t columns;
};

struct op_linear {
    struct tactus_op op;
    int64_t space;
    const float *x;
    const struct tactus_matrix *w;
    float *y;
    int64_t outputs, per_row;
    struct adapted adapted;
};

struct op_rms_norm {
    struct tactus_op op;
    int64_t space;
    const float *x, *w;
    float *y;
    int64_t d, per_row;
    union tactus_float eps;
};

struct op_embed {
    struct tactus_op op;
    int64_t type;
    const char *table;
    const float *norm;
    union tactus_float eps;
    const float *audio, *vision, *speech;
    float *y;
    int64_t d;
};

struct op_key_value {
    struct tactus_op op;
    const struct tactus_attention *shape;
    int64_t local;
    const float *k, *v;
    float *k_out, *v_out;
    const float *key_conv, *value_conv;
    int64_t kernel, key_carry, value_carry;
    const float *key_norm;
    union tactus_float eps;
};

struct op_attention {
    struct tactus_op op;
    const struct tactus_attention *shape;
    int64_t local;
    const float *q, *r, *proj;
    float *y;
};

/* The end of a block: h convolved with the session's carry, added to the residual stream x. */
struct residual {
    float *h, *x;
    int64_t d;
    const float *conv;
    int64_t kernel, carry;
};

struct op_linear_conv {
    struct tactus_op op;
    const float *x;
    const struct tactus_matrix *w;
    int64_t scaled;
    union tactus_float scale;
    struct residual residual;
    struct adapted adapted;
};

struct op_linear_swiglu {
    struct tactus_op op;
    const float *x;
    const struct tactus_matrix *w;
    float *gate_up, *y;
    int64_t hidden;
    struct adapted adapted;
};

struct op_route {
    struct tactus_op op;
    const float *z, *bias;
    int64_t routed, shared, chosen;
    union tactus_float scale;
    int32_t *experts;
    float *weights;
};

struct op_experts_up {
    struct tactus_op op;
    const float *x;
    const int32_t *experts;
    const float *weights;
    const struct tactus_matrix *routed, *shared; /* [experts * 2 * hidden, d] each */
    int64_t routed_count, slots, hidden;
    float *gate_up, *y;
    struct adapted adapted;
};

struct op_experts_down_conv {
    struct tactus_op op;
    const float *x;
    const int32_t *experts;
    const float *weights;
    const struct tactus_matrix *routed, *shared; /* [experts * d, hidden] each */
    int64_t routed_count, slots, hidden;
    float *down;
    struct residual residual;
    struct adapted adapted;
};

/* Gathers the rows of a space, TACTUS_SPACE_OUTPUT or TACTUS_SPACE_VOICE. */
struct op_output_norm {
    struct tactus_op op;
    int64_t space;
    const float *x, *w;
    union tactus_float eps, divisor;
    float *y;
    int64_t d;
};

struct op_sample {
    struct tactus_op op;
    const float *logits;
    int64_t vocabulary;
    int32_t *tokens;
};

/*
 * t = A x for the rows of sessions with an adapter that has the module. With experts, a row of x is one vector for all
 * of its slots, or a vector per slot.
 */
struct op_adapter_down {
    struct tactus_op op;
    int64_t space;
    const float *x;
    int64_t cols;
    const int32_t *experts; /* [rows, slots], or NULL: slots is 1 */
    int64_t routed_count, slots, per_slot;
    struct adapted adapted;
};

/* Gathers the blocks of speech that a pass takes in. */
struct op_speech_blocks {
    struct tactus_op op;
    float *y;
    int64_t block;
};

/* Noise, where the pass says, becomes the blocks of its voice rows. */
struct op_flow {
    struct tactus_op op;
    const struct tactus_flow *head;
    const float *condition; /* [voice rows, hidden] */
    float *blocks;          /* [voice rows, block] */
};

/* Blocks of speech, or the silence that brings out what is held back, to samples. */
struct op_vocode {
    struct tactus_op op;
    const void *tables;
    const float *mean, *deviation; /* [mels] */
    int64_t state;                 /* bytes from the session's state to the vocoder's */
};

/* Who runs what, constant once it is built. */
struct tactus_program {
    int64_t isa, workers, op_count, preprocess_ops;
    const int64_t (*ops)[TACTUS_OP_WORDS];
    char *const *scratch; /* per worker; packings first, then what kernels ask for */
    int64_t pack_bytes;   /* of a packing */
    struct tactus_barrier *barrier;
    const struct tactus_factors *factors; /* [adapters, modules] */
    int64_t adapters, modules;
    int64_t rank; /* the largest */
};

/* What a pass runs on; columns are indexed by row, segment, plan entry or source. */
struct tactus_pass {
    int64_t rows, segments, output_rows, audio_sources, patch_sources, sampling;
    int64_t speech_sources, voice_rows, jobs;
    int64_t adapted; /* segments with an adapter */
    const int32_t *kind, *value;
    const int64_t *position;
    const float *tau;
    const int32_t *output_row, *entry, *first_row, *rows_of_segment;
    const int64_t *state, *local_pages, *global_pages, *tick, *seed;
    const int32_t *adapter; /* 0: the base alone */
    const int64_t *audio_left, *audio_right, *audio_bins, *patch_previous, *patch_current;
    const int32_t *patch_row, *patch_col;
    const int64_t *patch_pixels;
    const int64_t *speech_block; /* per speech source: where its block is */
    const int32_t *voice_row;    /* per row: number of its voice row, or negative */
    const int64_t *voice_block;  /* per voice row: where its noise is, and its block then */
    const int32_t *job_entry;    /* per job of the vocoder: its session, */
    const int64_t *job_block;    /* its block, 0 for silence that brings out what is held back, */
    const int64_t *job_samples;  /* and where the samples go */
    /* Per output row. */
    const int32_t *output_entry;
    const int64_t *mask;
    const float *temperature, *top_p;
    const int32_t *top_k, *output_position;
    /* Written by worker 0, CLOCK_MONOTONIC. */
    int64_t started_ns, preprocessed_ns, fused_ns;
};

#endif
