/*
 * Seeing: patches of letterboxed frames, read where their producer wrote them (pinned memory), and what moves data
 * between the stages of the tower. The products are tactus_linear's, norm and gelu tactus_rms_norm's.
 *
 *   tactus_patch_pixels   two RGB8 frames -> pixels [2, patch, patch, 3]
 *   tactus_fold           x [t, h, w, c] -> y [t / ft, h / fh, w / fw, ft fh fw c]
 *   tactus_gather_blocks  blocks of speech, wherever the plan says -> y [block]
 *
 * Rows are patch sources, or speech sources. Bytes moved per patch of 40: 9.6 KB over the bus, 38 KB out; a fold reads
 * and writes its floats once. Floor: those over the bus and over bandwidth; 12 patches take 2 us at 64 GB/s.
 */
#ifndef TACTUS_VISION_CUH
#define TACTUS_VISION_CUH

#include "exact.cuh"

/* The thread's first element of a row and its stride, for grids (pieces, rows). */
DEVICE int first_element() { return (int)(blockIdx.x * blockDim.x + threadIdx.x); }

DEVICE int element_stride() { return (int)(gridDim.x * blockDim.x); }

/*
 * previous, current: addresses of frames; known: of float32 pixels, 0 where they come from frames. table [3, 256].
 * grid (pieces, rows), block (256).
 */
KERNEL __launch_bounds__(256)
tactus_patch_pixels(const int64_t *previous, const int64_t *current, const int64_t *known, const int32_t *patch_row,
                    const int32_t *patch_col, const float *table, float *pixels, int patch, int frame_width,
                    const int32_t *rows) {
    const int row = (int)blockIdx.y;
    if (row >= *rows) {
        return;
    }
    const int line = patch * 3, frame = patch * line;
    float *out = pixels + (int64_t)row * 2 * frame;
    const float *given = reinterpret_cast<const float *>(known[row]);
    for (int i = first_element(); i < 2 * frame; i += element_stride()) {
        if (given != NULL) {
            out[i] = given[i];
            continue;
        }
        const uint8_t *bytes = reinterpret_cast<const uint8_t *>(i < frame ? previous[row] : current[row]);
        const int y = i % frame / line, in_line = i % line;
        const int64_t pixel = (int64_t)(patch_row[row] * patch + y) * frame_width + patch_col[row] * patch;
        out[i] = table[in_line % 3 * 256 + bytes[pixel * 3 + in_line]];
    }
}
EXPORT_KERNEL(tactus_patch_pixels)

/* grid (pieces, rows), block (256). */
KERNEL __launch_bounds__(256)
tactus_fold(const float *x, float *y, int t, int h, int w, int c, int ft, int fh, int fw, const int32_t *rows) {
    const int row = (int)blockIdx.y;
    if (row >= *rows) {
        return;
    }
    const int elements = t * h * w * c;
    const float *in = x + (int64_t)row * elements;
    float *out = y + (int64_t)row * elements;
    for (int i = first_element(); i < elements; i += element_stride()) {
        const int channel = i % c;
        const int in_w = i / c % fw, in_h = i / c / fw % fh, in_t = i / c / fw / fh % ft;
        const int block = i / (c * fw * fh * ft);
        const int block_w = block % (w / fw), block_h = block / (w / fw) % (h / fh);
        const int block_t = block / (w / fw) / (h / fh);
        const int source_t = block_t * ft + in_t, source_h = block_h * fh + in_h, source_w = block_w * fw + in_w;
        out[i] = in[((source_t * h + source_h) * w + source_w) * c + channel];
    }
}
EXPORT_KERNEL(tactus_fold)

/* source: addresses of float32 [block]. grid (pieces, rows), block (256). */
KERNEL __launch_bounds__(256)
tactus_gather_blocks(const int64_t *source, float *y, int block, const int32_t *rows) {
    const int row = (int)blockIdx.y;
    if (row >= *rows) {
        return;
    }
    const float *from = reinterpret_cast<const float *>(source[row]);
    for (int i = first_element(); i < block; i += element_stride()) {
        y[(int64_t)row * block + i] = from[i];
    }
}
EXPORT_KERNEL(tactus_gather_blocks)

#endif
