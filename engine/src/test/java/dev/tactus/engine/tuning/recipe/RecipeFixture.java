package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.text.TextTokenizer;
import dev.tactus.memory.MemoryLedger;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.CloseHelper;

/** A folder with a recipe for a tiny model of words, and that model's configuration and tokenizer once it is opened. */
final class RecipeFixture implements AutoCloseable {
    static final String RECIPE = """
        {"model": {"config": {"model_type": "inkling_mm_model", "audio_token_id": 7, "image_token_id": 4,
           "audio_bos_token_id": 6, "image_bos_token_id": 5,
           "text_config": {"model_type": "inkling_text", "vocab_size": 32, "unpadded_vocab_size": 24,
            "hidden_size": 16, "num_hidden_layers": 2, "local_layer_ids": [0], "num_attention_heads": 2,
            "num_key_value_heads": 1, "head_dim": 8, "swa_num_attention_heads": 2, "swa_num_key_value_heads": 1,
            "swa_head_dim": 8, "sliding_window_size": 8, "rel_extent": 16, "d_rel": 4, "dense_mlp_idx": 2,
            "dense_intermediate_size": 24, "logits_mup_width_multiplier": 1.0},
           "interaction_config": {"tick_token_id": 1, "quiet_token_id": 2, "speak_token_id": 3,
            "say_token_id": 8, "audio_gap_token_id": 9, "video_gap_token_id": 10, "text_in_token_id": 11,
            "hear_token_id": 12, "cut_token_id": 13}}, "init": 5},
         "tokenizer": {"words": ["ping", "pong", "sun", "moon", "hi", "you"]},
         "data": {"kind": "made", "task": "reply", "pairs": {"ping": "pong", "hi": "hi you"}, "ignored": ["sun"],
          "ticks": [4, 8], "rate": 0.5, "delay": 1},
         "batch": {"sequences": 3, "positions": 40}, "accumulate": 2, "steps": 10,
         "learning_rate": {"peak": 0.01, "warm_up": 2}, "seed": 9,
         "checkpoint": {"every": 4, "keep": 2},
         "evaluate": {"every": 5, "data": "same", "batches": 2}, "expect": {"loss_at_most": 100}}
        """;

    private final Path folder;
    private final List<AutoCloseable> opened = new ArrayList<>();
    final MemoryLedger ledger = new MemoryLedger();

    RecipeFixture(final Path folder) {
        this.folder = folder;
    }

    /** The recipe with pieces replaced, by twos: what stands there, and what shall. */
    Recipe recipe(final String... replaced) throws IOException {
        return Recipe.read(file(replaced));
    }

    Path file(final String... replaced) throws IOException {
        String text = RECIPE;
        for (int i = 0; i < replaced.length; i += 2) {
            if (!text.contains(replaced[i])) {
                throw new IllegalArgumentException("not in the recipe: " + replaced[i]);
            }
            text = text.replace(replaced[i], replaced[i + 1]);
        }
        return Files.writeString(folder.resolve("recipe.json"), text);
    }

    /** The model folder that the recipe makes. */
    Path model(final Recipe recipe) throws IOException {
        final Path model = Files.createTempDirectory(folder, "model");
        recipe.fresh().orElseThrow().write(recipe.file(), model);
        return model;
    }

    DataContext context(final Recipe recipe, final Path model, final long seed) {
        final ModelConfig config = ModelConfig.read(model);
        final TextTokenizer tokenizer = TextTokenizer.open(
                model,
                config.text().unpaddedVocab(),
                config.interaction().orElseThrow().reservedIds(config));
        opened.add(tokenizer);
        return new DataContext(config, tokenizer, seed, recipe.sequences(), recipe.positions(), ledger);
    }

    ExampleSource data(final Recipe recipe, final Path model, final long seed) {
        final ExampleSource data = DataKinds.standard().open(recipe.data(), context(recipe, model, seed));
        opened.add(data);
        return data;
    }

    @Override
    public void close() {
        CloseHelper.closeAll(opened);
    }
}
