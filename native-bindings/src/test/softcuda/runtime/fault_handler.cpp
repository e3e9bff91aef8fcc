#include "fault_handler.h"

#include <signal.h>
#include <ucontext.h>

#include "executor.h"

namespace softcuda {

std::string (*FaultHandler::describe)(const void *address) = [](const void *) { return std::string("unknown memory"); };

#if defined(SOFTCUDA_TSAN) || !defined(__x86_64__)

void FaultHandler::enter(Executor *) {}
void FaultHandler::leave() {}

#else

namespace {

constexpr int SIGNALS[] = {SIGSEGV, SIGBUS, SIGFPE};
constexpr size_t ALTERNATE_STACK = 64 * 1024;

/* Of all OS threads that run kernels: how many there are, and who handled the signals before them. */
int users;
struct sigaction before[3];
int lock;

thread_local Executor *running __attribute__((tls_model("initial-exec")));
thread_local stack_t stack_before __attribute__((tls_model("initial-exec")));
thread_local char *alternate __attribute__((tls_model("initial-exec")));
thread_local int fault_signal __attribute__((tls_model("initial-exec")));
thread_local const void *fault_address __attribute__((tls_model("initial-exec")));

void take() {
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE) != 0) {
    }
}

void give() { __atomic_store_n(&lock, 0, __ATOMIC_RELEASE); }

void forward(int signal, siginfo_t *info, void *context) {
    for (int i = 0; i < 3; i++) {
        if (SIGNALS[i] != signal) {
            continue;
        }
        if (before[i].sa_flags & SA_SIGINFO) {
            before[i].sa_sigaction(signal, info, context);
        } else if (before[i].sa_handler != SIG_DFL && before[i].sa_handler != SIG_IGN) {
            before[i].sa_handler(signal);
        } else { /* ends the process when the instruction is run again */
            sigaction(signal, &before[i], nullptr);
        }
    }
}

} // namespace

void FaultHandler::enter(Executor *executor) {
    /* a thread whose stack has overflowed has none for the handler */
    if (alternate == nullptr) {
        alternate = new char[ALTERNATE_STACK];
    }
    stack_t stack{};
    stack.ss_sp = alternate;
    stack.ss_size = ALTERNATE_STACK;
    sigaltstack(&stack, &stack_before);
    take();
    if (users++ == 0) {
        struct sigaction action {};
        action.sa_sigaction = [](int signal, siginfo_t *info, void *context) { handle(signal, info, context); };
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        for (int i = 0; i < 3; i++) {
            sigaction(SIGNALS[i], &action, &before[i]);
        }
    }
    give();
    running = executor;
}

void FaultHandler::leave() {
    running = nullptr;
    take();
    if (--users == 0) {
        for (int i = 0; i < 3; i++) {
            sigaction(SIGNALS[i], &before[i], nullptr);
        }
    }
    give();
    sigaltstack(&stack_before, nullptr);
}

void FaultHandler::handle(int signal, void *info, void *context) {
    if (running == nullptr || *running->current_ == nullptr) {
        forward(signal, static_cast<siginfo_t *>(info), context);
        return;
    }
    fault_signal = signal;
    fault_address = static_cast<siginfo_t *>(info)->si_addr;
    auto *registers = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
    Thread *thread = *running->current_;
    if (thread != nullptr && thread->fiber != nullptr && in_guard(thread->fiber, fault_address)) {
        /* what is left of the stack is too little to go on there */
        registers[REG_RSP] = reinterpret_cast<greg_t>(thread->fiber->stack) + static_cast<greg_t>(STACK_BYTES);
    }
    /* goes on in land() as if the instruction had called it, below the red zone of the calling convention */
    registers[REG_RSP] = ((registers[REG_RSP] - 128) & ~greg_t{15}) - 8;
    registers[REG_RIP] = reinterpret_cast<greg_t>(&FaultHandler::land);
}

void FaultHandler::land() {
    Executor *executor = running;
    const Thread *thread = *executor->current_;
    const std::string place = executor->place(thread);
    if (fault_signal == SIGFPE) {
        executor->stop(Fault::LAUNCH_FAILED, "an integer division by zero, by " + place);
    }
    if (in_guard(thread->fiber, fault_address)) {
        executor->stop(Fault::LAUNCH_FAILED,
                       format("more than %zu bytes of local variables, by ", STACK_BYTES) + place);
    }
    executor->stop(Fault::ILLEGAL_ADDRESS, format("an access to %p, ", fault_address) + describe(fault_address) +
                                               ", by " + place);
}

#endif

} // namespace softcuda
