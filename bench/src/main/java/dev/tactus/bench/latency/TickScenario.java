package dev.tactus.bench.latency;

import dev.tactus.engine.KernelSelection;

/**
 * What is measured.
 *
 * @param sessions sessions that tick together
 * @param speaking how many of them speak in every tick
 * @param threads threads that compute
 * @param rows rows of a session in the prefill
 * @param passes decode passes of a tick
 * @param context positions every session has before the first tick that counts
 * @param ticks ticks that count
 * @param settleNs longest time spent on ticks before all that, until the engine's threads allocate nothing any more:
 *     the Vector API boxes until the compiler is done with it, which takes the longer the busier the machine is; 0 for
 *     none
 * @param kernels which kernels
 * @param warmUpNs how long the launch may warm kernels up
 */
public record TickScenario(
        int sessions,
        int speaking,
        int threads,
        int rows,
        int passes,
        int context,
        int ticks,
        long settleNs,
        KernelSelection kernels,
        long warmUpNs) {
    /** Checks what an engine would not. */
    public TickScenario {
        if (ticks < 1) {
            throw new IllegalArgumentException(ticks + " ticks to measure: expected at least 1");
        }
        if (speaking < 0 || speaking > sessions) {
            throw new IllegalArgumentException(
                    speaking + " speaking of " + sessions + " sessions: expected 0 to " + sessions);
        }
        if (settleNs < 0) {
            throw new IllegalArgumentException(settleNs + " ns to settle in: expected 0 or more");
        }
        if (context < 0) {
            throw new IllegalArgumentException("a context of " + context + " positions: expected 0 or more");
        }
    }
}
