/* The steps of the vision tower that move data. */
#ifndef TACTUS_VISION_H
#define TACTUS_VISION_H

#include <stdint.h>
#include <string.h>

/* One patch of one frame, [patch, patch, 3], through the table [3, 256]. */
static void patch_of_frame(const uint8_t *frame, int64_t frame_width, int64_t patch, int64_t patch_row,
                           int64_t patch_col, const float *table, float *out) {
    for (int64_t y = 0; y < patch; y++) {
        const uint8_t *line = frame + 3 * ((patch_row * patch + y) * frame_width + patch_col * patch);
        for (int64_t x = 0; x < patch; x++, line += 3, out += 3) {
            out[0] = table[line[0]];
            out[1] = table[256 + line[1]];
            out[2] = table[512 + line[2]];
        }
    }
}

/* KernelSet.patchPixels: a patch of two RGB8 frames as [2, patch, patch, 3] float32. */
static void patch_pixels(const uint8_t *previous, const uint8_t *current, int32_t frame_width, int32_t patch,
                         int32_t patch_row, int32_t patch_col, const float *table, float *out) {
    patch_of_frame(previous, frame_width, patch, patch_row, patch_col, table, out);
    patch_of_frame(current, frame_width, patch, patch_row, patch_col, table, out + (int64_t)patch * patch * 3);
}

/*
 * KernelSet.fold: x [t, h, w, c] to y [t / ft, h / fh, w / fw, ft * fh * fw * c]. The fw neighbours of one line are
 * neighbours in x too, so they move together.
 */
static void fold(const float *x, int32_t t, int32_t h, int32_t w, int32_t c, int32_t ft, int32_t fh, int32_t fw,
                 float *y) {
    const int64_t run = (int64_t)fw * c;
    for (int32_t block_t = 0; block_t < t / ft; block_t++) {
        for (int32_t block_h = 0; block_h < h / fh; block_h++) {
            for (int32_t block_w = 0; block_w < w / fw; block_w++) {
                for (int32_t line = 0; line < ft * fh; line++) {
                    const int64_t in_t = (int64_t)block_t * ft + line / fh;
                    const int64_t in_h = (int64_t)block_h * fh + line % fh;
                    memcpy(y, x + ((in_t * h + in_h) * w + (int64_t)block_w * fw) * c, (size_t)run * sizeof(float));
                    y += run;
                }
            }
        }
    }
}

#endif
