/* What a compiled module says of its kernels: a cubin, or the best one of a fatbin. */
#ifndef SOFTCUDA_IMAGE_H
#define SOFTCUDA_IMAGE_H

#include <cstdint>
#include <string>
#include <vector>

namespace softcuda {

/* A kernel as nvcc compiled it. */
struct KernelImage {
    std::string name;
    std::vector<uint32_t> offsets; /* of its parameters in bytes, in order */
    std::vector<uint32_t> sizes;
    uint32_t max_threads = 1024;
    uint32_t registers = 0;
    uint32_t static_shared_bytes = 0;
    uint32_t local_bytes = 0;
    uint32_t architecture = 0; /* 90 for compute capability 9.0 */
};

/*
 * Reads the kernels of an image: an ELF cubin or a fatbin, whose entries may be stored as they are or as LZ4 (nvcc
 * -no-compress, or -compress-mode=speed). Returns an empty string, or what is wrong with it.
 */
std::string read_image(const void *image, std::vector<KernelImage> &kernels);

} // namespace softcuda

#endif
