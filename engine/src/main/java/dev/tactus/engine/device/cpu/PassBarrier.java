package dev.tactus.engine.device.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * A barrier for a fixed set of workers that spins for at most 50 µs, then parks. Waiting allocates nothing.
 *
 * <p>Spinning without a bound ruins tails where workers outnumber free cores; parking at once costs microseconds at
 * each of some hundred barriers in a pass.
 */
final class PassBarrier {
    private static final long SPIN_NS = 50_000;
    private static final int SPINS_PER_CLOCK = 64;

    private final NanoClock clock = SystemNanoClock.INSTANCE;
    private final int parties;
    private final Thread[] threads;
    private final AtomicInteger arrived = new AtomicInteger();
    private final AtomicIntegerArray parked;
    private volatile long epoch;

    PassBarrier(final int parties) {
        this.parties = parties;
        this.threads = new Thread[parties];
        this.parked = new AtomicIntegerArray(parties);
    }

    /** Names the thread of a worker. Once, by that thread, before its first {@link #await}. */
    void join(final int worker) {
        threads[worker] = Thread.currentThread();
    }

    /** Waits until every worker is here. */
    void await(final int worker) {
        if (parties == 1) {
            return;
        }
        final long current = epoch;
        if (arrived.incrementAndGet() == parties) {
            arrived.setPlain(0);
            epoch = current + 1;
            for (int i = 0; i < parties; i++) {
                if (parked.get(i) != 0) {
                    LockSupport.unpark(threads[i]);
                }
            }
        } else if (!spin(current)) {
            park(worker, current);
        }
    }

    private boolean spin(final long current) {
        final long until = clock.nanoTime() + SPIN_NS;
        do {
            for (int i = 0; i < SPINS_PER_CLOCK; i++) {
                if (epoch != current) {
                    return true;
                }
                Thread.onSpinWait();
            }
        } while (clock.nanoTime() < until);
        return epoch != current;
    }

    private void park(final int worker, final long current) {
        parked.set(worker, 1);
        while (epoch == current) {
            LockSupport.park();
            // nobody has a reason to interrupt a worker; the flag would turn every wait into a spin
            Thread.interrupted();
        }
        parked.set(worker, 0);
    }
}
