/* The driver's interface in our own words, so that softcuda is built without cuda.h. */
#ifndef SOFTCUDA_CUDA_TYPES_H
#define SOFTCUDA_CUDA_TYPES_H

#include <cstddef>
#include <cstdint>

#include "cuda_constants.h"
#include "cuda_functions.h"
#include "cuda_results.h"

namespace softcuda {

/* Behind the driver's opaque pointers; see the .cpp of the same matter. */
struct Context;
struct Stream;
struct Event;
struct Graph;
struct GraphExec;
struct GraphNode;
struct Module;
struct Function;

using DevicePointer = unsigned long long;
using HostFunction = void (*)(void *);

struct Uuid {
    char bytes[16];
};

enum Result : int {
#define SOFTCUDA_ENUMERATE(name, number, text) name = number,
    SOFTCUDA_RESULTS(SOFTCUDA_ENUMERATE)
#undef SOFTCUDA_ENUMERATE
};

enum : int {
#define SOFTCUDA_ENUMERATE(name, number) name = number,
    SOFTCUDA_CONSTANTS(SOFTCUDA_ENUMERATE)
#undef SOFTCUDA_ENUMERATE
};

extern "C" {
#define SOFTCUDA_DECLARE(name, ...) __attribute__((visibility("default"))) Result name(__VA_ARGS__);
SOFTCUDA_FUNCTIONS(SOFTCUDA_DECLARE)
#undef SOFTCUDA_DECLARE
}

} // namespace softcuda

#endif
