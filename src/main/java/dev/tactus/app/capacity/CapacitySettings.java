package dev.tactus.app.capacity;

import dev.tactus.engine.KernelSelection;
import java.nio.file.Path;

/**
 * What is to be measured.
 *
 * @param model the model's folder
 * @param interaction the turn grammar as an option names it; null for the model's own
 * @param modalities bits of what each session declares
 * @param speaking share of the sessions that speak in every tick
 * @param phases slots of the period; 0 for the engine's own choice
 * @param threads threads that compute
 * @param kernels which kernels
 * @param context positions that sessions remember; 0 for as many as the model says
 * @param calibrationNs longest calibration
 * @param fillNs longest time for sessions to fill their contexts
 * @param settleNs how long a number of sessions runs before it counts
 * @param pointNs how long it counts
 * @param terminal whether progress may be rewritten in place
 */
public record CapacitySettings(
        Path model,
        String interaction,
        int modalities,
        double speaking,
        int phases,
        int threads,
        KernelSelection kernels,
        int context,
        long calibrationNs,
        long fillNs,
        long settleNs,
        long pointNs,
        boolean terminal) {}
