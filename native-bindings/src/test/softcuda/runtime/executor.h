/*
 * Runs the blocks of a grid, one at a time, on the OS thread that calls.
 *
 * The threads of a block run one after another, each until it must wait for others; who waits leaves its stack to
 * itself, who ends leaves it to the next to begin. So a kernel without barriers runs on one stack without a switch. A
 * switch goes from thread to thread, the executor itself is only in between blocks.
 */
#ifndef SOFTCUDA_EXECUTOR_H
#define SOFTCUDA_EXECUTOR_H

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "../device/abi.h"
#include "fiber.h"

namespace softcuda {

inline constexpr size_t MAX_SHARED_BYTES = 232448; /* of a block, as of compute capability 9.0 */
inline constexpr unsigned MAX_WARPS = MAX_BLOCK_THREADS / WARP_LANES;

/* What went wrong in a kernel. */
struct Fault {
    enum Kind { NONE, LAUNCH_FAILED, ILLEGAL_ADDRESS };
    Kind kind = NONE;
    std::string message;
};

/* What to run. */
struct Grid {
    const Kernel *kernel = nullptr;
    Thread **(*current)() = nullptr; /* of the kernel's library */
    void **parameters = nullptr;
    dim3 grid;
    dim3 block;
    size_t dynamic_shared_bytes = 0;
    uint64_t seed = 0; /* 0: threads in rising order; 1: falling; others: an order drawn anew at every choice */
};

class Executor {
  public:
    Executor();
    ~Executor();
    Executor(const Executor &) = delete;
    Executor &operator=(const Executor &) = delete;

    /* Prepares for the blocks of a grid. */
    void begin(const Grid &grid);

    /* Runs one block of it; false when the block ended in a fault. */
    bool run(uint3 block);

    /* Ends a grid; between begin and end faults of the processor belong to its kernel. */
    void end();

    const Fault &fault() const { return fault_; }

    /* Where barriers and warp operations are that threads come to are added to a set from now on; null: no more. */
    void collect_sites(std::set<std::string> *sites) { sites_ = sites; }

    /* The table that libraries of kernels get. */
    static const Runtime *runtime();

  private:
    struct Warp {
        uint32_t exists;  /* lanes */
        uint32_t ready;   /* that could run, or begin */
        uint32_t waiting; /* in a warp operation */
        uint32_t barred;  /* at a barrier */
        uint32_t ended;
    };

    void make_ready();
    void shape(dim3 block);
    void prepare(uint3 index);
    void begin_shared();
    char *reserve_shared(size_t bytes, size_t alignment, const char *name);
    bool check_shared();

    static void fiber_main(void *executor);
    Fiber *free_fiber(const Thread *thread);
    void call_kernel(Thread *self);
    [[noreturn]] void work();
    void leave(Thread *self);
    Thread *choose();
    Thread *next();
    void wake(unsigned warp, uint32_t lanes);
    void go(Fiber *from, Thread *to);

    void barrier(Thread *self, Site site);
    void warp_operation(Thread *self);
    void yield(Thread *self, Site site);
    void *shared(SharedSlot *slot);
    CopyQueue *copy_queue(Thread *self);

    [[noreturn]] void stop(Fault::Kind kind, const std::string &message);
    [[noreturn]] void stop_stuck();
    std::string place(const Thread *thread) const;

    friend struct FaultHandler;

    /* the grid */
    Grid grid_;
    Thread **current_ = nullptr;
    Fault fault_;
    std::set<std::string> *sites_ = nullptr;

    /* the block */
    Block block_{};
    std::vector<Thread> threads_;
    Warp warps_[MAX_WARPS]{};
    unsigned warp_count_ = 0;
    uint32_t ready_warps_ = 0;
    unsigned current_warp_ = 0;
    unsigned ended_ = 0;
    unsigned arrived_ = 0;  /* at the barrier */
    Site barrier_site_{};   /* of who came first */
    bool divergent_ = false;
    unsigned barriers_ = 0; /* that are behind the block */
    unsigned yielded_ = 0;  /* in a row, without anything else happening */
    uint64_t random_ = 0;

    /* shared memory */
    struct SharedPiece {
        char *at;
        size_t bytes;
        const char *name;
    };
    char *arena_;
    size_t arena_used_ = 0;
    size_t shared_bytes_ = 0;
    std::vector<SharedPiece> pieces_;
    std::vector<unsigned> used_slots_;

    /* stacks */
    Fiber main_{};
    std::vector<Fiber *> fibers_;
    Fiber *free_ = nullptr;
    Thread *starting_ = nullptr;
    bool abandoned_ = false; /* fibers were left in the middle of a kernel */
    std::vector<std::unique_ptr<CopyQueue>> copies_;
};

/* As printf, into a string. */
std::string format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

} // namespace softcuda

#endif
