package dev.tactus.engine.model;

/**
 * The {@code vision_config} (MODEL.md 1.5): patches and the stages that encode them.
 *
 * @param patch height and width of a patch in pixels
 * @param temporal pictures in a patch; 2 in this version: the previous and the current one
 * @param channels colours of a pixel; 3 in this version
 * @param layers stages of the encoder
 */
public record VisionConfig(int patch, int temporal, int channels, int layers) {
    /** What the published model uses. */
    public static final VisionConfig DEFAULT = new VisionConfig(40, 2, 3, 4);

    /** The stages of the encoder, the last of which is {@code width} wide. */
    public VisionStages stages(final int width) {
        return VisionStages.of(patch, temporal, channels, layers, width);
    }

    /** Floats of one patch, [temporal, patch, patch, channels]. */
    public int patchElements() {
        return temporal * patch * patch * channels;
    }

    /** Reads the fields of {@code json}. */
    static VisionConfig parse(final ConfigObject json) {
        return new VisionConfig(
                json.integer(DEFAULT.patch, 1, 512, "patch_size"),
                json.integer(DEFAULT.temporal, 2, 2, "temporal_patch_size"),
                json.integer(DEFAULT.channels, 3, 3, "num_channels"),
                json.integer(DEFAULT.layers, 1, 64, "num_hidden_layers", "n_layers"));
    }
}
