/*
 * The door of the library: which instruction sets the CPU has, and one exported function per op that takes the
 * instruction set as its first argument. Compiled for any x86-64, since it runs before anything is known.
 */
#include <cpuid.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dispatch.h"
#include "probe.h"

enum {
    ATTEND_QUERIES = 8,           /* query heads that read the keys of one kv head together */
    ARCH_REQ_XCOMP_PERM = 0x1023, /* Linux: leave to use a large register state */
    XFEATURE_XTILEDATA = 18,
    XCR0_YMM = 0x6,               /* SSE and AVX state */
    XCR0_ZMM = 0xe6,              /* and opmask, upper halves, upper registers */
    XCR0_TILES = 0x60000          /* tile configuration and data */
};

/* ---- what the CPU has ---- */

/* The bits of leaf 7, of its subleaf 1, and of leaf 1 that instruction sets are told by. */
struct cpu {
    uint32_t leaf1_ecx, leaf7_ebx, leaf7_ecx, leaf7_edx, leaf7_1_eax;
    uint64_t xcr0;
};

static int has(uint32_t bits, uint32_t wanted) { return (bits & wanted) == wanted; }

/* The register states that the system saves; only where OSXSAVE says that it tells. */
static uint64_t enabled_states(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static struct cpu read_cpu(void) {
    struct cpu cpu = {0};
    uint32_t eax, ebx, ecx, edx;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) {
        cpu.leaf1_ecx = ecx;
    }
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
        cpu.leaf7_ebx = ebx;
        cpu.leaf7_ecx = ecx;
        cpu.leaf7_edx = edx;
        if (eax >= 1 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx)) {
            cpu.leaf7_1_eax = eax;
        }
    }
    if (has(cpu.leaf1_ecx, bit_OSXSAVE)) {
        cpu.xcr0 = enabled_states();
    }
    return cpu;
}

static int has_avx2(const struct cpu *cpu) {
    return has(cpu->leaf1_ecx, bit_AVX | bit_FMA | bit_F16C) && has(cpu->leaf7_ebx, bit_AVX2) &&
           (cpu->xcr0 & XCR0_YMM) == XCR0_YMM;
}

static int has_avx512(const struct cpu *cpu) {
    return has(cpu->leaf7_ebx, bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL) &&
           (cpu->xcr0 & XCR0_ZMM) == XCR0_ZMM;
}

/* Whether tiles are there and the system lets this process, with its threads to come, use them. */
static int has_amx(const struct cpu *cpu) {
    const uint32_t bits = 1u << 22 | 1u << 24 | 1u << 25; /* AMX-BF16, AMX-TILE, AMX-INT8 */
    return has(cpu->leaf7_edx, bits) && (cpu->xcr0 & XCR0_TILES) == XCR0_TILES &&
           syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

/*
 * The best instruction set of this CPU, -1 without AVX2, FMA or F16C. Tiles must be asked for before they are used, so
 * this is called before any kernel of TACTUS_ISA_AMX.
 */
TACTUS_EXPORT int32_t tactus_cpu_isa(void) {
    const struct cpu cpu = read_cpu();
    if (!has_avx2(&cpu)) {
        return -1;
    }
    if (!has_avx512(&cpu)) {
        return TACTUS_ISA_AVX2;
    }
    if (!has(cpu.leaf7_ecx, bit_AVX512VNNI)) {
        return TACTUS_ISA_AVX512;
    }
    if (!has(cpu.leaf7_1_eax, 1u << 5)) { /* AVX512-BF16 */
        return TACTUS_ISA_AVX512_VNNI;
    }
    return has_amx(&cpu) ? TACTUS_ISA_AMX : TACTUS_ISA_AVX512_BF16;
}

/* ---- tables ---- */

const struct tactus_exact *tactus_exact_of(int32_t isa) {
    return isa == TACTUS_ISA_AVX2 ? &tactus_exact_avx2 : &tactus_exact_avx512;
}

static const struct tactus_fast *bf16_of(int32_t isa) {
    switch (isa) {
    case TACTUS_ISA_AVX2:
        return &tactus_bf16_avx2;
    case TACTUS_ISA_AVX512:
    case TACTUS_ISA_AVX512_VNNI:
        return &tactus_bf16_avx512;
    case TACTUS_ISA_AVX512_BF16:
        return &tactus_bf16_avx512bf16;
    default:
        return &tactus_bf16_amx;
    }
}

static const struct tactus_fast *int8_of(int32_t isa) {
    switch (isa) {
    case TACTUS_ISA_AVX2:
        return &tactus_int8_avx2;
    case TACTUS_ISA_AVX512:
        return &tactus_int8_avx512;
    case TACTUS_ISA_AVX512_VNNI:
    case TACTUS_ISA_AVX512_BF16:
        return &tactus_int8_vnni;
    default:
        return &tactus_int8_amx;
    }
}

const struct tactus_fast *tactus_fast_of(int32_t isa, int32_t kind) {
    return kind == TACTUS_FAST_INT8 ? int8_of(isa) : bf16_of(isa);
}

const struct tactus_gemm *tactus_gemm_of(int32_t isa) {
    return isa == TACTUS_ISA_AVX2 ? &tactus_gemm_avx2 : &tactus_gemm_avx512;
}

/* ---- the EXACT ops, as KernelSet has them; addresses are int64 as Java holds them ---- */

static void *at(int64_t address) { return (void *)(intptr_t)address; }

/* Bytes of scratch that any EXACT op may want. */
TACTUS_EXPORT int64_t tactus_scratch_bytes(int32_t isa, int32_t max_k, int32_t max_head_dim) {
    const struct tactus_exact *ops = tactus_exact_of(isa);
    const int64_t linear = ops->linear_scratch(max_k);
    const int64_t attend = ops->attend_scratch(max_head_dim);
    const int64_t sample = ops->sample_scratch();
    const int64_t larger = linear > attend ? linear : attend;
    return larger > sample ? larger : sample;
}

TACTUS_EXPORT void tactus_linear(int32_t isa, int32_t type, int64_t w, int32_t n0, int32_t n1, int32_t k, int64_t x,
                                 int32_t x_stride, int64_t y, int32_t y_stride, int32_t rows, int64_t scratch) {
    tactus_exact_of(isa)->linear(type, at(w), n0, n1, k, at(x), x_stride, at(y), y_stride, rows, at(scratch));
}

TACTUS_EXPORT void tactus_rms_norm(int32_t isa, int64_t x, int64_t w, int64_t y, int32_t d, float eps, float divisor,
                                   int32_t r0, int32_t r1) {
    tactus_exact_of(isa)->rms_norm(at(x), at(w), at(y), d, eps, divisor, r0, r1);
}

TACTUS_EXPORT void tactus_short_conv(int32_t isa, int64_t x, int64_t w, int64_t carry, int64_t residual, int64_t y,
                                     int32_t channels, int32_t kernel, int32_t rows, int32_t c0, int32_t c1) {
    tactus_exact_of(isa)->short_conv(at(x), at(w), at(carry), at(residual), at(y), channels, kernel, rows, c0, c1);
}

TACTUS_EXPORT void tactus_append_kv(int32_t isa, int32_t kv_heads, int32_t head_dim, int32_t sink_pages,
                                    int32_t ring_pages, int64_t layer_offset, int64_t k, int64_t v, int64_t pages,
                                    int64_t position, int32_t g0, int32_t g1) {
    const struct tactus_attention shape = {.kv_heads = kv_heads,
                                           .head_dim = head_dim,
                                           .sink_pages = sink_pages,
                                           .ring_pages = ring_pages,
                                           .layer_offset = layer_offset};
    tactus_exact_of(isa)->append_kv(&shape, at(k), at(v), at(pages), position, g0, g1);
}

/* Attention of one row for query heads [h0, h1); heads of one kv head go together, a few at a time. */
TACTUS_EXPORT void tactus_attention(int32_t isa, int32_t heads, int32_t kv_heads, int32_t head_dim, int32_t d_rel,
                                    int32_t extent, int64_t window, int32_t sinks, int32_t sink_pages,
                                    int32_t ring_pages, int64_t layer_offset, int64_t q, int64_t r, int64_t proj,
                                    int64_t pages, int64_t position, float tau, int64_t out, int32_t h0, int32_t h1,
                                    int64_t scratch) {
    const struct tactus_attention shape = {heads, kv_heads,   head_dim,   d_rel,       extent,
                                           window, sinks,     sink_pages, ring_pages, layer_offset};
    const int32_t heads_per_kv = heads / kv_heads;
    int32_t h = h0;
    while (h < h1) {
        const int32_t kv_head = h / heads_per_kv;
        struct tactus_query queries[ATTEND_QUERIES];
        int32_t count = 0;
        for (; count < ATTEND_QUERIES && h < h1 && h / heads_per_kv == kv_head; count++, h++) {
            queries[count] = (struct tactus_query){(const float *)at(q) + (int64_t)h * head_dim,
                                                   (const float *)at(r) + (int64_t)h * d_rel,
                                                   (float *)at(out) + (int64_t)h * head_dim, position, tau};
        }
        tactus_exact_of(isa)->attend(&shape, kv_head, queries, count, at(proj), at(pages), at(scratch));
    }
}

TACTUS_EXPORT void tactus_widen(int32_t isa, int32_t type, int64_t source, int64_t target, int32_t n) {
    tactus_exact_of(isa)->widen(type, at(source), at(target), n);
}

TACTUS_EXPORT void tactus_audio_bag(int32_t isa, int32_t type, int64_t table, int64_t bin, int32_t mels, int32_t bins,
                                    int32_t d, int64_t y, int32_t d0, int32_t d1) {
    tactus_exact_of(isa)->audio_bag(type, at(table), at(bin), mels, bins, d, at(y), d0, d1);
}

TACTUS_EXPORT void tactus_swiglu(int32_t isa, int64_t gu, int64_t h, int32_t i0, int32_t i1, int32_t scaled,
                                 float scale) {
    tactus_exact_of(isa)->swiglu(at(gu), at(h), i0, i1, scaled, scale);
}

TACTUS_EXPORT void tactus_gelu(int32_t isa, int64_t x, int64_t i0, int64_t i1) {
    tactus_exact_of(isa)->gelu(at(x), i0, i1);
}

TACTUS_EXPORT void tactus_silu(int32_t isa, int64_t x, int32_t i0, int32_t i1) {
    tactus_exact_of(isa)->silu(at(x), i0, i1);
}

TACTUS_EXPORT void tactus_scale(int32_t isa, int64_t x, float factor, int32_t i0, int32_t i1) {
    tactus_exact_of(isa)->scale(at(x), factor, i0, i1);
}

TACTUS_EXPORT void tactus_fma_row(int32_t isa, float p, int64_t y, int64_t out, int32_t i0, int32_t i1) {
    tactus_exact_of(isa)->fma_row(p, at(y), at(out), i0, i1);
}

TACTUS_EXPORT void tactus_add_row(int32_t isa, int64_t y, int64_t out, int32_t i0, int32_t i1) {
    tactus_exact_of(isa)->add_row(at(y), at(out), i0, i1);
}

TACTUS_EXPORT void tactus_route(int32_t isa, int64_t z, int64_t bias, int32_t routed, int32_t shared, int32_t chosen,
                                float scale, int64_t experts, int64_t p) {
    tactus_exact_of(isa)->route(at(z), at(bias), routed, shared, chosen, scale, at(experts), at(p));
}

TACTUS_EXPORT void tactus_mel_fold(int32_t isa, int64_t left, int64_t right, int64_t hann, int64_t even, int64_t odd) {
    tactus_exact_of(isa)->mel_fold(at(left), at(right), at(hann), at(even), at(odd));
}

TACTUS_EXPORT void tactus_mel_magnitude(int32_t isa, int64_t re, int64_t im, int64_t mag, int32_t n) {
    tactus_exact_of(isa)->mel_magnitude(at(re), at(im), at(mag), n);
}

TACTUS_EXPORT void tactus_mel_bin(int32_t isa, int64_t mel, int64_t thresholds, int32_t threshold_count, int64_t bin,
                                  int32_t mels) {
    tactus_exact_of(isa)->mel_bin(at(mel), at(thresholds), threshold_count, at(bin), mels);
}

TACTUS_EXPORT void tactus_patch_pixels(int32_t isa, int64_t previous, int64_t current, int32_t frame_width,
                                       int32_t patch, int32_t patch_row, int32_t patch_col, int64_t table,
                                       int64_t out) {
    tactus_exact_of(isa)->patch_pixels(at(previous), at(current), frame_width, patch, patch_row, patch_col, at(table),
                                       at(out));
}

TACTUS_EXPORT void tactus_fold(int32_t isa, int64_t x, int32_t t, int32_t h, int32_t w, int32_t c, int32_t ft,
                               int32_t fh, int32_t fw, int64_t y) {
    tactus_exact_of(isa)->fold(at(x), t, h, w, c, ft, fh, fw, at(y));
}

TACTUS_EXPORT int32_t tactus_sample(int32_t isa, int64_t logits, int32_t vocabulary, int64_t mask, float temperature,
                                    int32_t top_k, float top_p, int64_t seed, int32_t tick, int32_t position,
                                    int64_t scratch) {
    const struct tactus_sampling parameters = {temperature, top_p, top_k};
    return tactus_exact_of(isa)->sample(at(logits), vocabulary, at(mask), &parameters, seed, tick, position,
                                        at(scratch));
}

TACTUS_EXPORT void tactus_flow(int32_t isa, int64_t head, int64_t c, int64_t x, int32_t rows, int64_t scratch) {
    tactus_exact_of(isa)->flow(at(head), at(c), at(x), rows, at(scratch));
}

/* ---- speech ---- */

/* Five frames of log mels to 800 samples; see struct tactus_exact. */
TACTUS_EXPORT void tactus_vocoder_block(int32_t isa, int64_t tables, int64_t state, int64_t log_mel, int64_t out,
                                        int64_t scratch) {
    tactus_exact_of(isa)->vocoder_block(at(tables), at(state), at(log_mel), at(out), at(scratch));
}

/* ---- training ---- */

/* Bytes of scratch of each worker of a product. */
TACTUS_EXPORT int64_t tactus_gemm_scratch(int32_t isa) { return tactus_gemm_of(isa)->gemm_scratch(); }

/* The part of a float32 product that one of its workers computes; see struct tactus_gemm. */
TACTUS_EXPORT void tactus_gemm(int32_t isa, int32_t m, int32_t n, int32_t k, int64_t a, int64_t a_row, int64_t a_col,
                               int64_t b, int64_t b_row, int64_t b_col, int64_t c, int64_t c_stride,
                               int32_t accumulate, int32_t worker, int32_t workers, int64_t scratch) {
    tactus_gemm_of(isa)->gemm(m, n, k, at(a), a_row, a_col, at(b), b_row, b_col, at(c), c_stride, accumulate, worker,
                              workers, at(scratch));
}

/* ---- single products of the FAST classes ---- */

/* Bytes of the packing of up to TACTUS_FAST_ROWS rows. */
TACTUS_EXPORT int64_t tactus_fast_packed_bytes(int32_t isa, int32_t kind, int32_t k) {
    return tactus_fast_of(isa, kind)->packed_bytes(k);
}

/* Packs rows of x for any number of products; see struct tactus_fast. */
TACTUS_EXPORT void tactus_fast_pack(int32_t isa, int32_t kind, int64_t x, int64_t x_stride, int32_t rows, int32_t k,
                                    int64_t packed) {
    tactus_fast_of(isa, kind)->pack(at(x), x_stride, rows, k, at(packed));
}

/* The product of packed rows and the rows [n0, n1) of a matrix, which is given by its fields. */
TACTUS_EXPORT void tactus_fast_multiply(int32_t isa, int32_t kind, int64_t data, int64_t stride, int64_t scale,
                                        int64_t sum, int32_t rows_of_matrix, int32_t cols, int32_t n0, int32_t n1,
                                        int64_t packed, int32_t rows, int64_t y, int64_t y_stride) {
    const struct tactus_matrix matrix = {kind, at(data), stride, at(scale), at(sum), rows_of_matrix, cols};
    tactus_fast_of(isa, kind)->multiply(&matrix, 0, n0, n1, at(packed), rows, at(y), y_stride);
}

/* ---- what the CPU can do at most ---- */

static const struct tactus_probe *probe_of(int32_t isa) {
    return isa == TACTUS_ISA_AVX2 ? &tactus_probe_avx2 : &tactus_probe_avx512;
}

/* Reads memory as fast as vectors can; bytes is a multiple of 512. */
TACTUS_EXPORT int32_t tactus_probe_read(int32_t isa, int64_t data, int64_t bytes) {
    return probe_of(isa)->read(at(data), bytes);
}

/* Rounds of independent fma, each of tactus_probe_fma_operations floating point operations. */
TACTUS_EXPORT float tactus_probe_fma(int32_t isa, int64_t rounds) { return probe_of(isa)->fma(rounds); }

TACTUS_EXPORT int64_t tactus_probe_fma_operations(int32_t isa) { return probe_of(isa)->fma_operations(); }
