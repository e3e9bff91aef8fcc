package dev.tactus.engine.tuning.recipe;

import java.nio.file.Path;

/** Whoever watches a run. All calls come from the thread that trains, which waits for them. */
public interface TrainingListener {
    /** Whether the run is to end after the step it is at, with a checkpoint. */
    default boolean isStopAsked() {
        return false;
    }

    /** A step was made; its checkpoint, if it is to have one, comes after this. */
    void onStep(StepReport report);

    /** A checkpoint is complete. */
    default void onCheckpoint(final long step, final Path checkpoint) {
        // not everybody wants to know
    }

    /** A step that is to be evaluated has its checkpoint: the moment for programs that look at it. */
    default void onEvaluation(final long step, final Path checkpoint) {
        // not everybody has one
    }
}
