package dev.tactus.scenario.training;

import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.text.TextTokenizer;
import dev.tactus.engine.tuning.Crew;
import dev.tactus.engine.tuning.recipe.DataContext;
import dev.tactus.engine.tuning.recipe.DataKinds;
import dev.tactus.engine.tuning.recipe.Recipe;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scenario.language.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.CloseHelper;

/** A recipe for a tiny model that hears, sees and speaks, and what its data are opened with. */
final class ScenarioFixture implements AutoCloseable {
    static final int SEQUENCES = 3;

    /** The head that speaks, in the configuration. */
    static final String VOICE =
            ", \"audio_out\": {\"flow_steps\": 2, \"flow_width\": 16, \"flow_layers\": 1, \"time_embedding\": 4}";

    /** A tokenizer that gives words other ids than the scenarios do. */
    private static final String RECIPE = """
            {"model": {"config": {"model_type": "inkling_mm_model", "audio_token_id": 7, "image_token_id": 4,
               "audio_bos_token_id": 6, "image_bos_token_id": 5,
               "text_config": {"model_type": "inkling_text", "vocab_size": 96, "unpadded_vocab_size": 96,
                "hidden_size": 16, "num_hidden_layers": 2, "local_layer_ids": [0], "num_attention_heads": 2,
                "num_key_value_heads": 1, "head_dim": 8, "swa_num_attention_heads": 2, "swa_num_key_value_heads": 1,
                "swa_head_dim": 8, "sliding_window_size": 8, "rel_extent": 16, "d_rel": 4, "dense_mlp_idx": 2,
                "dense_intermediate_size": 24, "logits_mup_width_multiplier": 1.0},
               "audio_config": {"n_mel_bins": 20, "mel_vocab_size": 8},
               "vision_config": {"patch_size": 6, "temporal_patch_size": 2, "num_channels": 3,
                "num_hidden_layers": 2},
               "interaction_config": {"tick_token_id": 1, "quiet_token_id": 2, "speak_token_id": 3,
                "say_token_id": 8, "audio_gap_token_id": 9, "video_gap_token_id": 10, "text_in_token_id": 11,
                "hear_token_id": 12, "cut_token_id": 13, "video_rows": 2, "video_cols": 2 VOICE}},
              "init": 5, "hears": true, "sees": true},
             "tokenizer": {"words": [WORDS]},
             "data": {"kind": "scenario", "voices": 6, "ticks": 60},
             "batch": {"sequences": 3, "positions": 900}, "steps": 3,
             "learning_rate": {"peak": 0.01, "warm_up": 1}, "seed": 9,
             "checkpoint": {"every": 2, "keep": 9},
             "evaluate": {"every": 2, "data": {"kind": "scenario", "voices": 3, "ticks": 60, "by_turns": true,
              "split": "held_out_voices", "families": {"captions": 1, "answer": 1}}, "batches": 2}}
            """;

    final MemoryLedger ledger = new MemoryLedger();
    final Recipe recipe;
    final Path model;
    private final List<AutoCloseable> opened = new ArrayList<>();

    /** The recipe with pieces replaced, by twos: what stands there, and what shall. */
    ScenarioFixture(final Path folder, final String... replaced) throws IOException {
        final String words = "\"other\", \"" + String.join("\", \"", Vocabulary.all()) + '"';
        String text = RECIPE.replace("VOICE", VOICE).replace("WORDS", words);
        for (int i = 0; i < replaced.length; i += 2) {
            if (!text.contains(replaced[i])) {
                throw new IllegalArgumentException("not in the recipe: " + replaced[i]);
            }
            text = text.replace(replaced[i], replaced[i + 1]);
        }
        recipe = Recipe.read(Files.writeString(folder.resolve("recipe.json"), text));
        model = Files.createTempDirectory(folder, "model");
        recipe.fresh().orElseThrow().write(recipe.file(), model);
    }

    DataContext context(final long seed, final int workers) {
        final ModelConfig config = ModelConfig.read(model);
        final TextTokenizer tokenizer = TextTokenizer.open(
                model,
                config.text().unpaddedVocab(),
                config.interaction().orElseThrow().reservedIds(config));
        final Crew crew = new Crew(workers, Thread::new);
        opened.add(tokenizer);
        opened.add(crew);
        return new DataContext(config, tokenizer, seed, recipe.sequences(), recipe.positions(), ledger, crew);
    }

    /** The recipe's data, spoken by tones; refused as a recipe's are. */
    ScenarioSource data(final long seed, final int workers) {
        final DataKinds kinds = DataKinds.standard()
                .with(ScenarioSource.KIND, (fields, context) -> ScenarioSource.open(fields, context, new Tones()));
        final ScenarioSource source = (ScenarioSource) kinds.open(recipe.data(), context(seed, workers));
        opened.add(0, source);
        return source;
    }

    @Override
    public void close() {
        CloseHelper.closeAll(opened);
    }
}
