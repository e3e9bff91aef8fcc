/*
 * Turns a fault of the processor inside a kernel into a fault of the kernel. Faults elsewhere go where they went
 * before: a Java machine has its own use for them.
 */
#ifndef SOFTCUDA_FAULT_HANDLER_H
#define SOFTCUDA_FAULT_HANDLER_H

#include <functional>
#include <string>

namespace softcuda {

class Executor;

struct FaultHandler {
    /* From now on faults on this OS thread belong to the executor's kernel. */
    static void enter(Executor *executor);
    static void leave();

    /* Says what is known of an address that a kernel should not have touched. Set once by the driver. */
    static std::string (*describe)(const void *address);

  private:
    static void handle(int signal, void *info, void *context);
    static void land();
};

} // namespace softcuda

#endif
