/*
 * A file with one launch of a kernel and the memory that it could see:
 *
 *   RecordedLaunch
 *   per parameter: uint32 offset, uint32 bytes, the bytes
 *   per range: RecordedRange, then per page that is not poison: uint64 offset, the bytes; then RECORD_END
 */
#ifndef SOFTCUDA_RECORDING_H
#define SOFTCUDA_RECORDING_H

#include <cstdint>

#include "../device/abi.h"

namespace softcuda {

inline constexpr uint64_t RECORD_MAGIC = 0x31736c6c61636e75;
inline constexpr uint64_t RECORD_PAGE = 4096;
inline constexpr uint64_t RECORD_END = ~uint64_t{0};

struct RecordedLaunch {
    uint64_t magic;
    char kernel[128];
    uint3 grid;
    uint3 block;
    uint64_t dynamic_shared_bytes;
    uint32_t parameters;
    uint32_t ranges;
};

struct RecordedRange {
    uint64_t start;
    uint64_t bytes;
};

} // namespace softcuda

#endif
