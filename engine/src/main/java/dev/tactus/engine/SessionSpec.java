package dev.tactus.engine;

import dev.tactus.kernel.SamplingParameters;
import dev.tactus.scheduler.Modality;
import java.util.Objects;

/**
 * What a session asks for.
 *
 * @param modalities bits of the {@link Modality} values it listens to
 * @param seed of its draws; the same seed, inputs and tick records give the same bits
 * @param sampling how tokens are drawn
 * @param script token ids that every tick's output is held to, through the sampling mask, and {@code <quiet>} after
 *     them: for benches; empty for a session that is free
 */
public record SessionSpec(int modalities, long seed, SamplingParameters sampling, int... script) {
    /** Copies the script. */
    public SessionSpec {
        Objects.requireNonNull(sampling, "sampling");
        script = script.clone();
    }

    /** A session that listens to the given modalities, greedy, seed 0. */
    public static SessionSpec of(final Modality... modalities) {
        int bits = 0;
        for (final Modality modality : modalities) {
            bits |= modality.bit();
        }
        return new SessionSpec(bits, 0, SamplingParameters.GREEDY);
    }

    /** The same with a seed. */
    public SessionSpec withSeed(final long newSeed) {
        return new SessionSpec(modalities, newSeed, sampling, script);
    }

    /** The same with sampling parameters. */
    public SessionSpec withSampling(final SamplingParameters newSampling) {
        return new SessionSpec(modalities, seed, newSampling, script);
    }

    /** The same held to a script. */
    public SessionSpec withScript(final int... newScript) {
        return new SessionSpec(modalities, seed, sampling, newScript);
    }

    @Override
    public int[] script() {
        return script.clone();
    }
}
