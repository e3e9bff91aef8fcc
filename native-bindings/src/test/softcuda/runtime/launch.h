/* Libraries of kernels, and grids of blocks on as many OS threads as are wished. */
#ifndef SOFTCUDA_LAUNCH_H
#define SOFTCUDA_LAUNCH_H

#include <string>
#include <vector>

#include "executor.h"

namespace softcuda {

/* A kernel that can be run. */
struct KnownKernel {
    const Kernel *kernel;
    Thread **(*current)();
};

/*
 * Loads a library of kernels; a kernel of the same name that is known already is replaced. Returns an empty string, or
 * what is wrong with it.
 */
std::string load_library(const char *path);

/* The kernel of that name, null when no library has it. */
const KnownKernel *find_kernel(const std::string &name);

/* All of them. */
std::vector<const Kernel *> all_kernels();

/*
 * Runs all blocks of a grid; with a seed above 1 in an order drawn from it. Returns when all have ended or one failed.
 * With a set for them, the places of the barriers and warp operations that threads came to are added to it.
 */
Fault run_grid(const Grid &grid, unsigned os_threads, std::set<std::string> *sites = nullptr);

} // namespace softcuda

#endif
