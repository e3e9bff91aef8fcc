#include "ranges.h"

#include <sys/mman.h>

#include "../runtime/executor.h"
#include "../runtime/poison.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

namespace softcuda {
namespace {

constexpr uintptr_t REGION_START = 0x1000000000;     /* 64 GiB: above a Java heap with compressed pointers */
constexpr size_t REGION_BYTES = size_t{1} << 37;      /* of addresses, not of memory */
constexpr size_t SMALL_REGION_BYTES = size_t{1} << 33; /* where addresses are limited */
constexpr size_t PAGE = 4096;
constexpr size_t LEAD = PAGE;                /* before the first byte: pinned memory begins at a page */
constexpr size_t KEPT_BYTES = 16ull << 20;   /* of freed pinned memory that keeps its poison */

size_t chunk_bytes(size_t bytes) { return (LEAD + bytes + Ranges::RED_ZONE_BYTES + PAGE - 1) / PAGE * PAGE; }

char *chunk(uintptr_t start) { return reinterpret_cast<char *>(start - LEAD); }

const char *name(RangeKind kind) {
    switch (kind) {
    case RangeKind::DEVICE:
        return "device memory";
    case RangeKind::PINNED:
        return "pinned memory";
    default:
        return "registered memory";
    }
}

std::string text(const Range &range) {
    return format("%s of %zu bytes", name(range.kind), range.bytes);
}

} // namespace

bool Ranges::reserve() {
    for (const size_t bytes : {REGION_BYTES, SMALL_REGION_BYTES}) {
        for (const uintptr_t wish : {REGION_START, 2 * REGION_START, uintptr_t{0}}) {
            const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (wish != 0 ? MAP_FIXED_NOREPLACE : 0);
            void *region = mmap(reinterpret_cast<void *>(wish), bytes, PROT_NONE, flags, -1, 0);
            if (region != MAP_FAILED) {
                region_ = next_ = static_cast<char *>(region);
                end_ = next_ + bytes;
                return true;
            }
        }
    }
    return false;
}

/* Where an untouchable page fits behind so many bytes; null when that is nowhere. */
char *Ranges::place(size_t bytes) {
    const size_t wanted = bytes + PAGE;
    if (wanted <= static_cast<size_t>(end_ - next_)) {
        char *at = next_;
        next_ += wanted;
        return at;
    }
    char *at = region_;
    for (const auto &[start, range] : ranges_) {
        if (range.freed || range.kind == RangeKind::REGISTERED) {
            continue;
        }
        if (chunk(start) >= at + wanted) {
            break;
        }
        at = chunk(start) + chunk_bytes(range.bytes) + PAGE;
    }
    if (at > end_ || wanted > static_cast<size_t>(end_ - at)) {
        return nullptr;
    }
    const auto first = ranges_.lower_bound(reinterpret_cast<uintptr_t>(at));
    ranges_.erase(first, ranges_.lower_bound(reinterpret_cast<uintptr_t>(at + wanted)));
    return at;
}

void *Ranges::allocate(RangeKind kind, size_t bytes, unsigned flags) {
    if (next_ == nullptr && !reserve()) {
        return nullptr;
    }
    const size_t taken = chunk_bytes(bytes);
    char *at = bytes <= REGION_BYTES ? place(taken) : nullptr;
    if (at == nullptr || mprotect(at, taken, PROT_READ | PROT_WRITE) != 0) {
        return nullptr;
    }
    char *start = at + LEAD;
    const size_t even = (bytes + 1) / 2 * 2;
    fill(at, LEAD, RED_ZONE);
    fill(start, even, FRESH_POISON);
    char *behind = start + even;
    fill(behind, static_cast<size_t>(at + taken - behind), RED_ZONE);
    ranges_[reinterpret_cast<uintptr_t>(start)] = {kind, bytes, true, false, flags};
    return start;
}

bool Ranges::release(RangeKind kind, uintptr_t start) {
    const auto found = ranges_.find(start);
    if (found == ranges_.end() || found->second.freed || found->second.kind != kind) {
        return false;
    }
    const size_t bytes = chunk_bytes(found->second.bytes);
    found->second.freed = true;
    if (kind == RangeKind::PINNED && kept_bytes_ + bytes <= KEPT_BYTES) {
        fill(chunk(start), bytes, FREED_POISON);
        mprotect(chunk(start), bytes, PROT_READ);
        kept_bytes_ += bytes;
    } else {
        madvise(chunk(start), bytes, MADV_DONTNEED);
        mprotect(chunk(start), bytes, PROT_NONE);
    }
    return true;
}

const std::map<uintptr_t, Range>::const_iterator Ranges::before(uintptr_t address) const {
    auto next = ranges_.upper_bound(address);
    return next == ranges_.begin() ? ranges_.end() : --next;
}

bool Ranges::add_registered(uintptr_t start, size_t bytes, bool mapped, unsigned flags) {
    const auto next = ranges_.lower_bound(start);
    const bool meets_next = next != ranges_.end() && !next->second.freed && next->first < start + bytes;
    if (find(start, 1) != nullptr || meets_next) {
        return false;
    }
    ranges_[start] = {RangeKind::REGISTERED, bytes, mapped, false, flags};
    return true;
}

bool Ranges::remove_registered(uintptr_t start) {
    const auto found = ranges_.find(start);
    if (found == ranges_.end() || found->second.kind != RangeKind::REGISTERED || found->second.freed) {
        return false;
    }
    found->second.freed = true; /* kept to be named in messages until its addresses are registered again */
    return true;
}

const Range *Ranges::find(uintptr_t address, size_t bytes, uintptr_t *start) const {
    const auto found = before(address);
    if (found == ranges_.end() || found->second.freed || address - found->first + bytes > found->second.bytes) {
        return nullptr;
    }
    if (start != nullptr) {
        *start = found->first;
    }
    return &found->second;
}

bool Ranges::visible(uintptr_t address, size_t bytes) const {
    const Range *range = find(address, bytes);
    return range != nullptr && range->mapped;
}

bool Ranges::was_freed(uintptr_t address) const {
    const auto found = before(address);
    return found != ranges_.end() && found->second.freed && address - found->first < found->second.bytes;
}

std::string Ranges::describe(uintptr_t address) const {
    if (address < PAGE) {
        return "a null pointer";
    }
    const auto found = before(address);
    if (found != ranges_.end()) {
        const Range &range = found->second;
        const size_t offset = address - found->first;
        if (offset < range.bytes) {
            return format("byte %zu of %s", offset, text(range).c_str()) + (range.freed ? " that was freed" : "");
        }
        if (offset - range.bytes < (size_t{1} << 20)) {
            return format("%zu bytes behind the end of %s", offset - range.bytes, text(range).c_str()) +
                   (range.freed ? " that was freed" : "");
        }
    }
    const auto next = ranges_.upper_bound(address);
    if (next != ranges_.end() && next->first - address < (size_t{1} << 20)) {
        return format("%zu bytes before %s", static_cast<size_t>(next->first - address), text(next->second).c_str());
    }
    return "neither device memory nor pinned nor registered host memory";
}

std::string Ranges::find_red_zone_write() const {
    for (const auto &[start, range] : ranges_) {
        if (range.freed || range.kind == RangeKind::REGISTERED) {
            continue;
        }
        const char *at = reinterpret_cast<const char *>(start);
        const size_t left = first_change(at - RED_ZONE_BYTES, RED_ZONE_BYTES, RED_ZONE);
        if (left < RED_ZONE_BYTES) {
            return format("a write %zu bytes before %s", RED_ZONE_BYTES - left, text(range).c_str());
        }
        const size_t even = (range.bytes + 1) / 2 * 2;
        const size_t right = first_change(at + even, RED_ZONE_BYTES, RED_ZONE);
        if (right < RED_ZONE_BYTES) {
            return format("a write %zu bytes behind the end of %s", even - range.bytes + right, text(range).c_str());
        }
    }
    return {};
}

void Ranges::mend_red_zones() {
    for (const auto &[start, range] : ranges_) {
        if (!range.freed && range.kind != RangeKind::REGISTERED) {
            char *at = reinterpret_cast<char *>(start);
            fill(at - RED_ZONE_BYTES, RED_ZONE_BYTES, RED_ZONE);
            fill(at + (range.bytes + 1) / 2 * 2, RED_ZONE_BYTES, RED_ZONE);
        }
    }
}

void Ranges::release_all() {
    for (auto &[start, range] : ranges_) {
        if (range.kind != RangeKind::REGISTERED) {
            const size_t bytes = chunk_bytes(range.bytes);
            madvise(chunk(start), bytes, MADV_DONTNEED);
            mprotect(chunk(start), bytes, PROT_NONE);
        }
        range.freed = true;
    }
    kept_bytes_ = 0;
}

size_t Ranges::live_bytes(RangeKind kind) const {
    size_t bytes = 0;
    for (const auto &[start, range] : ranges_) {
        bytes += !range.freed && range.kind == kind ? range.bytes : 0;
    }
    return bytes;
}

} // namespace softcuda
