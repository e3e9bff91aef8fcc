#include "launch.h"

#include <dlfcn.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

namespace softcuda {
namespace {

std::map<std::string, KnownKernel> &kernels() {
    static auto *known = new std::map<std::string, KnownKernel>;
    return *known;
}

/* The blocks of a grid in the order in which they are begun: i * step + first, modulo their number. */
class BlockOrder {
  public:
    explicit BlockOrder(const Grid &grid)
        : grid_(grid.grid), count_(uint64_t{grid.grid.x} * grid.grid.y * grid.grid.z), step_(1), first_(0) {
        if (grid.seed == 1) {
            step_ = count_ - 1;
            first_ = count_ - 1;
        } else if (grid.seed != 0) {
            uint64_t draw = grid.seed * 0xbf58476d1ce4e5b9ull;
            draw ^= draw >> 31;
            first_ = draw % count_;
            for (step_ = 1 + (draw >> 20) % count_; std::gcd(step_, count_) != 1; step_++) {
            }
        }
    }

    uint64_t count() const { return count_; }

    uint3 at(uint64_t i) const {
        const auto block = static_cast<uint64_t>((static_cast<unsigned __int128>(i) * step_ + first_) % count_);
        return {static_cast<unsigned>(block % grid_.x), static_cast<unsigned>(block / grid_.x % grid_.y),
                static_cast<unsigned>(block / grid_.x / grid_.y)};
    }

  private:
    dim3 grid_;
    uint64_t count_, step_, first_;
};

/* What the OS threads of a launch share. */
struct Work {
    Work(const Grid &grid) : grid(grid), order(grid) {}
    const Grid &grid;
    BlockOrder order;
    std::atomic<uint64_t> next{0};
    std::atomic<bool> failed{false};
    std::mutex lock;
    Fault fault;

    void run(Executor &executor) {
        Grid mine = grid;
        executor.begin(mine);
        while (!failed.load(std::memory_order_relaxed)) {
            const uint64_t i = next.fetch_add(1, std::memory_order_relaxed);
            if (i >= order.count()) {
                break;
            }
            if (!executor.run(order.at(i))) {
                const std::lock_guard<std::mutex> guard(lock);
                if (!failed.exchange(true)) {
                    fault = executor.fault();
                }
            }
        }
        executor.end();
    }
};

/* OS threads that wait for grids; they live as long as the process. */
class Crew {
  public:
    /* Runs the work on the caller and `others` threads. */
    void run(Work &work, Executor &executor, unsigned others) {
        {
            const std::lock_guard<std::mutex> guard(lock_);
            while (size_ < others) {
                std::thread([this, number = size_] { live(number); }).detach();
                size_++;
            }
            work_ = &work;
            wanted_ = others;
            busy_ = others;
            round_++;
        }
        begin_.notify_all();
        work.run(executor);
        std::unique_lock<std::mutex> guard(lock_);
        end_.wait(guard, [this] { return busy_ == 0; });
    }

  private:
    void live(unsigned number) {
        auto *executor = new Executor;
        uint64_t seen = 0;
        for (;;) {
            Work *work;
            {
                std::unique_lock<std::mutex> guard(lock_);
                begin_.wait(guard, [&] { return round_ != seen; });
                seen = round_;
                if (number >= wanted_) {
                    continue;
                }
                work = work_;
            }
            work->run(*executor);
            const std::lock_guard<std::mutex> guard(lock_);
            if (--busy_ == 0) {
                end_.notify_one();
            }
        }
    }

    std::mutex lock_;
    std::condition_variable begin_, end_;
    unsigned size_ = 0, wanted_ = 0, busy_ = 0;
    uint64_t round_ = 0;
    Work *work_ = nullptr;
};

} // namespace

std::string load_library(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        return dlerror();
    }
    using Entry = const Library *(*)(const Runtime *);
    const auto entry = reinterpret_cast<Entry>(dlsym(library, "softcuda_kernel_library"));
    if (entry == nullptr) {
        return std::string(path) + " is no library of kernels (build.sh --kernels makes one)";
    }
    const Library *content = entry(Executor::runtime());
    if (content->abi_version != ABI_VERSION) {
        return format("%s was built for another version of softcuda (%u, this is %u): build it again", path,
                      content->abi_version, ABI_VERSION);
    }
    for (const Kernel *kernel = content->kernels; kernel != nullptr; kernel = kernel->next) {
        kernels()[kernel->name] = {kernel, content->current};
    }
    return {};
}

const KnownKernel *find_kernel(const std::string &name) {
    const auto found = kernels().find(name);
    return found == kernels().end() ? nullptr : &found->second;
}

std::vector<const Kernel *> all_kernels() {
    std::vector<const Kernel *> all;
    for (const auto &[name, known] : kernels()) {
        all.push_back(known.kernel);
    }
    return all;
}

Fault run_grid(const Grid &grid, unsigned os_threads, std::set<std::string> *sites) {
    static auto *executor = new Executor; /* under the driver's lock, one grid runs at a time */
    static auto *crew = new Crew;
    Work work(grid);
    const uint64_t most = work.order.count();
    const auto others = static_cast<unsigned>(os_threads < most ? os_threads : most) - 1;
    executor->collect_sites(sites);
    if (others == 0) {
        work.run(*executor);
    } else {
        crew->run(work, *executor, others);
    }
    return work.fault;
}

} // namespace softcuda
