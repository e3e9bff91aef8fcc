package dev.tactus.engine.device.cpu;

/**
 * Runs the ops of a program over the current {@link CpuPass}. Every worker calls {@link #run} once per pass, each on
 * its own thread, and the calls meet at barriers inside; or one thread calls {@link #runOp} for each op in order.
 */
interface Interpreter {
    /** How many ops there are. */
    int ops();

    /** Prepares a pass. Worker 0, before any worker runs it. */
    void begin(CpuPass pass);

    /** Runs a worker's share of the pass. */
    void run(int worker);

    /** Runs the whole of one op on the caller's thread. */
    void runOp(int op);

    /** How long preprocessing took in the pass that just ended. Worker 0. */
    long preprocessNs();

    /** How long it took from there to the draw. Worker 0. */
    long fuseNs();
}
