package dev.tactus.bench.gpu;

import dev.tactus.kernel.NumericClass;

/**
 * Ticks of one model by one number of sessions.
 *
 * @param parameters of a random model, as people write them: {@code 1B}
 * @param numerics the class of its products
 * @param sessions that tick together
 * @param context positions every session has before the first tick that counts
 * @param ticks that count
 * @param rows of a session in the prefill
 * @param passes decode passes of a tick
 */
public record TickCase(
        String parameters, NumericClass numerics, int sessions, int context, int ticks, int rows, int passes) {
    private static final int ROWS = 24;
    private static final int PASSES = 8;

    static TickCase fast(final String parameters, final int sessions, final int context, final int ticks) {
        return new TickCase(parameters, NumericClass.FAST_BF16, sessions, context, ticks, ROWS, PASSES);
    }

    static TickCase exact(final String parameters, final int sessions, final int context, final int ticks) {
        return new TickCase(parameters, NumericClass.EXACT, sessions, context, ticks, ROWS, PASSES);
    }
}
