#include "executor.h"

#include <sys/mman.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "fault_handler.h"
#include "poison.h"
#include "race_detector.h"

namespace softcuda {
namespace {

constexpr size_t SHARED_RED_ZONE = 128;
constexpr size_t ARENA_BYTES = MAX_SHARED_BYTES + MAX_SHARED_SLOTS * (SHARED_RED_ZONE + 1024);
constexpr unsigned MAX_YIELDS = 10 * 1000 * 1000; /* some seconds of a block that only polls */
constexpr uint64_t FALLING = 1;

unsigned known_slots; /* ids given to shared variables so far, of all libraries */

uint32_t lane_bit(const Thread *thread) { return 1u << thread->lane; }

unsigned lowest(uint32_t bits) { return static_cast<unsigned>(__builtin_ctz(bits)); }

unsigned highest(uint32_t bits) { return 31u - static_cast<unsigned>(__builtin_clz(bits)); }

const char *file_name(const char *path) {
    const char *name = path;
    for (const char *at = path; *at != '\0'; at++) {
        name = *at == '/' ? at + 1 : name;
    }
    return name;
}

bool same(Site a, Site b) { return a.line == b.line && (a.file == b.file || strcmp(a.file, b.file) == 0); }

std::string text(Site site) { return format("%s:%d", file_name(site.file), site.line); }

std::string text(uint3 index) { return format("(%u, %u, %u)", index.x, index.y, index.z); }

} // namespace

std::string format(const char *pattern, ...) {
    char line[1024];
    va_list values;
    va_start(values, pattern);
    vsnprintf(line, sizeof line, pattern, values);
    va_end(values);
    return line;
}

Executor::Executor() {
    void *arena = mmap(nullptr, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (arena == MAP_FAILED) {
        perror("softcuda: no memory for shared memory");
        abort();
    }
    arena_ = static_cast<char *>(arena);
    block_.executor = this;
}

Executor::~Executor() {
    for (Fiber *fiber : fibers_) {
        release_fiber(fiber);
    }
    munmap(arena_, ARENA_BYTES);
}

const Runtime *Executor::runtime() {
    static const Runtime table = {
        [](Thread *self, Site site) { self->block->executor->barrier(self, site); },
        [](Thread *self) { self->block->executor->warp_operation(self); },
        [](Thread *self, Site site) { self->block->executor->yield(self, site); },
        [](Block *block, SharedSlot *slot) { return block->executor->shared(slot); },
        [](Thread *self) { return self->block->executor->copy_queue(self); },
        [](Thread *self, Site site, const char *message) {
            Executor *executor = self->block->executor;
            executor->stop(Fault::LAUNCH_FAILED, text(site) + ": " + message + ", by " + executor->place(self));
        },
    };
    return &table;
}

/* ---- grids and blocks ---- */

void Executor::begin(const Grid &grid) {
    grid_ = grid;
    fault_ = {};
    current_ = grid.current();
    random_ = grid.seed * 0x9e3779b97f4a7c15ull + 1;
    adopt_current(&main_);
    shape(grid.block);
    block_.grid = grid.grid;
    block_.dynamic_shared_bytes = grid.dynamic_shared_bytes;
    if (RACE_DETECTOR) {
        make_ready();
    }
    if (abandoned_) {
        free_ = nullptr;
        for (size_t i = 0; i < fibers_.size(); i++) {
            restart_fiber(fibers_[i], static_cast<unsigned>(i), fiber_main, this);
            fibers_[i]->next_free = free_;
            free_ = fibers_[i];
        }
        abandoned_ = false;
    }
    FaultHandler::enter(this);
}

void Executor::end() {
    FaultHandler::leave();
}

/*
 * Allocates all that the threads of a block may come to want: memory that one of them gets from the allocator has, to a
 * race detector, no order with the others.
 */
void Executor::make_ready() {
    free_fiber(&threads_[block_.threads - 1]);
    pieces_.reserve(MAX_SHARED_SLOTS);
    used_slots_.reserve(MAX_SHARED_SLOTS);
    while (copies_.size() < block_.threads) {
        copies_.push_back(std::make_unique<CopyQueue>());
    }
}

/* Lays out the threads of a block; mostly it is that of the grid before. */
void Executor::shape(dim3 block) {
    const dim3 &now = block_.dimensions;
    if (!threads_.empty() && now.x == block.x && now.y == block.y && now.z == block.z) {
        return;
    }
    block_.dimensions = block;
    block_.threads = block.x * block.y * block.z;
    warp_count_ = (block_.threads + WARP_LANES - 1) / WARP_LANES;
    threads_.assign(size_t{warp_count_} * WARP_LANES, Thread{});
    for (unsigned i = 0; i < block_.threads; i++) {
        Thread &thread = threads_[i];
        thread.index = {i % block.x, i / block.x % block.y, i / (block.x * block.y)};
        thread.linear = i;
        thread.lane = i % WARP_LANES;
        thread.warp = i / WARP_LANES;
        thread.block = &block_;
    }
}

void Executor::prepare(uint3 index) {
    block_.index = index;
    for (unsigned i = 0; i < warp_count_; i++) {
        const unsigned lanes = block_.threads - i * WARP_LANES;
        const uint32_t exists = lanes >= WARP_LANES ? ~0u : (1u << lanes) - 1;
        warps_[i] = {exists, exists, 0, 0, 0};
    }
    ready_warps_ = warp_count_ == MAX_WARPS ? ~0u : (1u << warp_count_) - 1;
    current_warp_ = grid_.seed == 0 ? 0 : warp_count_ - 1;
    ended_ = arrived_ = barriers_ = yielded_ = 0;
    divergent_ = false;
    begin_shared();
}

bool Executor::run(uint3 index) {
    prepare(index);
    race_acquire(&ended_);
    race_release(&starting_);
    go(&main_, next());
    *current_ = nullptr;
    race_acquire(&ended_);
    return fault_.kind == Fault::NONE && check_shared();
}

/* ---- stacks ---- */

void Executor::fiber_main(void *executor) { static_cast<Executor *>(executor)->work(); }

/*
 * A stack that nobody is on. A race detector wants one of its own for every thread: to it, what follows on a stack is
 * ordered.
 */
Fiber *Executor::free_fiber(const Thread *thread) {
    const size_t wanted = RACE_DETECTOR ? thread->linear + 1 : fibers_.size() + (free_ == nullptr ? 1 : 0);
    while (fibers_.size() < wanted) {
        fibers_.push_back(make_fiber(static_cast<unsigned>(fibers_.size()), fiber_main, this));
        fibers_.back()->next_free = free_;
        free_ = fibers_.back();
    }
    if (RACE_DETECTOR) {
        return fibers_[thread->linear];
    }
    Fiber *fiber = free_;
    free_ = fiber->next_free;
    return fiber;
}

/* Kept out of line: a stack is used again and again, and nothing of the last thread may linger in registers. */
__attribute__((noinline)) void Executor::call_kernel(Thread *self) {
    race_acquire(&starting_);
    grid_.kernel->call(grid_.parameters);
    race_release(&ended_);
    warps_[self->warp].ended |= lane_bit(self);
    ended_++;
    yielded_ = 0;
    self->fiber = nullptr;
    if (self->copies != nullptr) {
        *self->copies = {};
        self->copies = nullptr;
    }
}

/* What a stack does for ever: lets threads begin and end, then waits to be switched to for another. */
void Executor::work() {
    for (;;) {
        Thread *self = starting_;
        Fiber *fiber;
        Thread *following;
        for (;;) {
            fiber = self->fiber;
            call_kernel(self);
            following = next();
            if (following == nullptr || following->fiber != nullptr || RACE_DETECTOR) {
                break;
            }
            following->fiber = fiber;
            *current_ = following;
            self = following;
        }
        if (!RACE_DETECTOR) {
            fiber->next_free = free_;
            free_ = fiber;
        }
        if (following == nullptr) {
            if (ended_ < block_.threads) {
                stop_stuck();
            }
            switch_fiber(fiber, &main_);
        } else {
            go(fiber, following);
        }
    }
}

/* Lets others run until this thread is ready again and chosen. */
void Executor::leave(Thread *self) {
    Thread *following = next();
    if (following == self) {
        return;
    }
    if (following == nullptr) {
        stop_stuck();
    }
    go(self->fiber, following);
}

/* Leaves a stack for the thread's, which gets one when it begins. */
void Executor::go(Fiber *from, Thread *to) {
    if (to->fiber == nullptr) {
        to->fiber = free_fiber(to);
        starting_ = to;
    }
    *current_ = to;
    switch_fiber(from, to->fiber);
}

/* ---- who runs next ---- */

void Executor::wake(unsigned warp, uint32_t lanes) {
    warps_[warp].ready |= lanes;
    ready_warps_ |= 1u << warp;
}

/* Of the ready threads the one to run: mostly one of the same warp, whose stacks are in the caches. */
Thread *Executor::choose() {
    const bool stays = ready_warps_ >> current_warp_ & 1;
    unsigned warp = current_warp_;
    unsigned lane;
    if (grid_.seed == 0) {
        warp = stays ? warp : lowest(ready_warps_);
        lane = lowest(warps_[warp].ready);
    } else if (grid_.seed == FALLING) {
        warp = stays ? warp : highest(ready_warps_);
        lane = highest(warps_[warp].ready);
    } else {
        random_ ^= random_ << 13;
        random_ ^= random_ >> 7;
        random_ ^= random_ << 17;
        const auto draw = static_cast<unsigned>(random_ >> 32);
        if (!stays || draw % 4 == 0) {
            const unsigned turn = draw >> 4 & 31;
            warp = (lowest(ready_warps_ >> turn | ready_warps_ << (-turn & 31)) + turn) & 31;
        }
        const unsigned turn = draw >> 10 & 31;
        const uint32_t ready = warps_[warp].ready;
        lane = (lowest(ready >> turn | ready << (-turn & 31)) + turn) & 31;
    }
    return &threads_[warp * WARP_LANES + lane];
}

/* Takes the chosen thread out of the ready ones; null when there is none. */
Thread *Executor::next() {
    if (ready_warps_ == 0) {
        return nullptr;
    }
    Thread *thread = choose();
    current_warp_ = thread->warp;
    Warp &warp = warps_[thread->warp];
    warp.ready &= ~lane_bit(thread);
    if (warp.ready == 0) {
        ready_warps_ &= ~(1u << thread->warp);
    }
    return thread;
}

/* ---- what threads wait in ---- */

void Executor::barrier(Thread *self, Site site) {
    self->site = site;
    if (sites_ != nullptr) {
        sites_->insert(text(site));
    }
    yielded_ = 0;
    const unsigned parity = barriers_ & 1;
    race_release(&warps_[parity]);
    warps_[self->warp].barred |= lane_bit(self);
    if (arrived_ == 0) {
        barrier_site_ = site;
    } else if (!same(site, barrier_site_)) {
        divergent_ = true;
    }
    if (++arrived_ == block_.threads) {
        if (divergent_) {
            stop_stuck();
        }
        arrived_ = 0;
        barriers_++;
        for (unsigned i = 0; i < warp_count_; i++) {
            warps_[i].barred = 0;
            wake(i, warps_[i].exists);
        }
    }
    leave(self);
    race_acquire(&warps_[parity]);
}

void Executor::warp_operation(Thread *self) {
    Warp &warp = warps_[self->warp];
    const uint32_t mask = self->mask & warp.exists;
    if ((mask & lane_bit(self)) == 0) {
        stop(Fault::LAUNCH_FAILED, format("%s: the mask %08x leaves out the lane that calls, %s",
                                          text(self->site).c_str(), self->mask, place(self).c_str()));
    }
    if (sites_ != nullptr) {
        sites_->insert(text(self->site));
    }
    yielded_ = 0;
    self->mask = mask;
    warp.waiting |= lane_bit(self);
    race_release(&self->mask);
    if ((warp.waiting & mask) != mask) {
        leave(self);
        race_acquire(self->acquired);
        return;
    }
    Thread *lanes = self - self->lane;
    for_lanes(mask, [=, this](unsigned lane) {
        if (lanes[lane].mask != mask || lanes[lane].combine != self->combine) {
            stop(Fault::LAUNCH_FAILED,
                 format("lanes of one warp meet in different operations or with different masks: lane %u with %08x at "
                        "%s, lane %u with %08x at %s, block %s",
                        lane, lanes[lane].mask, text(lanes[lane].site).c_str(), self->lane, mask,
                        text(self->site).c_str(), text(block_.index).c_str()));
        }
        race_acquire(&lanes[lane].mask);
    });
    self->combine(lanes, mask);
    race_release(&self->acquired);
    for_lanes(mask, [=](unsigned lane) { lanes[lane].acquired = &self->acquired; });
    warp.waiting &= ~mask;
    wake(self->warp, mask);
    if (grid_.seed == 0) { /* who comes last goes on, which spares a switch */
        warp.ready &= ~lane_bit(self);
        ready_warps_ &= warp.ready == 0 ? ~(1u << self->warp) : ~0u;
    } else {
        leave(self);
    }
}

void Executor::yield(Thread *self, Site site) {
    self->site = site;
    if (++yielded_ > MAX_YIELDS) {
        stop(Fault::LAUNCH_FAILED, text(site) + ": polls for what nobody of its block writes, " + place(self));
    }
    if (ready_warps_ == 0) {
        return;
    }
    /* the others first: in rising order the thread would be chosen again at once */
    Thread *following = next();
    wake(self->warp, lane_bit(self));
    go(self->fiber, following);
}

/* ---- shared memory ---- */

void Executor::begin_shared() {
    for (const unsigned id : used_slots_) {
        block_.shared_slots[id] = nullptr;
    }
    used_slots_.clear();
    pieces_.clear();
    shared_bytes_ = 0;
    arena_used_ = SHARED_RED_ZONE;
    fill(arena_, SHARED_RED_ZONE, RED_ZONE);
    block_.dynamic_shared = reserve_shared(block_.dynamic_shared_bytes, 1024, "dynamic shared memory");
}

/* A poisoned piece of the arena between red zones. */
char *Executor::reserve_shared(size_t bytes, size_t alignment, const char *name) {
    const size_t aligned = alignment < 16 ? 16 : alignment;
    const size_t from = (arena_used_ + aligned - 1) / aligned * aligned;
    fill(arena_ + arena_used_, from - arena_used_, RED_ZONE);
    const size_t even = (bytes + 1) / 2 * 2;
    fill(arena_ + from, even, SHARED_POISON);
    fill(arena_ + from + even, SHARED_RED_ZONE, RED_ZONE);
    arena_used_ = from + even + SHARED_RED_ZONE;
    shared_bytes_ += bytes;
    pieces_.push_back({arena_ + from, even, name});
    return arena_ + from;
}

void *Executor::shared(SharedSlot *slot) {
    unsigned id = __atomic_load_n(&slot->id, __ATOMIC_RELAXED);
    if (id == 0) {
        const unsigned given = __atomic_add_fetch(&known_slots, 1, __ATOMIC_RELAXED);
        unsigned none = 0;
        __atomic_compare_exchange_n(&slot->id, &none, given, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
        id = __atomic_load_n(&slot->id, __ATOMIC_RELAXED);
    }
    if (id >= MAX_SHARED_SLOTS) {
        stop(Fault::LAUNCH_FAILED, format("%s: the libraries loaded so far have more than %u shared variables",
                                          slot->name, MAX_SHARED_SLOTS));
    }
    if (shared_bytes_ + slot->bytes > MAX_SHARED_BYTES) {
        stop(Fault::LAUNCH_FAILED, format("with %s the block has %zu bytes of shared memory; at most %zu", slot->name,
                                          shared_bytes_ + slot->bytes, MAX_SHARED_BYTES));
    }
    block_.shared_slots[id] = reserve_shared(slot->bytes, slot->alignment, slot->name);
    used_slots_.push_back(id);
    return block_.shared_slots[id];
}

/* Looks for writes beside the pieces. */
bool Executor::check_shared() {
    const char *from = arena_;
    for (const SharedPiece &piece : pieces_) {
        const auto gap = static_cast<size_t>(piece.at - from);
        const size_t change = first_change(from, gap, RED_ZONE);
        if (change < gap) {
            fault_ = {Fault::ILLEGAL_ADDRESS, format("kernel %s: a write outside shared memory, %zu bytes before %s, "
                                                     "block %s",
                                                     grid_.kernel->name, gap - change, piece.name,
                                                     text(block_.index).c_str())};
            return false;
        }
        from = piece.at + piece.bytes;
        const size_t after = first_change(from, SHARED_RED_ZONE, RED_ZONE);
        if (after < SHARED_RED_ZONE) {
            fault_ = {Fault::ILLEGAL_ADDRESS, format("kernel %s: a write outside shared memory, %zu bytes behind the "
                                                     "end of %s (%zu bytes), block %s",
                                                     grid_.kernel->name, after, piece.name, piece.bytes,
                                                     text(block_.index).c_str())};
            return false;
        }
    }
    return true;
}

CopyQueue *Executor::copy_queue(Thread *self) {
    while (copies_.size() <= self->linear) {
        copies_.push_back(std::make_unique<CopyQueue>());
    }
    self->copies = copies_[self->linear].get();
    return self->copies;
}

/* ---- faults ---- */

std::string Executor::place(const Thread *thread) const {
    return "thread " + text(thread->index) + " of block " + text(block_.index);
}

/* Ends the grid from inside a kernel: its stacks are left as they are. */
void Executor::stop(Fault::Kind kind, const std::string &message) {
    fault_ = {kind, std::string("kernel ") + grid_.kernel->name + ": " + message};
    abandoned_ = true;
    race_release(&ended_);
    for (Thread &thread : threads_) {
        thread.fiber = nullptr;
        if (thread.copies != nullptr) {
            *thread.copies = {};
            thread.copies = nullptr;
        }
    }
    Fiber abandoned{};
    abandoned.sanitizer_fiber = main_.sanitizer_fiber;
    switch_fiber(&abandoned, &main_);
    __builtin_unreachable();
}

/* Nobody can go on: says who waits where. */
void Executor::stop_stuck() {
    std::map<std::pair<int, std::string>, unsigned> places;
    bool at_barrier = false;
    for (unsigned i = 0; i < block_.threads; i++) {
        const Thread &thread = threads_[i];
        const Warp &warp = warps_[thread.warp];
        if (warp.barred & lane_bit(&thread)) {
            places[{0, "wait at the barrier " + text(thread.site)}]++;
            at_barrier = true;
        } else if (warp.waiting & lane_bit(&thread)) {
            places[{1, format("wait for other lanes of mask %08x at ", thread.mask) + text(thread.site)}]++;
        } else {
            places[{2, "have returned"}]++;
        }
    }
    std::string message = at_barrier ? "divergent barrier: of the " : "divergent warp operation: of the ";
    message += format("%u threads of block %s ", block_.threads, text(block_.index).c_str());
    const char *separator = "";
    for (const auto &[where, count] : places) {
        message += format("%s%u %s", separator, count, where.second.c_str());
        separator = ", ";
    }
    stop(Fault::LAUNCH_FAILED, message);
}

} // namespace softcuda
