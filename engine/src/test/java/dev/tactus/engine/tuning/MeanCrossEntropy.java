package dev.tactus.engine.tuning;

/** The weighted mean cross entropy: {@code Σ weight · −log softmax(logits)[target] / Σ weight}. */
final class MeanCrossEntropy {
    private MeanCrossEntropy() {}

    /**
     * The loss of the pass's outputs; writes its {@link TrainingPass#logitGradients()}. An output of weight 0 takes no
     * part, whatever its logits and target.
     *
     * @param targets the right id of every output
     * @param weights of every output, at least 0
     * @return the mean, in nats; 0 when no weight is above 0
     * @throws IllegalArgumentException when there are not as many targets and weights as outputs, or a target of weight
     *     above 0 is no id
     */
    static double mean(final TrainingPass pass, final int[] targets, final float[] weights) {
        final int outputs = pass.outputs();
        if (targets.length != outputs || weights.length != outputs) {
            throw new IllegalArgumentException(targets.length + " targets and " + weights.length + " weights: expected "
                    + outputs + ", the outputs of the batch");
        }
        double total = 0;
        for (int i = 0; i < outputs; i++) {
            if (weights[i] > 0 && (targets[i] < 0 || targets[i] >= pass.vocabulary())) {
                throw new IllegalArgumentException(
                        "target " + targets[i] + " of output " + i + ": expected 0 to " + (pass.vocabulary() - 1));
            }
            total += Math.max(0, weights[i]);
        }
        final double[] losses = new double[outputs];
        final double all = total;
        final int vocabulary = pass.vocabulary();
        pass.crew().forEach(outputs, (worker, i) -> {
            final long gradient = Floats.row(pass.logitGradients(), i, vocabulary);
            if (weights[i] > 0) {
                final long logits = Floats.row(pass.logits(), i, vocabulary);
                losses[i] = weights[i] * row(logits, gradient, vocabulary, targets[i], (float) (weights[i] / all));
            } else {
                Floats.zero(gradient, vocabulary);
            }
        });
        double sum = 0;
        for (final double loss : losses) {
            sum += loss;
        }
        return all > 0 ? sum / all : 0;
    }

    private static double row(
            final long logits, final long gradient, final int vocabulary, final int target, final float share) {
        float max = Float.NEGATIVE_INFINITY;
        for (int v = 0; v < vocabulary; v++) {
            max = Math.max(max, Floats.get(logits, v));
        }
        Floats.copy(logits, gradient, vocabulary);
        SoftmaxRow.weights(gradient, 0, vocabulary, max);
        double sum = 0;
        for (int v = 0; v < vocabulary; v++) {
            sum += Floats.get(gradient, v);
        }
        Floats.scale((float) (share / sum), gradient, gradient, vocabulary);
        Floats.put(gradient, target, Floats.get(gradient, target) - share);
        return Math.log(sum) + max - Floats.get(logits, target);
    }
}
