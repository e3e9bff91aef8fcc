/*
 * A barrier for a fixed set of workers that spins for at most 50 us, then parks in the kernel. Spinning without a bound
 * ruins tails where workers outnumber free cores; parking at once costs microseconds at each of some hundred barriers.
 */
#ifndef TACTUS_BARRIER_H
#define TACTUS_BARRIER_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { BARRIER_SPIN_NS = 50000, BARRIER_SPINS_PER_CLOCK = 64 };

/* On cache lines of their own: arrivals would disturb those who spin on the epoch. */
struct tactus_barrier {
    _Alignas(64) _Atomic uint32_t arrived;
    _Alignas(64) _Atomic uint32_t epoch;
    _Alignas(64) _Atomic uint32_t sleepers;
};

static inline int64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static inline int barrier_passed(const struct tactus_barrier *barrier, uint32_t epoch) {
    return atomic_load_explicit(&barrier->epoch, memory_order_acquire) != epoch;
}

/* Spins; returns whether the others came. */
static inline int barrier_spin(const struct tactus_barrier *barrier, uint32_t epoch) {
    int64_t until = 0;
    do {
        for (int i = 0; i < BARRIER_SPINS_PER_CLOCK; i++) {
            if (barrier_passed(barrier, epoch)) {
                return 1;
            }
            __builtin_ia32_pause();
        }
        until = until == 0 ? monotonic_ns() + BARRIER_SPIN_NS : until;
    } while (monotonic_ns() < until);
    return barrier_passed(barrier, epoch);
}

/* Waits until all parties are here. */
static inline void barrier_await(struct tactus_barrier *barrier, uint32_t parties) {
    if (parties == 1) {
        return;
    }
    const uint32_t epoch = atomic_load_explicit(&barrier->epoch, memory_order_relaxed);
    if (atomic_fetch_add(&barrier->arrived, 1) + 1 == parties) {
        atomic_store_explicit(&barrier->arrived, 0, memory_order_relaxed);
        /* before the look at the sleepers, as they count themselves before they look at the epoch */
        atomic_store(&barrier->epoch, epoch + 1);
        if (atomic_load(&barrier->sleepers) != 0) {
            syscall(SYS_futex, &barrier->epoch, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
        }
        return;
    }
    if (!barrier_spin(barrier, epoch)) {
        atomic_fetch_add(&barrier->sleepers, 1);
        while (!barrier_passed(barrier, epoch)) {
            syscall(SYS_futex, &barrier->epoch, FUTEX_WAIT_PRIVATE, epoch, NULL, NULL, 0);
        }
        atomic_fetch_sub(&barrier->sleepers, 1);
    }
}

#endif
