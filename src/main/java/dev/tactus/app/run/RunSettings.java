package dev.tactus.app.run;

import dev.tactus.engine.KernelSelection;
import dev.tactus.engine.SessionSpec;
import java.nio.file.Path;

/**
 * What a run is to be.
 *
 * @param model model directory
 * @param adapter folder of a LoRA adapter that all sessions have; null for the model alone
 * @param interaction file, {@code default}, or null for the model's own
 * @param sessions copies of the session
 * @param spec of session 0; session i has a seed i higher, modalities follow from the media
 * @param tickLimit ticks after which it is over; negative for as many as the media have
 * @param threads threads that compute
 * @param kernels which kernels
 * @param memoryBudget most bytes beside the checkpoint
 * @param realtime whether the clock paces it
 * @param out where files go; null for none
 * @param quiet no live lines
 * @param terminal whether the screen understands cursor movements
 */
public record RunSettings(
        Path model,
        Path adapter,
        String interaction,
        int sessions,
        SessionSpec spec,
        long tickLimit,
        int threads,
        KernelSelection kernels,
        long memoryBudget,
        boolean realtime,
        Path out,
        boolean quiet,
        boolean terminal) {}
