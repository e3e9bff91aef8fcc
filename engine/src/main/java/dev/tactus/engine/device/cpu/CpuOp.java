package dev.tactus.engine.device.cpu;

/**
 * An op bound to addresses: how many units of work a pass gives it, and the work. Stateless; any worker runs any units.
 */
abstract class CpuOp {
    /** Outputs of a matrix that a worker takes at a time, so that kernels can block. */
    static final int BLOCK = 8;

    /** Units of work in this pass; 0 when there is nothing to do. */
    abstract int units(CpuPass pass);

    /** Does units [from, to). */
    abstract void run(CpuPass pass, long scratch, int from, int to);

    /**
     * Whether units are shared out from the last worker on: of two ops that run side by side and have a single unit,
     * each then finds a worker of its own.
     */
    boolean isSharedBackwards() {
        return false;
    }

    /** Ops of one kind run the same kernels. */
    String kind() {
        return getClass().getName();
    }

    static int blocks(final int n) {
        return (n + BLOCK - 1) / BLOCK;
    }
}
