package dev.tactus.engine.model;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * The {@code config.json} of a model directory.
 *
 * <p>It says how audio and images would be encoded; whether the model has these encoders is said by the tensors of the
 * checkpoint, see {@link ModelTensors}.
 *
 * @param file where it was read, for messages
 * @param text the transformer
 * @param audio the audio encoder
 * @param vision the image encoder
 * @param audioTokenId placeholder of an audio position, or {@link #NO_ID}
 * @param imageTokenId placeholder of an image patch, or {@link #NO_ID}
 * @param audioBosTokenId starts audio in the published prompt format, or {@link #NO_ID}
 * @param imageBosTokenId starts an image in the published prompt format, or {@link #NO_ID}
 * @param interaction the micro-turn, if the checkpoint was made for it
 */
public record ModelConfig(
        String file,
        TextConfig text,
        AudioConfig audio,
        VisionConfig vision,
        int audioTokenId,
        int imageTokenId,
        int audioBosTokenId,
        int imageBosTokenId,
        Optional<InteractionConfig> interaction) {
    /** The name of the file in a model directory. */
    public static final String FILE_NAME = "config.json";

    /** Stands for a token the model does not have. */
    public static final int NO_ID = -1;

    /**
     * Reads {@code config.json} in {@code directory}.
     *
     * @throws InvalidModelException naming the field, what was found and what is allowed
     */
    public static ModelConfig read(final Path directory) {
        final Path file = directory.resolve(FILE_NAME);
        return parse(StrictJson.read(file), file.toString());
    }

    /** Parses a configuration; {@code file} is named in errors. */
    static ModelConfig parse(final byte[] json, final String file) {
        return parse(StrictJson.read(json, file), file);
    }

    private static ModelConfig parse(final JsonNode json, final String file) {
        final ConfigObject top = new ConfigObject(file, "", json);
        final Optional<ConfigObject> nested = top.child("text_config");
        final String type = top.text("inkling_mm_model", "model_type");
        final String expected = nested.isPresent() ? "inkling_mm_model" : "inkling_text";
        if (!type.equals("inkling_mm_model") && !type.equals(expected)) {
            throw top.invalid("model_type", type, expected);
        }
        if (nested.isEmpty() && !top.has("hidden_size")) {
            throw top.invalid("text_config", "nothing", "an object with hidden_size, num_hidden_layers, …");
        }
        final TextConfig text = TextConfig.parse(nested.orElse(top));
        final ModelConfig config = new ModelConfig(
                file,
                text,
                top.child("audio_config").map(AudioConfig::parse).orElse(AudioConfig.DEFAULT),
                top.child("vision_config").map(VisionConfig::parse).orElse(VisionConfig.DEFAULT),
                placeholder(top, text, "audio_token_id", 200_053),
                placeholder(top, text, "image_token_id", 200_054),
                placeholder(top, text, "audio_bos_token_id", 200_020),
                placeholder(top, text, "image_bos_token_id", 200_005),
                top.child("interaction_config").map(InteractionConfig::parse));
        config.requireDistinctPlaceholders(top);
        config.interaction.ifPresent(interaction -> interaction.requireFits(file, config));
        return config;
    }

    /** The placeholder and bos ids of the model, ascending: they stand for media and are never text or output. */
    public Set<Integer> placeholderIds() {
        final Set<Integer> ids = new TreeSet<>();
        for (final int id : new int[] {audioTokenId, imageTokenId, audioBosTokenId, imageBosTokenId}) {
            if (id != NO_ID) {
                ids.add(id);
            }
        }
        return ids;
    }

    /** The stages of the image encoder. */
    public VisionStages visionStages() {
        return vision.stages(text.hidden());
    }

    private void requireDistinctPlaceholders(final ConfigObject top) {
        int count = 0;
        for (final int id : new int[] {audioTokenId, imageTokenId, audioBosTokenId, imageBosTokenId}) {
            count += id == NO_ID ? 0 : 1;
        }
        if (count != placeholderIds().size()) {
            throw top.invalid(
                    "audio_token_id, image_token_id, audio_bos_token_id, image_bos_token_id",
                    audioTokenId + ", " + imageTokenId + ", " + audioBosTokenId + ", " + imageBosTokenId,
                    "distinct ids");
        }
    }

    /** The default ids are those of the large model; a smaller vocabulary that names none has none. */
    private static int placeholder(
            final ConfigObject top, final TextConfig text, final String field, final int largeModel) {
        return top.integer(largeModel < text.vocab() ? largeModel : NO_ID, 0, text.vocab() - 1, field);
    }
}
