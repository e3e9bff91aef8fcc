/*
 * What the tests load as cuDNN: the descriptors and convolutions of its documentation, computed at once on memory that
 * the host can read. It shows that the facade hands over the right things in the right places, not what cuDNN computes.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, BAD_PARAM = 2000, NOT_SUPPORTED = 3000 };
enum { FLOAT = 0, BFLOAT16 = 9, CROSS_CORRELATION = 1 };

typedef struct { int type, dim[4], stride[4]; } Tensor;
typedef struct { int type, layout, dim[4]; } Filter;
typedef struct { int pad[2], stride[2], dilation[2], mode, compute, math, groups; } Convolution;

static int live, stream_sets, last_algorithm = -1, last_math = -1;
static char message[256];

int stand_in_live(void) { return live; }
int stand_in_algorithm(void) { return last_algorithm; }
int stand_in_math(void) { return last_math; }
int stand_in_stream_sets(void) { return stream_sets; }

static int fail(int status, const char *why) {
    snprintf(message, sizeof message, "%s", why);
    return status;
}

size_t cudnnGetVersion(void) { return 92400; }
const char *cudnnGetErrorString(int status) {
    return status == BAD_PARAM ? "CUDNN_STATUS_BAD_PARAM" : "CUDNN_STATUS_NOT_SUPPORTED";
}
void cudnnGetLastErrorString(char *out, size_t size) { snprintf(out, size, "%s", message); }

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
int cudnnCreate(void **h) { return create(h, 8); }
int cudnnDestroy(void *h) { return destroy(h); }
int cudnnSetStream(void *h, void *stream) {
    stream_sets++;
    return h != NULL && stream != NULL ? SUCCESS : fail(BAD_PARAM, "no stream");
}
int cudnnCreateTensorDescriptor(void **d) { return create(d, sizeof(Tensor)); }
int cudnnDestroyTensorDescriptor(void *d) { return destroy(d); }
int cudnnCreateFilterDescriptor(void **d) { return create(d, sizeof(Filter)); }
int cudnnDestroyFilterDescriptor(void *d) { return destroy(d); }
int cudnnCreateConvolutionDescriptor(void **d) { return create(d, sizeof(Convolution)); }
int cudnnDestroyConvolutionDescriptor(void *d) { return destroy(d); }

int cudnnSetTensorNdDescriptor(Tensor *t, int type, int rank, const int *dim, const int *stride) {
    if (rank != 4) {
        return fail(BAD_PARAM, "rank");
    }
    t->type = type;
    memcpy(t->dim, dim, sizeof t->dim);
    memcpy(t->stride, stride, sizeof t->stride);
    return SUCCESS;
}
int cudnnSetFilterNdDescriptor(Filter *f, int type, int layout, int rank, const int *dim) {
    if (rank != 4 || layout != 0) {
        return fail(BAD_PARAM, "rank or layout");
    }
    f->type = type;
    memcpy(f->dim, dim, sizeof f->dim);
    return SUCCESS;
}
int cudnnSetConvolutionNdDescriptor(Convolution *c, int length, const int *pad, const int *stride, const int *dilation,
                                    int mode, int compute) {
    if (length != 2 || pad[0] != 0 || pad[1] != 0 || stride[0] != 1 || dilation[0] != 1 || compute != FLOAT) {
        return fail(BAD_PARAM, "convolution");
    }
    memcpy(c->stride, stride, sizeof c->stride);
    memcpy(c->dilation, dilation, sizeof c->dilation);
    c->mode = mode;
    return SUCCESS;
}
int cudnnSetConvolutionMathType(Convolution *c, int math) {
    last_math = c->math = math;
    return SUCCESS;
}
int cudnnSetConvolutionGroupCount(Convolution *c, int groups) {
    c->groups = groups;
    return SUCCESS;
}

static float get(int type, const void *data, size_t i) {
    if (type == FLOAT) {
        return ((const float *)data)[i];
    }
    const uint32_t bits = (uint32_t)((const uint16_t *)data)[i] << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}
static void put(int type, void *data, size_t i, float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    if (type == FLOAT) {
        ((float *)data)[i] = value;
    } else {
        ((uint16_t *)data)[i] = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }
}
static size_t at(const Tensor *t, int n, int c, int w) {
    return (size_t)n * t->stride[0] + (size_t)c * t->stride[1] + (size_t)w * t->stride[3];
}

/* big: the tensor with more steps in the strided direction; small[t] meets big[t * stride + j * dilation]. */
static int check(const Tensor *big, const Filter *w, const Convolution *c, const Tensor *small) {
    const int extent = c->dilation[1] * (w->dim[3] - 1) + 1;
    if (big->dim[0] != small->dim[0] || w->dim[0] != small->dim[1] || w->dim[1] * c->groups != big->dim[1] ||
        big->dim[2] != 1 || small->dim[2] != 1 || w->dim[2] != 1 || c->mode != CROSS_CORRELATION ||
        big->type != w->type || (big->type != FLOAT && big->type != BFLOAT16) ||
        small->dim[3] != (big->dim[3] - extent) / c->stride[1] + 1) {
        return fail(BAD_PARAM, "shapes do not fit");
    }
    return SUCCESS;
}
int cudnnGetConvolutionForwardWorkspaceSize(void *h, const Tensor *x, const Filter *w, const Convolution *c,
                                            const Tensor *y, int algorithm, size_t *bytes) {
    if (algorithm == 1 && w->dim[3] == 7) {
        return fail(NOT_SUPPORTED, "this stand-in has no precomputed kernel of 7 taps");
    }
    if (w->dim[3] == 13) {
        return fail(NOT_SUPPORTED, "no kernel of 13 taps at all");
    }
    *bytes = algorithm == 1 ? 1024 : 0;
    return h == NULL ? BAD_PARAM : check(x, w, c, y);
}
int cudnnGetConvolutionBackwardDataWorkspaceSize(void *h, const Filter *w, const Tensor *dy, const Convolution *c,
                                                 const Tensor *dx, int algorithm, size_t *bytes) {
    *bytes = 512;
    return h == NULL || algorithm != 1 ? BAD_PARAM : check(dx, w, c, dy);
}
int cudnnConvolutionForward(void *h, const float *alpha, const Tensor *x, const void *xs, const Filter *w,
                            const void *ws, const Convolution *c, int algorithm, void *work, size_t bytes,
                            const float *beta, const Tensor *y, void *ys) {
    if (h == NULL || *alpha != 1 || *beta != 0 || (work == NULL) != (bytes == 0)) {
        return fail(BAD_PARAM, "forward");
    }
    last_algorithm = algorithm;
    const int outs = y->dim[1] / c->groups, ins = w->dim[1], taps = w->dim[3];
    for (int n = 0; n < y->dim[0]; n++) {
        for (int o = 0; o < y->dim[1]; o++) {
            for (int t = 0; t < y->dim[3]; t++) {
                float sum = 0;
                for (int i = 0; i < ins; i++) {
                    for (int j = 0; j < taps; j++) {
                        sum += get(w->type, ws, ((size_t)o * ins + i) * taps + j) *
                               get(x->type, xs, at(x, n, o / outs * ins + i, t * c->stride[1] + j * c->dilation[1]));
                    }
                }
                put(y->type, ys, at(y, n, o, t), sum);
            }
        }
    }
    return SUCCESS;
}
int cudnnConvolutionBackwardData(void *h, const float *alpha, const Filter *w, const void *ws, const Tensor *dy,
                                 const void *dys, const Convolution *c, int algorithm, void *work, size_t bytes,
                                 const float *beta, const Tensor *dx, void *dxs) {
    if (h == NULL || *alpha != 1 || *beta != 0 || work == NULL || bytes != 512) {
        return fail(BAD_PARAM, "backward data");
    }
    last_algorithm = algorithm;
    const int outs = dy->dim[1] / c->groups, ins = w->dim[1], taps = w->dim[3];
    const size_t total = (size_t)dx->dim[0] * dx->dim[1] * dx->dim[3];
    float *sums = calloc(total, sizeof(float));
    for (int n = 0; n < dy->dim[0]; n++) {
        for (int o = 0; o < dy->dim[1]; o++) {
            for (int t = 0; t < dy->dim[3]; t++) {
                for (int i = 0; i < ins; i++) {
                    for (int j = 0; j < taps; j++) {
                        sums[at(dx, n, o / outs * ins + i, t * c->stride[1] + j * c->dilation[1])] +=
                            get(w->type, ws, ((size_t)o * ins + i) * taps + j) * get(dy->type, dys, at(dy, n, o, t));
                    }
                }
            }
        }
    }
    for (size_t i = 0; i < total; i++) {
        put(dx->type, dxs, i, sums[i]);
    }
    free(sums);
    return SUCCESS;
}
