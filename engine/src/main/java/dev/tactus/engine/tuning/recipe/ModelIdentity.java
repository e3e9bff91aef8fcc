package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.text.TextTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * What a model is beside its weights: its configuration, field by field, and a checksum of its tokenizer. A checkpoint
 * has the weights alone, so a run keeps this with it. Stateless.
 */
final class ModelIdentity {
    private ModelIdentity() {}

    /**
     * The identity of the model in {@code folder} as a JSON object; the order and the white space of its files do not
     * count.
     *
     * @throws RecipeException when a file cannot be read
     */
    static String of(final Path folder) {
        final String config =
                RecipeFields.read(folder.resolve(ModelConfig.FILE_NAME)).canonical(Set.of());
        return "{\"" + ModelConfig.FILE_NAME + "\":" + config + ",\"" + TextTokenizer.FILE_NAME + "\":\""
                + sum(folder.resolve(TextTokenizer.FILE_NAME)) + "\"}";
    }

    private static String sum(final Path file) {
        if (!Files.exists(file)) {
            return "none";
        }
        try {
            final byte[] content = Files.readAllBytes(file);
            final CRC32C sum = new CRC32C();
            sum.update(content);
            return content.length + " bytes, sum " + Long.toHexString(sum.getValue());
        } catch (final IOException e) {
            throw new RecipeException(file + ": cannot be read: " + e, e);
        }
    }
}
