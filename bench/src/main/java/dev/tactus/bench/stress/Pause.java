package dev.tactus.bench.stress;

/** How an actor waits for another one, which may have to share its processor. */
final class Pause {
    private static final int SPINS = 64;

    private Pause() {}

    /** A moment; every 64 turns, a chance for others to run. */
    static void once(final int turn) {
        once(turn, SPINS);
    }

    /** A moment; every {@code spins} turns, a chance for others to run. */
    static void once(final int turn, final int spins) {
        if (turn % spins == spins - 1) {
            Thread.yield();
        } else {
            Thread.onSpinWait();
        }
    }
}
