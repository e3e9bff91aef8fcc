package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.json.BoundedJson;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.text.TextTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A model that a recipe makes: a configuration, a tokenizer, and the seed of its weights.
 *
 * @param config the content of its {@code config.json}, or empty to take that in {@code from}
 * @param from a model folder whose configuration and tokenizer are used, never its weights; or null
 * @param words the words of a tokenizer of whole words; empty for another tokenizer or none
 * @param tokenizer a {@code tokenizer.json}, or null
 * @param seed of the weights
 * @param hears whether it has an audio encoder
 * @param sees whether it has an image encoder
 */
public record NewModel(
        byte[] config, Path from, List<String> words, Path tokenizer, long seed, boolean hears, boolean sees) {
    /** Stands for every word that a tokenizer of words does not know. */
    public static final String UNKNOWN = "<unknown>";

    /** Copies what could change. */
    public NewModel {
        config = config.clone();
        words = List.copyOf(words);
    }

    static NewModel read(final RecipeFields recipe) {
        final RecipeFields fields = recipe.object("model");
        final boolean inline = fields.isObject("config");
        final byte[] config = inline ? BoundedJson.writeIndented(fields.json("config")) : new byte[0];
        final Path from = inline ? null : fields.path("config");
        List<String> words = List.of();
        Path tokenizer = null;
        if (recipe.isObject("tokenizer")) {
            final RecipeFields made = recipe.object("tokenizer");
            words = made.texts("words", List.of(), 1 << 16, true);
            made.done();
            if (words.isEmpty()) {
                throw made.invalid("words", "nothing", "the words of the tokenizer");
            }
        } else if (recipe.has("tokenizer")) {
            tokenizer = recipe.path("tokenizer");
        }
        final NewModel model = new NewModel(
                config,
                from,
                words,
                tokenizer,
                fields.integer("init", 0, Long.MIN_VALUE, Long.MAX_VALUE),
                fields.flag("hears", false),
                fields.flag("sees", false));
        fields.done();
        return model;
    }

    /** The configuration; a fresh array. */
    @Override
    public byte[] config() {
        return config.clone();
    }

    /**
     * Writes {@code config.json} and, where there is one, {@code tokenizer.json}.
     *
     * @param recipe named in errors
     * @param folder exists
     * @throws RecipeException when a file that the recipe names is missing, or the words do not fit the vocabulary
     * @throws dev.tactus.engine.model.InvalidModelException naming what is wrong with the configuration
     * @throws IOException when a file cannot be written
     */
    public void write(final Path recipe, final Path folder) throws IOException {
        final Path target = folder.resolve(ModelConfig.FILE_NAME);
        if (from == null) {
            Files.write(target, config);
        } else {
            copy(recipe, "model.config", from.resolve(ModelConfig.FILE_NAME), target);
        }
        final Path tokens = folder.resolve(TextTokenizer.FILE_NAME);
        if (tokenizer != null) {
            copy(recipe, "tokenizer", tokenizer, tokens);
        } else if (!words.isEmpty()) {
            Files.write(tokens, wordTokenizer(recipe, ModelConfig.read(folder)));
        } else if (from != null && Files.exists(from.resolve(TextTokenizer.FILE_NAME))) {
            copy(recipe, "model.config", from.resolve(TextTokenizer.FILE_NAME), tokens);
        }
    }

    private static void copy(final Path recipe, final String field, final Path source, final Path target)
            throws IOException {
        if (!Files.isRegularFile(source)) {
            throw RecipeException.of(recipe, field, source + ", which is not there", "a file");
        }
        Files.copy(source, target);
    }

    /** A {@code tokenizer.json} that knows whole words, split at white space; ids that the model reserves stay free. */
    private byte[] wordTokenizer(final Path recipe, final ModelConfig model) {
        final Set<Integer> reserved = model.interaction()
                .map(interaction -> interaction.reservedIds(model))
                .orElseGet(() -> InteractionConfig.defaults().reservedIds(model));
        final Iterator<Integer> free = IntStream.range(0, model.text().unpaddedVocab())
                .filter(id -> !reserved.contains(id))
                .boxed()
                .iterator();
        final List<String> all = new ArrayList<>(List.of(UNKNOWN));
        all.addAll(words);
        final Map<String, Object> vocabulary = new LinkedHashMap<>();
        for (final String word : all) {
            if (word.chars().anyMatch(Character::isWhitespace)) {
                throw RecipeException.of(recipe, "tokenizer.words", '"' + word + '"', "words without white space");
            }
            if (!free.hasNext()) {
                throw RecipeException.of(
                        recipe,
                        "tokenizer.words",
                        words.size() + " words",
                        "at most " + (vocabulary.size() - 1) + ": unpadded_vocab_size is "
                                + model.text().unpaddedVocab() + ", and control and unknown tokens need theirs");
            }
            if (vocabulary.put(word, free.next()) != null) {
                throw RecipeException.of(recipe, "tokenizer.words", '"' + word + '"', "no word of that name");
            }
        }
        final Map<String, Object> json = new LinkedHashMap<>();
        json.put("version", "1.0");
        json.put("added_tokens", List.of());
        json.put("pre_tokenizer", Map.of("type", "WhitespaceSplit"));
        final Map<String, Object> words = new LinkedHashMap<>();
        words.put("type", "WordLevel");
        words.put("vocab", vocabulary);
        words.put("unk_token", UNKNOWN);
        json.put("model", words);
        return BoundedJson.writeIndented(json);
    }
}
