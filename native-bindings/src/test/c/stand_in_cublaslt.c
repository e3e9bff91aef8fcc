/*
 * What the tests load as cuBLASLt: matrices in columns, as its documentation says, multiplied at once on memory that
 * the host can read. It shows that the facade hands over the right things in the right places, not what cuBLASLt
 * computes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, INVALID_VALUE = 7, NOT_SUPPORTED = 15 };
enum { R_32F = 0, R_16BF = 14, COMPUTE_32F = 68, TRANSA = 3, LAYOUT_COLS = 3, OP_T = 1 };
enum { CONFIG_SPLITK_NUM = 2, CONFIG_REDUCTION_SCHEME = 3, PREF_WORKSPACE = 1, PREF_REDUCTION = 3 };

typedef struct { int compute, scale, transposed; } Product;
typedef struct { int type; uint64_t rows, cols; int64_t ld; } Layout;
typedef struct { uint64_t workspace; uint32_t reductions; } Preference;
typedef struct { uint64_t data[8]; } Algorithm; /* id, split, reduction */
typedef struct { Algorithm algorithm; size_t workspace; int state; float waves; int reserved[4]; } Result;

static int live, last_rows, last_id;

int stand_in_live(void) { return live; }
int stand_in_rows(void) { return last_rows; }
int stand_in_id(void) { return last_id; }

size_t cublasLtGetVersion(void) { return 130100; }
const char *cublasLtGetStatusName(int status) {
    return status == INVALID_VALUE ? "CUBLAS_STATUS_INVALID_VALUE" : "CUBLAS_STATUS_NOT_SUPPORTED";
}
const char *cublasLtGetStatusString(int status) { return status == INVALID_VALUE ? "invalid" : "not supported"; }

static int create(void **out, size_t bytes) {
    live++;
    *out = calloc(1, bytes);
    return SUCCESS;
}
static int destroy(void *it) {
    live--;
    free(it);
    return SUCCESS;
}
int cublasLtCreate(void **h) { return create(h, 8); }
int cublasLtDestroy(void *h) { return destroy(h); }
int cublasLtMatmulDescCreate(void **d, int compute, int scale) {
    const int status = create(d, sizeof(Product));
    ((Product *)*d)->compute = compute;
    ((Product *)*d)->scale = scale;
    return compute == COMPUTE_32F && scale == R_32F ? status : INVALID_VALUE;
}
int cublasLtMatmulDescSetAttribute(Product *d, int attribute, const void *value, size_t bytes) {
    if (attribute != TRANSA || bytes != 4) {
        return INVALID_VALUE;
    }
    d->transposed = *(const int *)value == OP_T;
    return SUCCESS;
}
int cublasLtMatmulDescDestroy(void *d) { return destroy(d); }
int cublasLtMatrixLayoutCreate(void **l, int type, uint64_t rows, uint64_t cols, int64_t ld) {
    const int status = create(l, sizeof(Layout));
    *(Layout *)*l = (Layout){type, rows, cols, ld};
    return status;
}
int cublasLtMatrixLayoutSetAttribute(Layout *l, int attribute, const void *value, size_t bytes) {
    if (attribute != LAYOUT_COLS || bytes != 8) {
        return INVALID_VALUE;
    }
    l->cols = *(const uint64_t *)value;
    return SUCCESS;
}
int cublasLtMatrixLayoutDestroy(void *l) { return destroy(l); }
int cublasLtMatmulPreferenceCreate(void **p) { return create(p, sizeof(Preference)); }
int cublasLtMatmulPreferenceSetAttribute(Preference *p, int attribute, const void *value, size_t bytes) {
    if (attribute == PREF_WORKSPACE && bytes == 8) {
        p->workspace = *(const uint64_t *)value;
    } else if (attribute == PREF_REDUCTION && bytes == 4) {
        p->reductions = *(const uint32_t *)value;
    } else {
        return INVALID_VALUE;
    }
    return SUCCESS;
}
int cublasLtMatmulPreferenceDestroy(void *p) { return destroy(p); }

/* Four guesses: unusable; one that wants many rows; one that is good; another. Of K = 8 none is good. */
int cublasLtMatmulAlgoGetHeuristic(void *h, Product *d, Layout *a, Layout *b, Layout *c, Layout *out, Preference *p,
                                   int wanted, Result *results, int *count) {
    if (h == NULL || !d->transposed || c != out || p->workspace == 0 || p->reductions != 0 || wanted < 4 ||
        a->rows != b->rows || a->cols != out->rows || b->cols != out->cols) {
        return INVALID_VALUE;
    }
    for (int i = 0; i < 4; i++) {
        results[i] = (Result){.algorithm = {{(uint64_t)i + 1, 4, 2}}, .workspace = 256};
        results[i].state = i == 0 ? NOT_SUPPORTED : SUCCESS;
    }
    *count = a->rows == 8 ? 2 : 4;
    return SUCCESS;
}
int cublasLtMatmulAlgoConfigSetAttribute(Algorithm *algorithm, int attribute, const void *value, size_t bytes) {
    if (bytes != 4) {
        return INVALID_VALUE;
    }
    if (attribute == CONFIG_SPLITK_NUM) {
        algorithm->data[1] = *(const uint32_t *)value;
    } else if (attribute == CONFIG_REDUCTION_SCHEME) {
        algorithm->data[2] = *(const uint32_t *)value;
    } else {
        return INVALID_VALUE;
    }
    return SUCCESS;
}
int cublasLtMatmulAlgoCheck(void *h, Product *d, Layout *a, Layout *b, Layout *c, Layout *out,
                            const Algorithm *algorithm, Result *result) {
    if (h == NULL || d == NULL || a == NULL || c != out || algorithm->data[1] != 1 || algorithm->data[2] != 0) {
        return INVALID_VALUE;
    }
    if (algorithm->data[0] == 2 && b->cols < 4) {
        return NOT_SUPPORTED;
    }
    result->workspace = 64 * b->cols;
    return b->cols == out->cols ? SUCCESS : INVALID_VALUE;
}

static float bf16(const void *data, size_t i) {
    const uint32_t bits = (uint32_t)((const uint16_t *)data)[i] << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}
int cublasLtMatmul(void *h, Product *d, const float *alpha, const void *as, Layout *a, const void *bs, Layout *b,
                   const float *beta, const void *cs, Layout *c, float *out, Layout *layout, const Algorithm *algorithm,
                   void *work, size_t bytes, void *stream) {
    if (h == NULL || !d->transposed || *alpha != 1 || *beta != 0 || cs != out || c != layout || stream == NULL ||
        a->type != R_16BF || b->type != R_16BF || layout->type != R_32F || work == NULL || bytes == 0) {
        return INVALID_VALUE;
    }
    last_id = (int)algorithm->data[0];
    last_rows = (int)b->cols;
    for (uint64_t col = 0; col < layout->cols; col++) {
        for (uint64_t row = 0; row < layout->rows; row++) {
            float sum = 0;
            for (uint64_t k = 0; k < a->rows; k++) {
                sum += bf16(as, row * a->ld + k) * bf16(bs, col * b->ld + k);
            }
            out[col * layout->ld + row] = sum;
        }
    }
    return SUCCESS;
}
