package dev.tactus.engine.model;

import java.util.Set;

/**
 * The {@code audio_out} of an interaction config (MODEL.md 2.4): the head that speaks.
 *
 * @param frames log-mel frames of a 50 ms block
 * @param mels bands of a frame
 * @param flowSteps steps of the flow, N
 * @param flowWidth width of the flow head
 * @param flowLayers residual blocks of the flow head
 * @param timeEmbedding sines and cosines of the flow time; even
 */
public record AudioOutConfig(int frames, int mels, int flowSteps, int flowWidth, int flowLayers, int timeEmbedding) {
    /** The values of MODEL.md. */
    public static final AudioOutConfig DEFAULT = new AudioOutConfig(5, 80, 6, 512, 3, 64);

    private static final Set<String> FIELDS =
            Set.of("frames", "mels", "flow_steps", "flow_width", "flow_layers", "time_embedding");

    /** Elements of a block, {@code frames · mels}. */
    public int blockElements() {
        return frames * mels;
    }

    /** Reads the fields of {@code json}. */
    static AudioOutConfig parse(final ConfigObject json) {
        json.allowOnly(FIELDS);
        final int timeEmbedding = json.integer(DEFAULT.timeEmbedding, 2, 4096, "time_embedding");
        if (timeEmbedding % 2 != 0) {
            throw json.invalid("time_embedding", timeEmbedding, "an even number: sines and cosines");
        }
        return new AudioOutConfig(
                // The hop and the block are 10 ms and 50 ms; other values would need another vocoder.
                json.integer(DEFAULT.frames, 5, 5, "frames"),
                json.integer(DEFAULT.mels, 80, 80, "mels"),
                json.integer(DEFAULT.flowSteps, 1, 64, "flow_steps"),
                json.integer(DEFAULT.flowWidth, 1, 16_384, "flow_width"),
                json.integer(DEFAULT.flowLayers, 0, 64, "flow_layers"),
                timeEmbedding);
    }
}
