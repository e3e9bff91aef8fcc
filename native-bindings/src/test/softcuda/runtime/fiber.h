/* Stacks of their own: where a CUDA thread waits while others of its block run. */
#ifndef SOFTCUDA_FIBER_H
#define SOFTCUDA_FIBER_H

#include <cstddef>

#if !defined(__x86_64__)
#define SOFTCUDA_UCONTEXT
#include <ucontext.h>
#endif

namespace softcuda {

inline constexpr size_t STACK_BYTES = 128 * 1024;

/* A stack with what is needed to go on there; or, made by adopt(), the place that the executor itself runs at. */
struct Fiber {
    void *stack_pointer;
    char *stack;
    void *sanitizer_fiber;
    Fiber *next_free;
#ifdef SOFTCUDA_UCONTEXT
    ucontext_t context;
#endif
};

/* Makes a fiber that calls entry(argument) when it is first switched to; entry does not return. */
Fiber *make_fiber(unsigned number, void (*entry)(void *), void *argument);

/* Makes an old fiber begin anew, whatever it was in. */
void restart_fiber(Fiber *fiber, unsigned number, void (*entry)(void *), void *argument);

void release_fiber(Fiber *fiber);

/* Lets a fiber stand for the stack that the caller runs on. */
void adopt_current(Fiber *fiber);

/* Leaves one fiber and goes on in the other; comes back when somebody switches to `from`. */
void switch_fiber(Fiber *from, Fiber *to);

/* Whether the address is in the fiber's guard page, that is, whether its stack has overflowed. */
bool in_guard(const Fiber *fiber, const void *address);

} // namespace softcuda

#endif
