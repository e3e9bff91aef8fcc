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
 * @param adapter the id of one of the engine's adapters, or empty for the base alone
 * @param logProbabilities whether each tick also tells the log-probability of every token drawn (
 *     {@link dev.tactus.kernel.LogProbability}), at the cost of one pass over the logits per token
 * @param script token ids that every tick's output is held to, through the sampling mask, and {@code <quiet>} after
 *     them: for benches; {@code <say>} stands last, and four blocks of speech follow it; empty for a session that is
 *     free
 */
public record SessionSpec(
        int modalities,
        long seed,
        SamplingParameters sampling,
        String adapter,
        boolean logProbabilities,
        int... script) {
    /** What {@link #adapter()} says for the base alone. */
    public static final String BASE = "";

    /** Copies the script. */
    public SessionSpec {
        Objects.requireNonNull(sampling, "sampling");
        Objects.requireNonNull(adapter, "adapter");
        script = script.clone();
    }

    /** A session of the base alone. */
    public SessionSpec(final int modalities, final long seed, final SamplingParameters sampling, final int... script) {
        this(modalities, seed, sampling, BASE, false, script);
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
        return new SessionSpec(modalities, newSeed, sampling, adapter, logProbabilities, script);
    }

    /** The same with sampling parameters. */
    public SessionSpec withSampling(final SamplingParameters newSampling) {
        return new SessionSpec(modalities, seed, newSampling, adapter, logProbabilities, script);
    }

    /** The same through an adapter of the engine, by its id. */
    public SessionSpec withAdapter(final String newAdapter) {
        return new SessionSpec(modalities, seed, sampling, newAdapter, logProbabilities, script);
    }

    /** The same, and every tick tells log-probabilities. */
    public SessionSpec withLogProbabilities() {
        return new SessionSpec(modalities, seed, sampling, adapter, true, script);
    }

    /** The same held to a script. */
    public SessionSpec withScript(final int... newScript) {
        return new SessionSpec(modalities, seed, sampling, adapter, logProbabilities, newScript);
    }

    @Override
    public int[] script() {
        return script.clone();
    }
}
