#include "fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#ifdef SOFTCUDA_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace softcuda {
namespace {

constexpr size_t GUARD_BYTES = 4096;
/*
 * Stacks end at different offsets within their pages: with equal ones, the hot lines of all threads of a block would
 * compete for a few sets of the caches.
 */
constexpr size_t STAGGER_STEP = 448;
constexpr size_t STAGGER_BYTES = 16 * 1024;

#ifndef SOFTCUDA_UCONTEXT
/*
 * Saves what the calling convention says a call keeps, exchanges the stack pointers and returns on the other stack. A
 * new stack looks as if it had been left at fiber_start with the entry in rbx and its argument in r12.
 */
extern "C" void softcuda_switch_stack(void **from, void *to);
extern "C" void softcuda_fiber_start();
asm(R"(
    .text
    .p2align 4
    .hidden softcuda_switch_stack
    .globl softcuda_switch_stack
    .type softcuda_switch_stack, @function
softcuda_switch_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size softcuda_switch_stack, .-softcuda_switch_stack

    .p2align 4
    .hidden softcuda_fiber_start
    .globl softcuda_fiber_start
    .type softcuda_fiber_start, @function
softcuda_fiber_start:
    .cfi_startproc
    .cfi_undefined rip
    movq %r12, %rdi
    call *%rbx
    ud2
    .cfi_endproc
    .size softcuda_fiber_start, .-softcuda_fiber_start
)");
#endif

char *map_stack() {
    const size_t bytes = GUARD_BYTES + STACK_BYTES;
    void *stack = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED || mprotect(stack, GUARD_BYTES, PROT_NONE) != 0) {
        perror("softcuda: no memory for the stack of a thread");
        abort();
    }
    return static_cast<char *>(stack);
}

} // namespace

Fiber *make_fiber(unsigned number, void (*entry)(void *), void *argument) {
    Fiber *fiber = new Fiber{};
    fiber->stack = map_stack();
    restart_fiber(fiber, number, entry, argument);
    return fiber;
}

void restart_fiber(Fiber *fiber, unsigned number, void (*entry)(void *), void *argument) {
    char *end = fiber->stack + GUARD_BYTES + STACK_BYTES - number * STAGGER_STEP % STAGGER_BYTES;
#ifdef SOFTCUDA_UCONTEXT
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack + GUARD_BYTES;
    fiber->context.uc_stack.ss_size = static_cast<size_t>(end - fiber->stack) - GUARD_BYTES;
    fiber->context.uc_link = nullptr;
    /* makecontext passes ints: a pointer goes in halves */
    const auto a = reinterpret_cast<uintptr_t>(entry), b = reinterpret_cast<uintptr_t>(argument);
    void (*start)(unsigned, unsigned, unsigned, unsigned) = [](unsigned a0, unsigned a1, unsigned b0, unsigned b1) {
        const uintptr_t entry = static_cast<uintptr_t>(a1) << 32 | a0, argument = static_cast<uintptr_t>(b1) << 32 | b0;
        reinterpret_cast<void (*)(void *)>(entry)(reinterpret_cast<void *>(argument));
    };
    makecontext(&fiber->context, reinterpret_cast<void (*)()>(start), 4, static_cast<unsigned>(a),
                static_cast<unsigned>(a >> 32), static_cast<unsigned>(b), static_cast<unsigned>(b >> 32));
#else
    void **top = reinterpret_cast<void **>(reinterpret_cast<uintptr_t>(end) & ~uintptr_t{63});
    *--top = nullptr; /* keeps the stack aligned at the start's call */
    *--top = nullptr;
    *--top = reinterpret_cast<void *>(&softcuda_fiber_start);
    *--top = nullptr;                          /* rbp */
    *--top = reinterpret_cast<void *>(entry);  /* rbx */
    *--top = argument;                         /* r12 */
    *--top = nullptr;                          /* r13 */
    *--top = nullptr;                          /* r14 */
    *--top = nullptr;                          /* r15 */
    fiber->stack_pointer = top;
#endif
#ifdef SOFTCUDA_TSAN
    if (fiber->sanitizer_fiber != nullptr) {
        __tsan_destroy_fiber(fiber->sanitizer_fiber);
    }
    fiber->sanitizer_fiber = __tsan_create_fiber(0);
#endif
}

void release_fiber(Fiber *fiber) {
#ifdef SOFTCUDA_TSAN
    __tsan_destroy_fiber(fiber->sanitizer_fiber);
#endif
    munmap(fiber->stack, GUARD_BYTES + STACK_BYTES);
    delete fiber;
}

void adopt_current(Fiber *fiber) {
#ifdef SOFTCUDA_TSAN
    fiber->sanitizer_fiber = __tsan_get_current_fiber();
#else
    fiber->sanitizer_fiber = nullptr;
#endif
}

void switch_fiber(Fiber *from, Fiber *to) {
#ifdef SOFTCUDA_TSAN
    /* the order between threads is that of barriers, not that in which they happen to run */
    __tsan_switch_to_fiber(to->sanitizer_fiber, __tsan_switch_to_fiber_no_sync);
#endif
#ifdef SOFTCUDA_UCONTEXT
    swapcontext(&from->context, &to->context);
#else
    softcuda_switch_stack(&from->stack_pointer, to->stack_pointer);
#endif
}

bool in_guard(const Fiber *fiber, const void *address) {
    const char *at = static_cast<const char *>(address);
    return fiber->stack != nullptr && at >= fiber->stack && at < fiber->stack + GUARD_BYTES;
}

} // namespace softcuda
