package dev.tactus.scenario.training;

import java.util.concurrent.atomic.AtomicLong;

/** How much sound may be kept on the Java heap by all who share it. Any thread. */
final class SoundBudget {
    private static final long MOST_BYTES = 512L << 20;
    private static final int PART_OF_HEAP = 4;

    /** That of the process: a quarter of its heap, 512 MiB at most. */
    static final SoundBudget SHARED =
            new SoundBudget(Math.min(MOST_BYTES, Runtime.getRuntime().maxMemory() / PART_OF_HEAP));

    private final long most;
    private final AtomicLong taken = new AtomicLong();

    /** A budget of so many bytes. */
    SoundBudget(final long most) {
        this.most = most;
    }

    /** Takes bytes if that many are left; says whether they were. */
    boolean take(final long bytes) {
        if (taken.addAndGet(bytes) <= most) {
            return true;
        }
        taken.addAndGet(-bytes);
        return false;
    }

    /** Gives back bytes that were taken. */
    void give(final long bytes) {
        taken.addAndGet(-bytes);
    }

    /** Bytes that are taken now. */
    long taken() {
        return taken.get();
    }

    /** Most bytes that can be taken. */
    long most() {
        return most;
    }
}
