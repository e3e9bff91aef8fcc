package dev.tactus.engine.model;

import dev.tactus.kernel.WeightType;

/**
 * The weights of a group of experts of equal shape, one after the other.
 *
 * @param count experts
 * @param hidden I
 * @param width d
 * @param upType storage of the gate-up matrices
 * @param up address of [count, 2·I, d], gate and up rows interleaved
 * @param downType storage of the down matrices
 * @param down address of [count, d, I]
 */
public record Experts(int count, int hidden, int width, WeightType upType, long up, WeightType downType, long down) {
    /** Address of the gate-up matrix of an expert. */
    public long up(final int expert) {
        return up + (long) expert * 2 * hidden * width * upType.bytes();
    }

    /** Address of the down matrix of an expert. */
    public long down(final int expert) {
        return down + (long) expert * width * hidden * downType.bytes();
    }
}
