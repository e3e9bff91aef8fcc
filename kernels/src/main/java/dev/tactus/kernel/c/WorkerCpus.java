package dev.tactus.kernel.c;

import dev.tactus.posix.Posix;

/**
 * A CPU for each worker of a pass. Workers meet at barriers every few microseconds: two on one CPU would wait for each
 * other's time slice. Immutable, for any thread.
 */
public final class WorkerCpus {
    /** No worker is kept anywhere. */
    public static final WorkerCpus NONE = new WorkerCpus(new int[0]);

    private final int[] cpus;

    private WorkerCpus(final int[] cpus) {
        this.cpus = cpus;
    }

    /** The first CPUs that the calling thread may use; {@link #NONE} where there are fewer than workers. */
    public static WorkerCpus of(final int workers) {
        final int[] allowed = Posix.isSupported() ? Posix.affinity() : new int[0];
        return allowed.length < workers ? NONE : new WorkerCpus(allowed);
    }

    /** Keeps the calling thread, for as long as it lives, on the CPU of a worker. */
    public void pin(final int worker) {
        if (worker < cpus.length) {
            Posix.pinThread(cpus[worker]);
        }
    }
}
