package dev.tactus.engine.tuning;

/** Bounds of importance ratios. */
final class Ratios {
    private Ratios() {}

    static float clip(final float ratio, final float low, final float high) {
        final float floored = ratio < low ? low : ratio;
        return floored > high ? high : floored;
    }

    static void checkBounds(final String loss, final float low, final float high) {
        if (!(low >= 0f && low <= 1f && high >= 1f && high < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    loss + ": ratios from " + low + " to " + high + ": expected 0 ≤ low ≤ 1 ≤ high, finite");
        }
    }
}
