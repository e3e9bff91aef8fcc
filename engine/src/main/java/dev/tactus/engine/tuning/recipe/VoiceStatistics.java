package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.model.VoiceTensors;
import dev.tactus.engine.tuning.Parameter;
import dev.tactus.engine.tuning.Parameters;
import dev.tactus.memory.OffHeap;
import java.util.function.Consumer;

/**
 * What the log mel of a voice is like, per band: a block of speech is {@code (log mel - mean) / deviation}. As an
 * initialisation it writes both into a new model that speaks, and leaves all other tensors as they are.
 *
 * @param mean [mels]
 * @param deviation [mels], above 0
 */
public record VoiceStatistics(float[] mean, float[] deviation) implements Consumer<Parameters> {
    /** Copies the arrays and checks them. */
    public VoiceStatistics {
        mean = mean.clone();
        deviation = deviation.clone();
        if (mean.length != deviation.length) {
            throw new IllegalArgumentException("voice statistics: " + mean.length + " means and " + deviation.length
                    + " deviations: expected as many");
        }
        for (int i = 0; i < mean.length; i++) {
            if (!Float.isFinite(mean[i]) || !(deviation[i] > 0) || !Float.isFinite(deviation[i])) {
                throw new IllegalArgumentException("voice statistics: band " + i + " has mean " + mean[i]
                        + " and deviation " + deviation[i] + ": expected finite numbers, the deviation above 0");
            }
        }
    }

    /** The means; a fresh array. */
    @Override
    public float[] mean() {
        return mean.clone();
    }

    /** The deviations; a fresh array. */
    @Override
    public float[] deviation() {
        return deviation.clone();
    }

    /**
     * Normalises frames in place.
     *
     * @param frames [frames, mels]
     */
    public void normalise(final float[] frames) {
        for (int i = 0; i < frames.length; i++) {
            final int band = i % mean.length;
            frames[i] = (frames[i] - mean[band]) / deviation[band];
        }
    }

    @Override
    public void accept(final Parameters parameters) {
        if (parameters.speaks()) {
            put(parameters.get(VoiceTensors.MEL_MEAN), mean);
            put(parameters.get(VoiceTensors.MEL_STD), deviation);
        }
    }

    private static void put(final Parameter parameter, final float[] values) {
        if (parameter.elements() != values.length) {
            throw new IllegalArgumentException("voice statistics of " + values.length + " bands for " + parameter.name()
                    + " of " + parameter.elements() + ": expected as many");
        }
        for (int i = 0; i < values.length; i++) {
            OffHeap.putFloat(parameter.value() + (long) i * Float.BYTES, values[i]);
        }
    }
}
