package dev.tactus.engine.json;

import dev.tactus.engine.model.InvalidModelException;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON objects in checkpoints, adapters and recipes: bounded, without duplicate keys, refused in one line. Stateless.
 */
public final class BoundedJson {
    /** Longest JSON that is read or written here, in characters: what a note of a safetensors file may have. */
    public static final int LONGEST = 1 << 20;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(16)
                            .maxNameLength(1024)
                            .maxNumberLength(64)
                            .maxStringLength(LONGEST)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private BoundedJson() {}

    /** The object in {@code text}; {@code where} is named in errors. */
    public static JsonNode readObject(final String where, final String text) {
        final JsonNode node;
        try {
            node = MAPPER.readTree(text);
        } catch (final JacksonException e) {
            throw new InvalidModelException(where + ": not valid JSON: " + e.getOriginalMessage(), e);
        }
        if (!node.isObject()) {
            throw refusal(where, "content", node.getNodeType(), "a JSON object");
        }
        return node;
    }

    /** {@code value} (maps, lists, strings, numbers) in one line. */
    public static String write(final Object value) {
        return MAPPER.writeValueAsString(value);
    }

    /** {@code value} for people, with a line break at the end. */
    public static byte[] writeIndented(final Object value) {
        final String text = MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
        return (text + '\n').getBytes(StandardCharsets.UTF_8);
    }

    /** The usual error: something at a place has a value that is not allowed. */
    public static InvalidModelException refusal(
            final Object file, final String where, final Object found, final String allowed) {
        return new InvalidModelException(file + ": " + where + ": found " + found + ", allowed " + allowed);
    }
}
