package dev.tactus.engine.model;

import java.util.List;

/**
 * The image encoder.
 *
 * @param stages how each stage folds
 * @param linears one matrix per stage, [outputs, inputs]
 * @param norms one norm per stage but the last, [1, outputs]
 * @param finalNorm [1, d]
 */
public record VisionWeights(VisionStages stages, List<Matrix> linears, List<FloatTable> norms, FloatTable finalNorm) {
    /** Makes the lists unmodifiable. */
    public VisionWeights {
        linears = List.copyOf(linears);
        norms = List.copyOf(norms);
    }
}
