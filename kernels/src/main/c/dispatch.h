/* The tables of an instruction set, for those who call kernels from C. */
#ifndef TACTUS_DISPATCH_H
#define TACTUS_DISPATCH_H

#include "tactus.h"

/* What the library shows to the outside; all else is hidden. */
#define TACTUS_EXPORT __attribute__((visibility("default")))

/* The EXACT ops of an instruction set. */
const struct tactus_exact *tactus_exact_of(int32_t isa);

/* The FAST products of an instruction set; kind is TACTUS_FAST_BF16 or TACTUS_FAST_INT8. */
const struct tactus_fast *tactus_fast_of(int32_t isa, int32_t kind);

/* The float32 products of an instruction set. */
const struct tactus_gemm *tactus_gemm_of(int32_t isa);

#endif
