package dev.tactus.engine.text;

import dev.tactus.engine.model.InvalidModelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads a {@code tokenizer.json} as text that the native tokenizer can be given.
 *
 * <p>That library ends the whole process when it meets malformed JSON in some places. So everything that could be
 * malformed to it is found here first: encoding, syntax, duplicate keys, numbers that overflow, halves of characters.
 */
final class TokenizerJson {
    private static final long LARGEST_FILE = 128L << 20;
    private static final int LONGEST_TOKEN = 1 << 16;

    /** Precompiled normaliser tables are one string of some 400 kB. */
    private static final int LONGEST_STRING = 16 << 20;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(64)
                    .maxNameLength(LONGEST_TOKEN)
                    .maxNumberLength(64)
                    .maxStringLength(LONGEST_STRING)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .build();

    private TokenizerJson() {}

    /**
     * The content of {@code file}.
     *
     * @throws InvalidModelException if it is not UTF-8, not JSON, or not an object with a {@code model}
     */
    static String read(final Path file) {
        try {
            if (Files.size(file) > LARGEST_FILE) {
                throw new InvalidModelException(
                        file + ": size: found " + Files.size(file) + " bytes, allowed at most " + LARGEST_FILE);
            }
            final String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
            check(file, text);
            return text;
        } catch (final CharacterCodingException e) {
            throw new InvalidModelException(file + ": content: found bytes that are no UTF-8, allowed UTF-8", e);
        } catch (final IOException e) {
            throw new InvalidModelException(file + ": cannot be read: " + e, e);
        }
    }

    private static void check(final Path file, final String text) {
        try (JsonParser json = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new InvalidModelException(file + ": content: found no object, allowed a JSON object");
            }
            final Model model = new Model();
            int depth = 1;
            while (depth > 0) {
                final JsonToken token = json.nextToken();
                depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
                checkToken(file, json, token);
                model.accept(json, token, depth);
            }
            if (json.nextToken() != null) {
                throw new InvalidModelException(file + ": content: found more after the object, allowed spaces only");
            }
            model.check(file);
        } catch (final JacksonException e) {
            throw new InvalidModelException(file + ": not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static void checkToken(final Path file, final JsonParser json, final JsonToken token) {
        if (token == JsonToken.VALUE_NUMBER_FLOAT && !Double.isFinite(json.getDoubleValue())) {
            throw new InvalidModelException(file + ": number: found " + json.getString() + ", allowed finite numbers");
        }
        if (token == JsonToken.PROPERTY_NAME || token == JsonToken.VALUE_STRING) {
            final String string = json.getString();
            for (int i = 0; i < string.length(); i++) {
                if (TextTokenizer.isHalfCharacter(string, i)) {
                    throw new InvalidModelException(
                            file + ": string: found half of a surrogate pair, allowed whole characters");
                }
            }
        }
    }

    /** What must be known of the {@code model} object: that it is there, and the one field that can crash. */
    private static final class Model {
        private boolean seen;
        private boolean inside;
        private String type = "BPE";
        private String prefix = "";

        private void accept(final JsonParser json, final JsonToken token, final int depth) {
            if (depth == 2 && token == JsonToken.START_OBJECT) {
                inside = "model".equals(json.streamReadContext().getParent().currentName());
                seen |= inside;
            } else if (depth == 2 && inside && token == JsonToken.VALUE_STRING) {
                final String field = json.streamReadContext().currentName();
                type = "type".equals(field) ? json.getString() : type;
                prefix = "continuing_subword_prefix".equals(field) ? json.getString() : prefix;
            }
        }

        private void check(final Path file) {
            if (!seen) {
                throw new InvalidModelException(file + ": model: found nothing, allowed an object");
            }
            // The native library cuts the prefix off every merge without looking whether it is there.
            if (!prefix.isEmpty() && !type.equals("WordPiece")) {
                throw new InvalidModelException(
                        file + ": model.continuing_subword_prefix: found \"" + prefix + "\", allowed none for " + type);
            }
        }
    }
}
