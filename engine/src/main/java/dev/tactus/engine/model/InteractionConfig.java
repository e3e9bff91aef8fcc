package dev.tactus.engine.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * What makes a model an interaction model (MODEL.md 2): the beat, the ids of its control tokens and its limits.
 *
 * @param tickMs milliseconds of a tick; 200 in this version
 * @param tickTokenId starts the input of a tick
 * @param quietTokenId output: nothing (more) to say
 * @param speakTokenId output: what follows is said
 * @param sayTokenId output: four blocks of speech follow
 * @param audioGapTokenId stands for absent audio
 * @param videoGapTokenId stands for an absent frame
 * @param textInTokenId text that arrived follows
 * @param hearTokenId output: a caption of what the user said follows
 * @param cutTokenId the listener did not hear all of the speech
 * @param textInMax most text ids in the input of a tick
 * @param textOutMax most text ids in the output of a tick
 * @param videoRows patches of a frame from top to bottom
 * @param videoCols patches of a frame from left to right
 * @param sinkPositions first positions of a session that global layers never lose
 * @param globalWindow positions back that global layers see
 * @param audioOut the head that speaks, if the model has one
 */
public record InteractionConfig(
        int tickMs,
        int tickTokenId,
        int quietTokenId,
        int speakTokenId,
        int sayTokenId,
        int audioGapTokenId,
        int videoGapTokenId,
        int textInTokenId,
        int hearTokenId,
        int cutTokenId,
        int textInMax,
        int textOutMax,
        int videoRows,
        int videoCols,
        int sinkPositions,
        int globalWindow,
        Optional<AudioOutConfig> audioOut) {
    private static final InteractionConfig DEFAULTS =
            new InteractionConfig(200, 1, 2, 3, 8, 9, 10, 11, 12, 13, 16, 6, 3, 4, 16, 4096, Optional.empty());

    /** Most text ids of a tick, in and out: one tick must stay one pass of bounded length. */
    private static final int MOST_TEXT = 256;

    private static final int MOST_PATCH_ROWS = 32;
    private static final int MOST_POSITIONS = 1 << 24;

    private static final Set<String> FIELDS = Set.of(
            "tick_ms",
            "tick_token_id",
            "quiet_token_id",
            "speak_token_id",
            "say_token_id",
            "audio_gap_token_id",
            "video_gap_token_id",
            "text_in_token_id",
            "hear_token_id",
            "cut_token_id",
            "text_in_max",
            "text_out_max",
            "video_rows",
            "video_cols",
            "sink_positions",
            "global_window",
            "audio_out");

    /** The values of MODEL.md without a head that speaks: for a checkpoint that was published without any. */
    public static InteractionConfig defaults() {
        return DEFAULTS;
    }

    /**
     * The config a session of {@code model} uses.
     *
     * @param option a file with an interaction config (bare, or as a {@code config.json} with one in it),
     *     {@code default}, or null for the one in the model's own {@code config.json}
     * @throws InvalidModelException if there is none, or if it does not fit the model
     */
    public static InteractionConfig resolve(final String option, final ModelConfig model) {
        if (option == null) {
            return model.interaction()
                    .orElseThrow(() -> new InvalidModelException(model.file()
                            + ": interaction_config: missing, so the model has no turn grammar; give --interaction"
                            + " FILE or --interaction default"));
        }
        if (option.equals("default")) {
            DEFAULTS.requireFits("--interaction default", model);
            return DEFAULTS;
        }
        return parse(Path.of(option), model);
    }

    /** Reads {@code file}: an interaction config, bare or in the field {@code interaction_config}. */
    public static InteractionConfig parse(final Path file, final ModelConfig model) {
        final JsonNode node = StrictJson.read(file);
        final ConfigObject whole = new ConfigObject(file.toString(), "", node);
        final InteractionConfig config = parse(whole.child("interaction_config").orElse(whole));
        config.requireFits(file.toString(), model);
        return config;
    }

    /** Reads the fields of {@code json}; whether the ids fit a model is not checked. */
    static InteractionConfig parse(final ConfigObject json) {
        json.allowOnly(FIELDS);
        return new InteractionConfig(
                json.integer(DEFAULTS.tickMs, 200, 200, "tick_ms"),
                id(json, "tick_token_id"),
                id(json, "quiet_token_id"),
                id(json, "speak_token_id"),
                id(json, "say_token_id"),
                id(json, "audio_gap_token_id"),
                id(json, "video_gap_token_id"),
                id(json, "text_in_token_id"),
                id(json, "hear_token_id"),
                id(json, "cut_token_id"),
                json.integer(DEFAULTS.textInMax, 0, MOST_TEXT, "text_in_max"),
                json.integer(DEFAULTS.textOutMax, 0, MOST_TEXT, "text_out_max"),
                json.integer(DEFAULTS.videoRows, 1, MOST_PATCH_ROWS, "video_rows"),
                json.integer(DEFAULTS.videoCols, 1, MOST_PATCH_ROWS, "video_cols"),
                json.integer(DEFAULTS.sinkPositions, 0, MOST_POSITIONS, "sink_positions"),
                json.integer(DEFAULTS.globalWindow, 1, MOST_POSITIONS, "global_window"),
                json.child("audio_out").map(AudioOutConfig::parse));
    }

    /** This config for a model whose head that speaks is {@code speech}, or that has none. */
    public InteractionConfig withAudioOut(final Optional<AudioOutConfig> speech) {
        return with(sinkPositions, globalWindow, speech);
    }

    /** This config with another view of the past, for its global layers. */
    public InteractionConfig withContext(final int sinks, final int window) {
        return with(sinks, window, audioOut);
    }

    private InteractionConfig with(final int sinks, final int window, final Optional<AudioOutConfig> speech) {
        return new InteractionConfig(
                tickMs,
                tickTokenId,
                quietTokenId,
                speakTokenId,
                sayTokenId,
                audioGapTokenId,
                videoGapTokenId,
                textInTokenId,
                hearTokenId,
                cutTokenId,
                textInMax,
                textOutMax,
                videoRows,
                videoCols,
                sinks,
                window,
                speech);
    }

    /** The control ids by the name of their field, in the order of this record. */
    public Map<String, Integer> controlIds() {
        final Map<String, Integer> ids = new LinkedHashMap<>();
        ids.put("tick_token_id", tickTokenId);
        ids.put("quiet_token_id", quietTokenId);
        ids.put("speak_token_id", speakTokenId);
        ids.put("say_token_id", sayTokenId);
        ids.put("audio_gap_token_id", audioGapTokenId);
        ids.put("video_gap_token_id", videoGapTokenId);
        ids.put("text_in_token_id", textInTokenId);
        ids.put("hear_token_id", hearTokenId);
        ids.put("cut_token_id", cutTokenId);
        return ids;
    }

    /** Control ids and the placeholders of {@code model}, ascending: ids that are never text. */
    public Set<Integer> reservedIds(final ModelConfig model) {
        final Set<Integer> ids = new TreeSet<>(controlIds().values());
        ids.addAll(model.placeholderIds());
        return ids;
    }

    /**
     * Checks that the ids are distinct, logits of {@code model}, and none of its placeholders.
     *
     * @param source where this config comes from, for the message
     */
    void requireFits(final String source, final ModelConfig model) {
        final int logits = model.text().unpaddedVocab();
        final List<Integer> seen = new ArrayList<>();
        controlIds().forEach((field, id) -> {
            final String where = "interaction_config." + field;
            if (id >= logits) {
                throw InvalidModelException.of(source, where, id, "ids below unpadded_vocab_size, " + logits);
            }
            if (model.placeholderIds().contains(id)) {
                throw InvalidModelException.of(
                        source, where, id, "no placeholder or bos id, which are " + model.placeholderIds());
            }
            if (seen.contains(id)) {
                throw InvalidModelException.of(source, where, id + ", which another field has", "distinct ids");
            }
            seen.add(id);
        });
    }

    private static int id(final ConfigObject json, final String field) {
        return json.requiredInteger(field, 0, TextConfig.MOST_VOCAB - 1);
    }
}
