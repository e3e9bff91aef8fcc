package dev.tactus.engine.tuning.recipe;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files of data whole. Stateless. */
final class TextFile {
    /** Data of text are in memory, twice for a moment: more than this is for another kind of data. */
    private static final long LARGEST = 1L << 29;

    private TextFile() {}

    /** The text in {@code file}, which stands in {@code field}. */
    static String read(final RecipeFields fields, final String field, final Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                final String found = Files.exists(file) ? ", no file" : ", which is not there";
                throw fields.invalid(field, file + found, "a file");
            }
            if (Files.size(file) > LARGEST) {
                throw fields.invalid(field, file + " of " + Files.size(file) + " bytes", "at most " + LARGEST);
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
        } catch (final CharacterCodingException e) {
            throw new RecipeException(file + ": content: found bytes that are no UTF-8, allowed UTF-8", e);
        } catch (final IOException e) {
            throw new RecipeException(file + ": cannot be read: " + e, e);
        }
    }
}
