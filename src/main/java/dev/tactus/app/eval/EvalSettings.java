package dev.tactus.app.eval;

import dev.tactus.engine.KernelSelection;
import dev.tactus.scenario.Family;
import dev.tactus.scenario.speech.Split;
import java.nio.file.Path;
import java.util.List;

/**
 * What an evaluation is to be.
 *
 * @param model model directory
 * @param adapter folder of a LoRA adapter that all sessions have; null for the model alone
 * @param interaction file, {@code default}, or null for the model's own
 * @param families what is played; empty for all that the model has organs for
 * @param seed of the episodes
 * @param episodes most episodes of a family
 * @param words of a family, after which it ends; 0 for no such end
 * @param split whose voices are heard
 * @param phrases how words follow each other
 * @param folder recorded episodes, played instead; null for none
 * @param minutes context of every session
 * @param sessions at once
 * @param threads threads that compute
 * @param kernels which kernels
 * @param json where everything is written; null for nowhere
 * @param quiet no progress
 * @param terminal whether the screen understands cursor movements
 */
public record EvalSettings(
        Path model,
        Path adapter,
        String interaction,
        List<Family> families,
        long seed,
        int episodes,
        int words,
        Split split,
        Phrases phrases,
        Path folder,
        int minutes,
        int sessions,
        int threads,
        KernelSelection kernels,
        Path json,
        boolean quiet,
        boolean terminal) {
    /** How words of a phrase follow each other. */
    public enum Phrases {
        /** As in training: some of both. */
        MIXED,
        /** Spoken one by one and joined. */
        JOINED,
        /** Spoken in one go. */
        WHOLE
    }
}
