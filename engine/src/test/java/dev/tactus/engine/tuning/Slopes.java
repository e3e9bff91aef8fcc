package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.memory.OffHeap;
import java.util.List;
import java.util.SplittableRandom;

/** The loss of a model on a batch, and how it changes with a tensor. */
final class Slopes {
    /** Loss differences carry the rounding of float32 logits, some 1e-7; steps change the loss by about 1e-3. */
    private static final double STEP = 2e-3;

    private static final float SPEECH_FACTOR = 0.03f;

    private final SplittableRandom random;
    private final TrainingPass pass;
    private final List<Example> batch;
    private final int[] targets;
    private final float[] weights;
    private final float[] speechWeights;
    private final SpeechLoss speech;
    private final Runnable zero;

    /**
     * Slopes at the pass's weights.
     *
     * @param zero makes all gradients zero
     */
    Slopes(
            final OddModel model,
            final List<Example> batch,
            final TrainingPass pass,
            final Runnable zero,
            final long seed) {
        this.random = new SplittableRandom(seed);
        this.zero = zero;
        this.pass = pass;
        this.batch = batch;
        targets = model.targets(batch);
        weights = model.weights(batch);
        speechWeights = model.speechWeights(batch);
        speech = new SpeechLoss(seed, 3, SPEECH_FACTOR);
    }

    /** Of tokens, and of speech where the batch has some. */
    double loss() {
        pass.forward(batch);
        final double tokens = MeanCrossEntropy.mean(pass, targets, weights);
        return speechWeights.length == 0
                ? tokens
                : tokens + SPEECH_FACTOR * pass.speech(speech, speechWeights).loss();
    }

    /** Computes all gradients. */
    void gradients() {
        zero.run();
        loss();
        pass.backward();
    }

    /** Along the gradient, and along random directions, in which every element takes part. */
    double worstError(final Parameter parameter) {
        final int n = (int) parameter.elements();
        final double[] gradient = read(parameter.gradient(), n);
        double norm = 0;
        for (final double g : gradient) {
            norm += g * g;
        }
        norm = Math.sqrt(norm);
        assertTrue(norm > 0, parameter.name() + " has no gradient");
        double worst = 0;
        for (int trial = 0; trial < 3; trial++) {
            final double[] direction = new double[n];
            for (int i = 0; i < n; i++) {
                direction[i] = trial == 0 ? gradient[i] / norm : random.nextBoolean() ? 1 : -1;
            }
            worst = Math.max(worst, error(parameter, gradient, direction, norm));
        }
        return worst;
    }

    private double error(
            final Parameter parameter, final double[] gradient, final double[] direction, final double norm) {
        final double step = Math.min(STEP / norm, 0.02);
        final double whole = error(parameter, gradient, direction, norm, step);
        // both have an error of the order of step², which this takes out
        return Math.abs(4 * error(parameter, gradient, direction, norm, step / 2) - whole) / 3;
    }

    private double error(
            final Parameter parameter,
            final double[] gradient,
            final double[] direction,
            final double norm,
            final double step) {
        final int n = direction.length;
        final double[] values = read(parameter.value(), n);
        final double[] up = move(parameter, values, direction, step);
        final double above = loss();
        final double[] down = move(parameter, values, direction, -step);
        final double below = loss();
        move(parameter, values, direction, 0);
        // the step as float32 took it
        double expected = 0;
        for (int i = 0; i < n; i++) {
            expected += gradient[i] * (up[i] - down[i]);
        }
        return (above - below - expected) / (2 * step * norm);
    }

    private static double[] move(
            final Parameter parameter, final double[] values, final double[] direction, final double step) {
        for (int i = 0; i < values.length; i++) {
            final float moved = (float) (values[i] + step * direction[i]);
            OffHeap.putFloat(parameter.value() + i * (long) Float.BYTES, moved);
        }
        return read(parameter.value(), values.length);
    }

    static double[] read(final long address, final int n) {
        final double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = OffHeap.getFloat(address + i * (long) Float.BYTES);
        }
        return values;
    }
}
