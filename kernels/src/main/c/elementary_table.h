/* Rendered from ElementaryTable.java; change that file, not this one. */
#ifndef TACTUS_ELEMENTARY_TABLE_H
#define TACTUS_ELEMENTARY_TABLE_H

#define TACTUS_ROUND_MAGIC (0x1.8p23f) /* 0x4b400000 */
#define TACTUS_ROUND_MAGIC_BITS (0x4b400000u)
#define TACTUS_ONE_BITS (0x3f800000u)
#define TACTUS_SIGN_EXPONENT_BITS (0xff800000u)
#define TACTUS_SIGN_BIT (0x80000000u)
#define TACTUS_LOG2_E (0x1.715476p0f) /* 0x3fb8aa3b */
#define TACTUS_LN2_HI (0x1.62e43p-1f) /* 0x3f317218 */
#define TACTUS_LN2_LO (-0x1.05c61p-29f) /* 0xb102e308 */
#define TACTUS_EXP_OVERFLOW (0x1.64p6f) /* 0x42b20000 */
#define TACTUS_EXP_UNDERFLOW (-0x1.ap6f) /* 0xc2d00000 */
#define TACTUS_EXP_C2 (0x1.fffffcp-2f) /* 0x3efffffe */
#define TACTUS_EXP_C3 (0x1.55548cp-3f) /* 0x3e2aaa46 */
#define TACTUS_EXP_C4 (0x1.555858p-5f) /* 0x3d2aac2c */
#define TACTUS_EXP_C5 (0x1.123dep-7f) /* 0x3c091ef0 */
#define TACTUS_EXP_C6 (0x1.6ac71p-10f) /* 0x3ab56388 */
#define TACTUS_LOG_SPLIT_BITS (0x3f2aaaabu)
#define TACTUS_MIN_NORMAL (0x1.0p-126f) /* 0x00800000 */
#define TACTUS_LOG_SCALE (0x1.0p23f) /* 0x4b000000 */
#define TACTUS_LOG_MAGIC_SCALED (0x1.80002ep23f) /* 0x4b400017 */
#define TACTUS_LOG_C2 (-0x1.0p-1f) /* 0xbf000000 */
#define TACTUS_LOG_C3 (0x1.5554fap-2f) /* 0x3eaaaa7d */
#define TACTUS_LOG_C4 (-0x1.ffff94p-3f) /* 0xbe7fffca */
#define TACTUS_LOG_C5 (0x1.99d58cp-3f) /* 0x3e4ceac6 */
#define TACTUS_LOG_C6 (-0x1.557e26p-3f) /* 0xbe2abf13 */
#define TACTUS_LOG_C7 (0x1.1e81e8p-3f) /* 0x3e0f40f4 */
#define TACTUS_LOG_C8 (-0x1.f6bbfp-4f) /* 0xbdfb5df8 */
#define TACTUS_LOG_C9 (0x1.20035cp-3f) /* 0x3e1001ae */
#define TACTUS_LOG_C10 (-0x1.ff1b86p-4f) /* 0xbdff8dc3 */
#define TACTUS_ERF_SPLIT (0x1.d70a3ep-1f) /* 0x3f6b851f */
#define TACTUS_ERF_LIMIT (0x1.0p2f) /* 0x40800000 */
#define TACTUS_ERF_S0 (0x1.06eba8p-3f) /* 0x3e0375d4 */
#define TACTUS_ERF_S1 (-0x1.81274p-2f) /* 0xbec093a0 */
#define TACTUS_ERF_S2 (0x1.ce2d64p-4f) /* 0x3de716b2 */
#define TACTUS_ERF_S3 (-0x1.b80118p-6f) /* 0xbcdc008c */
#define TACTUS_ERF_S4 (0x1.5449e4p-8f) /* 0x3baa24f2 */
#define TACTUS_ERF_S5 (-0x1.a606c2p-11f) /* 0xba530361 */
#define TACTUS_ERF_S6 (0x1.4f562ep-14f) /* 0x38a7ab17 */
#define TACTUS_ERF_L0 (-0x1.9729c6p-13f) /* 0xb94b94e3 */
#define TACTUS_ERF_L1 (-0x1.20afc4p0f) /* 0xbf9057e2 */
#define TACTUS_ERF_L2 (-0x1.463b56p-1f) /* 0xbf231dab */
#define TACTUS_ERF_L3 (-0x1.a9be48p-4f) /* 0xbdd4df24 */
#define TACTUS_ERF_L4 (0x1.6c3e5ap-6f) /* 0x3cb61f2d */
#define TACTUS_ERF_L5 (-0x1.8f0a4cp-9f) /* 0xbb478526 */
#define TACTUS_ERF_L6 (0x1.9b2d4cp-13f) /* 0x394d96a6 */
#define TACTUS_SIN_COS_LIMIT (0x1.0p20f) /* 0x49800000 */
#define TACTUS_SIN_TINY (0x1.0p-12f) /* 0x39800000 */
#define TACTUS_TWO_OVER_PI (0x1.45f306p-1f) /* 0x3f22f983 */
#define TACTUS_HALF_PI_HI (0x1.921fb6p0f) /* 0x3fc90fdb */
#define TACTUS_HALF_PI_MID (-0x1.777a5cp-25f) /* 0xb33bbd2e */
#define TACTUS_HALF_PI_LO (-0x1.ee59dap-50f) /* 0xa6f72ced */
#define TACTUS_SIN_S3 (-0x1.555556p-3f) /* 0xbe2aaaab */
#define TACTUS_SIN_S5 (0x1.111168p-7f) /* 0x3c0888b4 */
#define TACTUS_SIN_S7 (-0x1.a049dp-13f) /* 0xb95024e8 */
#define TACTUS_SIN_S9 (0x1.779984p-19f) /* 0x363bccc2 */
#define TACTUS_COS_C4 (0x1.555546p-5f) /* 0x3d2aaaa3 */
#define TACTUS_COS_C6 (-0x1.6c09cp-10f) /* 0xbab604e0 */
#define TACTUS_COS_C8 (0x1.993bcep-16f) /* 0x37cc9de7 */
#define TACTUS_TWO_PI (0x1.921fb6p2f) /* 0x40c90fdb */

#endif
