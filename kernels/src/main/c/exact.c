/* The EXACT class for one instruction set: every op, one file each. */
#include "tactus.h"
#include "vec.h"

#include "elementary.h"

#include "linear.h"
#include "low_rank.h"
#include "attention.h"
#include "rows.h"
#include "mel.h"
#include "vision.h"
#include "choice.h"
#include "vocoder.h"
#include "flow.h"

const struct tactus_exact TACTUS_TABLE = {
    .linear = linear,
    .linear_scratch = linear_scratch,
    .low_rank = low_rank,
    .attend = attend,
    .attend_scratch = attend_scratch,
    .append_kv = append_kv,
    .rms_norm = rms_norm,
    .short_conv = short_conv,
    .widen = widen,
    .audio_bag = audio_bag,
    .swiglu = swiglu,
    .gelu = gelu,
    .silu = silu,
    .scale = scale,
    .fma_row = fma_row,
    .add_row = add_row,
    .route = route,
    .mel_fold = mel_fold,
    .mel_magnitude = mel_magnitude,
    .mel_bin = mel_bin,
    .patch_pixels = patch_pixels,
    .fold = fold,
    .sample = sample,
    .sample_scratch = sample_scratch,
    .vocoder_block = vocoder_block,
    .flow = flow,
    .flow_together = flow_together,
};
