package dev.tactus.engine.video;

/**
 * Frames per second as a fraction, so that frame times do not drift.
 *
 * @param numerator frames
 * @param denominator in that many seconds
 */
record FrameRate(long numerator, long denominator) {
    /**
     * {@code frame · denominator / numerator} seconds, rounded down to a nanosecond; exact below 2⁶³ / denominator
     * frames.
     */
    long timeNs(final long frame) {
        final long scaled = frame * denominator;
        return scaled / numerator * 1_000_000_000L + scaled % numerator * 1_000_000_000L / numerator;
    }
}
