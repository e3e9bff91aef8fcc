package dev.tactus.engine.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON as we accept it: bounded in depth, size and names, and without duplicate keys. Stateless. */
final class StrictJson {
    /** A configuration is a few kilobytes; the largest published index is some 10 MB. */
    static final long LARGEST_CONFIG = 4L << 20;

    /** Deepest nesting in any file we read; a published config has 3 levels. */
    private static final int DEEPEST = 32;

    /** Longest name of a tensor or field. */
    private static final int LONGEST_NAME = 1024;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEEPEST)
                    .maxNameLength(LONGEST_NAME)
                    .maxNumberLength(64)
                    .maxStringLength(1 << 20)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            // A symbol table shared by all parsers would grow with names from files.
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .build();

    private static final JsonMapper MAPPER = JsonMapper.builder(FACTORY)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private StrictJson() {}

    /** A parser over {@code in}; the caller closes it and turns its exceptions by {@link #invalid}. */
    static JsonParser parser(final InputStream in) {
        return FACTORY.createParser(ObjectReadContext.empty(), in);
    }

    /** The JSON value in {@code file}, which may have at most {@link #LARGEST_CONFIG} bytes. */
    static JsonNode read(final Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw new InvalidModelException(file + ": no such file");
            }
            final long size = Files.size(file);
            if (size > LARGEST_CONFIG) {
                throw InvalidModelException.of(file, "size", size + " bytes", "at most " + LARGEST_CONFIG);
            }
            return read(Files.readAllBytes(file), file.toString());
        } catch (final IOException e) {
            throw new InvalidModelException(file + ": cannot be read: " + e, e);
        }
    }

    /** The JSON value in {@code bytes}; {@code file} is named in errors. */
    static JsonNode read(final byte[] bytes, final String file) {
        try {
            return MAPPER.readTree(bytes);
        } catch (final JacksonException e) {
            throw invalid(file, e);
        }
    }

    /** {@code value} (maps, lists, arrays, strings, numbers) as compact JSON. */
    static byte[] write(final Object value) {
        return MAPPER.writeValueAsBytes(value);
    }

    /** {@code value} as JSON for people: indented, with a line break at the end. */
    static byte[] writeIndented(final Object value) {
        final String text = MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
        return (text + '\n').getBytes(StandardCharsets.UTF_8);
    }

    /** The error for JSON that {@code e} found to be malformed. */
    static InvalidModelException invalid(final Object file, final JacksonException e) {
        final String at = e.getLocation() == null
                ? ""
                : " at line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr();
        return new InvalidModelException(file + ": not valid JSON" + at + ": " + e.getOriginalMessage(), e);
    }
}
