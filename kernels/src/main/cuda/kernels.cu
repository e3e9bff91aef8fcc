/*
 * Every CUDA kernel of the engine.
 *
 * What a kernel is given is fixed when its graph is captured. What varies from pass to pass it reads through pointers
 * into the pass's header and columns (pass.cuh): `rows` is how many rows of the op's space the pass has, and columns
 * are indexed by row, segment, entry or source like those of struct tactus_pass in ../c/pass.h. Grids are sized for the
 * most rows of the graph's bucket; blocks beyond the pass's rows return at once.
 *
 * All kernels are of the EXACT class unless their name says fast: their bits are those of dev.tactus.kernel.reference,
 * whatever the number of rows, the grid and the block. `_bf16` and `_f32` say how a matrix is stored. Matrices are
 * row-major [outputs, inputs] without padding; any alignment works, rows at 16 bytes are fast. Activations are float32
 * [rows, columns]. Launches with their shape checks are in dev.tactus.kernel.cuda.
 *
 * | kernel tactus_...                                          | rows           | in             |
 * |------------------------------------------------------------|----------------|----------------|
 * | pass_gather, pass_begin                                    | columns        | pass.cuh       |
 * | mel_fold, mel_spectrum, mel_bins, audio_bag_*              | audio sources  | audio.cuh      |
 * | patch_pixels, fold                                         | patch sources  | vision.cuh     |
 * | gather_blocks                                              | speech sources | vision.cuh     |
 * | embed_*                                                    | pass           | embed.cuh      |
 * | rms_norm                                                   | any            | norm.cuh       |
 * | linear_* (four matrices at a time)                         | any            | linear.cuh     |
 * | linear_swiglu_*, linear_conv_*                             | pass           | linear.cuh     |
 * | fast_linear, fast_linear_swiglu, fast_linear_conv          | any            | fast.cuh       |
 * | fast_experts_up, fast_experts_down_conv                    | pass           | fast.cuh       |
 * | residual_conv                                              | segments       | residual.cuh   |
 * | key_value                                                  | segments       | key_value.cuh  |
 * | attention_chunk, attention_split, attention_merge          | pass           | attention.cuh  |
 * | route, experts_up, experts_down_conv                       | pass           | experts.cuh    |
 * | adapters_of_rows, adapter_down                             | pass, output   | adapters.cuh   |
 * | sample_collect, sample_draw, log_probability               | output         | sample.cuh     |
 * | flow_noise, flow_product, flow_end                         | voice          | flow.cuh       |
 * | vocode                                                     | jobs           | vocoder.cuh    |
 * | generate_begin, advance                                    | entries        | generate.cuh   |
 */
#include "portable.h"
#include "adapters.cuh"
#include "attention.cuh"
#include "audio.cuh"
#include "embed.cuh"
#include "experts.cuh"
#include "fast.cuh"
#include "flow.cuh"
#include "generate.cuh"
#include "key_value.cuh"
#include "linear.cuh"
#include "norm.cuh"
#include "pass.cuh"
#include "residual.cuh"
#include "sample.cuh"
#include "vision.cuh"
#include "vocoder.cuh"
