/*
 * Modules, functions, launches. The compiled image says which kernels there are, how their parameters lie and how many
 * threads they allow; what runs is the host build of the same name, which must agree with it.
 */
#include <sys/mman.h>

#include <cstring>

#include "../runtime/launch.h"
#include "driver.h"
#include "image.h"

namespace softcuda {

struct Function {
    KernelImage image;
    Module *module;
    size_t dynamic_limit; /* bytes of dynamic shared memory that a launch may ask for */
};

struct Module {
    std::map<std::string, std::unique_ptr<Function>> functions;
};

namespace {

constexpr char HOST_BUILD[] = "softcuda"; /* an image that is this text stands for all loaded kernels */
constexpr size_t DEFAULT_SHARED_BYTES = 48 * 1024;
constexpr unsigned MAX_GRID_YZ = 65535, MAX_BLOCK_Z = 64;
constexpr size_t MAX_PARAMETER_BYTES = 4096;
constexpr uintptr_t LIKELY_POINTER = 0x550000000000; /* from here on a word is rather an address than a number */

std::set<Function *> &live_functions() {
    static auto *functions = new std::set<Function *>;
    return *functions;
}

template <class F> Result on_function(const char *call, Function *function, F body) {
    return in_context(call, [&](Lock &) -> Result {
        const Result result = require(live_functions(), function, "function");
        return result != CUDA_SUCCESS ? result : body();
    });
}

/* ---- modules ---- */

KernelImage image_of_host_build(const Kernel &kernel) {
    KernelImage image;
    image.name = kernel.name;
    image.architecture = 90;
    uint32_t offset = 0;
    for (unsigned i = 0; i < kernel.parameter_count; i++) {
        const auto bytes = static_cast<uint32_t>(kernel.parameter_sizes[i]);
        const uint32_t alignment = bytes % 8 == 0 ? 8 : bytes % 4 == 0 ? 4 : bytes % 2 == 0 ? 2 : 1;
        offset = (offset + alignment - 1) / alignment * alignment;
        image.offsets.push_back(offset);
        image.sizes.push_back(bytes);
        offset += bytes;
    }
    return image;
}

/* Empty when the host build of a kernel takes the parameters that the compiled code takes, or when there is none. */
std::string compare_parameters(const KernelImage &image) {
    const KnownKernel *known = find_kernel(image.name);
    if (known == nullptr) {
        return {};
    }
    const unsigned count = known->kernel->parameter_count;
    if (count != image.sizes.size()) {
        return format("kernel %s takes %zu parameters in the image and %u in the host build: one of them is stale",
                      image.name.c_str(), image.sizes.size(), count);
    }
    for (unsigned i = 0; i < count; i++) {
        if (image.sizes[i] != known->kernel->parameter_sizes[i]) {
            return format("parameter %u of kernel %s has %u bytes in the image and %zu in the host build: one of them "
                          "is stale",
                          i, image.name.c_str(), image.sizes[i], known->kernel->parameter_sizes[i]);
        }
    }
    return {};
}

Result load_module(Module **module, const void *image) {
    const Result refused = forbid_in_any_capture();
    if (refused != CUDA_SUCCESS) {
        return refused;
    }
    std::vector<KernelImage> kernels;
    if (strcmp(static_cast<const char *>(image), HOST_BUILD) == 0) {
        for (const Kernel *kernel : all_kernels()) {
            kernels.push_back(image_of_host_build(*kernel));
        }
    } else {
        const std::string problem = read_image(image, kernels);
        if (!problem.empty()) {
            return fail(CUDA_ERROR_INVALID_IMAGE, problem);
        }
    }
    auto made = std::make_unique<Module>();
    for (KernelImage &kernel : kernels) {
        const std::string problem = compare_parameters(kernel);
        if (!problem.empty()) {
            return fail(CUDA_ERROR_INVALID_IMAGE, problem);
        }
        const size_t limit = DEFAULT_SHARED_BYTES - kernel.static_shared_bytes;
        made->functions[kernel.name] = std::make_unique<Function>(Function{kernel, made.get(), limit});
    }
    for (const auto &[name, function] : made->functions) {
        live_functions().insert(function.get());
    }
    *module = made.release();
    current_context()->modules.insert(*module);
    return CUDA_SUCCESS;
}

/* ---- launches ---- */

/* The parameters of a launch, copied when it is asked for. */
struct Arguments {
    std::vector<char> bytes;
    std::vector<void *> pointers;
};

std::shared_ptr<Arguments> copy_arguments(const KernelImage &image, void **parameters) {
    auto arguments = std::make_shared<Arguments>();
    const size_t count = image.sizes.size();
    arguments->bytes.resize(count == 0 ? 0 : image.offsets[count - 1] + image.sizes[count - 1]);
    for (size_t i = 0; i < count; i++) {
        char *at = arguments->bytes.data() + image.offsets[i];
        memcpy(at, parameters[i], image.sizes[i]);
        arguments->pointers.push_back(at);
    }
    return arguments;
}

Result check_geometry(const Function &function, dim3 grid, dim3 block, size_t shared) {
    const char *name = function.image.name.c_str();
    const uint64_t threads = uint64_t{block.x} * block.y * block.z;
    if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffff || grid.y > MAX_GRID_YZ ||
        grid.z > MAX_GRID_YZ) {
        return fail(CUDA_ERROR_INVALID_VALUE,
                    format("kernel %s: a grid of %u x %u x %u blocks; 1 to 2147483647 x 65535 x 65535 are possible",
                           name, grid.x, grid.y, grid.z));
    }
    if (threads == 0 || threads > MAX_BLOCK_THREADS || block.z > MAX_BLOCK_Z) {
        return fail(CUDA_ERROR_INVALID_VALUE, format("kernel %s: a block of %u x %u x %u threads; 1 to %u are possible",
                                                     name, block.x, block.y, block.z, MAX_BLOCK_THREADS));
    }
    if (threads > function.image.max_threads) {
        return fail(CUDA_ERROR_INVALID_VALUE,
                    format("kernel %s: a block of %u x %u x %u threads; its launch bound is %u", name, block.x, block.y,
                           block.z, function.image.max_threads));
    }
    if (shared > function.dynamic_limit) {
        return fail(CUDA_ERROR_INVALID_VALUE,
                    format("kernel %s: %zu bytes of dynamic shared memory beside %u static ones; %zu are allowed, and "
                           "with CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES up to %zu",
                           name, shared, function.image.static_shared_bytes, function.dynamic_limit,
                           MAX_SHARED_BYTES - function.image.static_shared_bytes));
    }
    return CUDA_SUCCESS;
}

bool is_mapped(uintptr_t address) {
    unsigned char resident;
    return mincore(reinterpret_cast<void *>(address / 4096 * 4096), 1, &resident) == 0;
}

/*
 * Empty, or what is wrong with an address among the arguments: it is freed memory, or memory of the host that the
 * device does not know.
 */
std::string check_arguments(const KernelImage &image, const Arguments &arguments) {
    for (size_t i = 0; i < image.sizes.size(); i++) {
        for (uint32_t at = 0; at + 8 <= image.sizes[i]; at += 8) {
            uint64_t word;
            memcpy(&word, arguments.bytes.data() + image.offsets[i] + at, sizeof word);
            if (driver().ranges.visible(word, 1)) {
                continue;
            }
            const bool freed = image.sizes[i] == 8 && driver().ranges.was_freed(word);
            const bool of_host = word >= LIKELY_POINTER && word < uint64_t{1} << 47 && is_mapped(word);
            if (freed || of_host) {
                return format("parameter %zu is 0x%zx, ", i, static_cast<size_t>(word)) +
                       driver().ranges.describe(word);
            }
        }
    }
    return {};
}

/* What a queued launch does when it is its turn. */
void run_launch(const KernelImage &image, const Function *function, Grid grid, Arguments &arguments) {
    Driver &state = driver();
    if (live_functions().count(const_cast<Function *>(function)) == 0) {
        lose_context(CUDA_ERROR_ILLEGAL_ADDRESS, "kernel " + image.name + ": its module was unloaded before it ran");
        return;
    }
    const std::string problem = check_arguments(image, arguments);
    if (!problem.empty()) {
        lose_context(CUDA_ERROR_ILLEGAL_ADDRESS, "kernel " + image.name + ": " + problem);
        return;
    }
    const KnownKernel *known = find_kernel(image.name);
    grid.kernel = known->kernel;
    grid.current = known->current;
    grid.parameters = arguments.pointers.data();
    grid.seed = state.settings.seed;
    record_launch(grid, image.offsets, image.sizes);
    state.statistics.launches++;
    const Fault fault = run_grid(grid, state.settings.threads);
    if (fault.kind != Fault::NONE) {
        lose_context(fault.kind == Fault::ILLEGAL_ADDRESS ? CUDA_ERROR_ILLEGAL_ADDRESS : CUDA_ERROR_LAUNCH_FAILED,
                     fault.message);
        return;
    }
    check_red_zones("kernel " + image.name);
}

Result launch(Stream *stream, Function *function, dim3 grid, dim3 block, unsigned shared, void **parameters) {
    const KernelImage &image = function->image;
    const Result result = check_geometry(*function, grid, block, shared);
    if (result != CUDA_SUCCESS) {
        return result;
    }
    if (parameters == nullptr && !image.sizes.empty()) {
        return fail(CUDA_ERROR_INVALID_VALUE, "kernel " + image.name + ": no parameters");
    }
    Grid work;
    work.grid = grid;
    work.block = block;
    work.dynamic_shared_bytes = shared;
    const std::shared_ptr<Arguments> arguments = copy_arguments(image, parameters);
    Operation operation;
    operation.node_type = CU_GRAPH_NODE_TYPE_KERNEL;
    operation.name = "kernel " + image.name;
    operation.run = [=] { run_launch(image, function, work, *arguments); };
    driver().statistics.direct_launches += stream->capture == nullptr ? 1 : 0;
    return submit(stream, std::move(operation));
}

} // namespace

void destroy_module(Module *module) {
    for (const auto &[name, function] : module->functions) {
        live_functions().erase(function.get());
    }
    delete module;
}

extern "C" {

Result cuModuleLoadData(Module **module, const void *image) {
    return in_context("cuModuleLoadData", [&](Lock &) { return load_module(module, image); });
}

Result cuModuleLoadDataEx(Module **module, const void *image, unsigned, int *, void **) {
    return in_context("cuModuleLoadDataEx", [&](Lock &) { return load_module(module, image); });
}

Result cuModuleUnload(Module *module) {
    return in_context("cuModuleUnload", [&](Lock &) -> Result {
        const Result result = require(current_context()->modules, module, "module");
        if (result == CUDA_SUCCESS) {
            current_context()->modules.erase(module);
            destroy_module(module);
        }
        return result;
    });
}

Result cuModuleGetFunction(Function **function, Module *module, const char *name) {
    return in_context("cuModuleGetFunction", [&](Lock &) -> Result {
        const Result result = require(current_context()->modules, module, "module");
        if (result != CUDA_SUCCESS) {
            return result;
        }
        const auto found = module->functions.find(name);
        if (found == module->functions.end()) {
            return fail(CUDA_ERROR_NOT_FOUND, std::string("the module has no kernel ") + name);
        }
        if (find_kernel(name) == nullptr) {
            return fail(CUDA_ERROR_NOT_FOUND, std::string("the module has the kernel ") + name +
                                                  ", but no library of kernels that was loaded has it "
                                                  "(SOFTCUDA_KERNELS, softcuda_load)");
        }
        *function = found->second.get();
        return CUDA_SUCCESS;
    });
}

Result cuModuleGetGlobal_v2(DevicePointer *, size_t *, Module *, const char *name) {
    return in_context("cuModuleGetGlobal_v2", [&](Lock &) {
        return fail(CUDA_ERROR_NOT_FOUND, std::string("global variables such as ") + name + " have no address here");
    });
}

Result cuFuncGetAttribute(int *value, int attribute, Function *function) {
    return on_function("cuFuncGetAttribute", function, [&]() -> Result {
        const KernelImage &image = function->image;
        switch (attribute) {
        case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
            *value = static_cast<int>(image.max_threads);
            return CUDA_SUCCESS;
        case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
            *value = static_cast<int>(image.static_shared_bytes);
            return CUDA_SUCCESS;
        case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
            *value = static_cast<int>(image.local_bytes);
            return CUDA_SUCCESS;
        case CU_FUNC_ATTRIBUTE_NUM_REGS:
            *value = static_cast<int>(image.registers);
            return CUDA_SUCCESS;
        case CU_FUNC_ATTRIBUTE_PTX_VERSION:
        case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
            *value = static_cast<int>(image.architecture);
            return CUDA_SUCCESS;
        case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
            *value = static_cast<int>(function->dynamic_limit);
            return CUDA_SUCCESS;
        case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
            *value = 0;
            return CUDA_SUCCESS;
        default:
            return fail(CUDA_ERROR_INVALID_VALUE, format("function attribute %d", attribute));
        }
    });
}

Result cuFuncSetAttribute(Function *function, int attribute, int value) {
    return on_function("cuFuncSetAttribute", function, [&]() -> Result {
        if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT) {
            return CUDA_SUCCESS;
        }
        if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES) {
            return fail(CUDA_ERROR_INVALID_VALUE, format("function attribute %d", attribute));
        }
        const size_t most = MAX_SHARED_BYTES - function->image.static_shared_bytes;
        if (value < 0 || static_cast<size_t>(value) > most) {
            return fail(CUDA_ERROR_INVALID_VALUE, format("kernel %s: %d bytes of dynamic shared memory; at most %zu",
                                                         function->image.name.c_str(), value, most));
        }
        function->dynamic_limit = static_cast<size_t>(value);
        return CUDA_SUCCESS;
    });
}

Result cuFuncGetParamInfo(Function *function, size_t index, size_t *offset, size_t *bytes) {
    return on_function("cuFuncGetParamInfo", function, [&]() -> Result {
        const KernelImage &image = function->image;
        if (index >= image.sizes.size()) { /* which is how callers learn the number: no message */
            return CUDA_ERROR_INVALID_VALUE;
        }
        *offset = image.offsets[index];
        if (bytes != nullptr) {
            *bytes = image.sizes[index];
        }
        return CUDA_SUCCESS;
    });
}

/* By threads and shared memory; registers are not counted. */
Result cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, Function *function, int threads, size_t shared) {
    return on_function("cuOccupancyMaxActiveBlocksPerMultiprocessor", function, [&]() -> Result {
        if (threads <= 0 || threads > static_cast<int>(MAX_BLOCK_THREADS)) {
            return fail(CUDA_ERROR_INVALID_VALUE, format("a block of %d threads", threads));
        }
        const size_t bytes = shared + function->image.static_shared_bytes + 1024;
        const size_t by_shared = (MAX_SHARED_BYTES + 1024) / bytes, by_threads = 2048 / static_cast<size_t>(threads);
        *blocks = static_cast<int>(by_shared < by_threads ? by_shared : by_threads);
        return CUDA_SUCCESS;
    });
}

Result cuLaunchKernel(Function *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                      unsigned block_y, unsigned block_z, unsigned shared, Stream *handle, void **parameters,
                      void **extra) {
    return on_stream("cuLaunchKernel", handle, [&](Lock &, Stream *stream) -> Result {
        const Result result = require(live_functions(), function, "function");
        if (result != CUDA_SUCCESS) {
            return result;
        }
        if (extra != nullptr) {
            return fail(CUDA_ERROR_NOT_SUPPORTED, "parameters are passed one by one");
        }
        return launch(stream, function, dim3(grid_x, grid_y, grid_z), dim3(block_x, block_y, block_z), shared,
                      parameters);
    });
}

/* Blocks run one after another, so they cannot wait for each other. */
Result cuLaunchCooperativeKernel(Function *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                                 Stream *, void **) {
    return in_context("cuLaunchCooperativeKernel", [](Lock &) {
        return fail(CUDA_ERROR_NOT_SUPPORTED, "blocks of a grid cannot wait for each other here");
    });
}

} // extern "C"

} // namespace softcuda
