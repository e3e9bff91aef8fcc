package dev.tactus.engine.model;

/**
 * The {@code audio_config} (MODEL.md 1.4): how a position of sound is written down.
 *
 * @param mels mel bands of a position
 * @param levels levels a band is rounded to
 */
public record AudioConfig(int mels, int levels) {
    /** What the published model uses. */
    public static final AudioConfig DEFAULT = new AudioConfig(80, 16);

    /** Reads the fields of {@code json}. */
    static AudioConfig parse(final ConfigObject json) {
        return new AudioConfig(
                json.integer(DEFAULT.mels, 1, 1024, "n_mel_bins", "num_codebooks"),
                json.integer(DEFAULT.levels, 2, 65_536, "mel_vocab_size", "codebook_size"));
    }
}
