/*
 * Memory that the device may touch. Device and pinned memory come from one region at a low fixed address, where also a
 * race detector allows memory and a replay can put it again. Addresses are not used twice before all 128 GiB of them
 * have been used once, so that what is freed stays recognisable: freed device memory cannot be touched any more, freed
 * pinned memory can be read and holds poison.
 */
#ifndef SOFTCUDA_RANGES_H
#define SOFTCUDA_RANGES_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace softcuda {

enum class RangeKind { DEVICE, PINNED, REGISTERED };

struct Range {
    RangeKind kind;
    size_t bytes;
    bool mapped;    /* into the device's addresses */
    bool freed;
    unsigned flags; /* of the call that made it */
};

class Ranges {
  public:
    static constexpr size_t RED_ZONE_BYTES = 256; /* looked at on each side; on the left more are there */

    /* Poisoned memory between red zones; null when the region is used up. */
    void *allocate(RangeKind kind, size_t bytes, unsigned flags);

    /* Gives memory of allocate() back; false when no live range of the kind starts there. */
    bool release(RangeKind kind, uintptr_t start);

    /* Takes note of the host's own memory; false when a part of it is in a live range. */
    bool add_registered(uintptr_t start, size_t bytes, bool mapped, unsigned flags);
    bool remove_registered(uintptr_t start);

    /* The live range around bytes at an address, null when they are not in one; and its start. */
    const Range *find(uintptr_t address, size_t bytes, uintptr_t *start = nullptr) const;

    /* Whether the device may touch it. */
    bool visible(uintptr_t address, size_t bytes) const;

    /* Whether it is in memory that was freed. */
    bool was_freed(uintptr_t address) const;

    /* Where an address lies, in words. */
    std::string describe(uintptr_t address) const;

    /* The first write beside an allocation, in words; empty when there is none. */
    std::string find_red_zone_write() const;

    void mend_red_zones();

    /* Forgets everything; the addresses are not used again. */
    void release_all();

    size_t live_bytes(RangeKind kind) const;
    const std::map<uintptr_t, Range> &all() const { return ranges_; }

  private:
    bool reserve();
    char *place(size_t bytes);
    const std::map<uintptr_t, Range>::const_iterator before(uintptr_t address) const;

    std::map<uintptr_t, Range> ranges_; /* by start; freed ones of the region included */
    char *region_ = nullptr;
    char *next_ = nullptr; /* never used from here on */
    char *end_ = nullptr;
    size_t kept_bytes_ = 0; /* of freed pinned memory */
};

} // namespace softcuda

#endif
