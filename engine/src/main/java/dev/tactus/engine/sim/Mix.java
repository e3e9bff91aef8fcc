package dev.tactus.engine.sim;

/** The 64-bit hash of the simulation: outputs of the device, stamps in media, the log of events. */
final class Mix {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final long STIR = 0xD6E8FEB86659FD93L;

    private Mix() {}

    /** Folds a value into a hash; the order of folds matters. */
    static long fold(final long hash, final long value) {
        long mixed = (hash ^ value) * GOLDEN;
        mixed = (mixed ^ mixed >>> 32) * STIR;
        return mixed ^ mixed >>> 29;
    }
}
