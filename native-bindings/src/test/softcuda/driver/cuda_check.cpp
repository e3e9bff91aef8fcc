/*
 * Compiled where cuda.h is, and only for what the compiler says: that results, constants and functions are those of the
 * driver.
 */
#include <cuda.h>
#include <cudaProfiler.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "cuda_constants.h"
#include "cuda_functions.h"
#include "cuda_results.h"

namespace {

#define CHECK_RESULT(name, number, text) static_assert(name == number, #name);
SOFTCUDA_RESULTS(CHECK_RESULT)

#define CHECK_CONSTANT(name, number) static_assert(name == number, #name);
SOFTCUDA_CONSTANTS(CHECK_CONSTANT)

/* Ours. */
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
using Uuid = char[16];
using Result = int;

/* Passed in the same way: of one size, and both pointers, both floats, or both integers. */
template <class A, class B>
constexpr bool alike = sizeof(A) == sizeof(B) && std::is_pointer_v<A> == std::is_pointer_v<B> &&
                       std::is_floating_point_v<A> == std::is_floating_point_v<B>;

/* Pointers also lead to things of one size, where both sides say to what. */
template <class A, class B> constexpr bool leads_alike = true;
template <class A, class B>
    requires(std::is_arithmetic_v<A> && (std::is_arithmetic_v<B> || std::is_enum_v<B>))
constexpr bool leads_alike<A *, B *> = sizeof(A) == sizeof(B);

template <class Ours, class Theirs> constexpr bool fits = false;
template <class... A, class R, class... B>
    requires(sizeof...(A) == sizeof...(B))
constexpr bool fits<void(A...), R(B...)> = sizeof(R) == sizeof(int) && (... && (alike<A, B> && leads_alike<A, B>));

#define CHECK_FUNCTION(name, ...)                                                                                      \
    static_assert(fits<void(__VA_ARGS__), std::remove_pointer_t<decltype(&::name)>>, #name " is not as in cuda.h");
SOFTCUDA_FUNCTIONS(CHECK_FUNCTION)

} // namespace
