package dev.tactus.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a bench wrote.
 *
 * @param name of the file, for errors
 * @param root its content
 */
public record BenchFile(String name, JsonNode root) {
    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException when it is no JSON of a bench
     * @throws IOException when it cannot be read
     */
    public static BenchFile read(final Path file) throws IOException {
        return parse(file.toString(), Files.readString(file));
    }

    static BenchFile parse(final String name, final String json) {
        final JsonNode root;
        try {
            root = JsonMapper.builder().build().readTree(json);
        } catch (final JacksonException ex) {
            throw new IllegalArgumentException(name + " is no JSON: " + ex.getOriginalMessage(), ex);
        }
        final BenchFile file = new BenchFile(name, root);
        if (!root.path("bench").isString()) {
            throw new IllegalArgumentException(name + " has no \"bench\": expected what a bench wrote with --out");
        }
        return file;
    }

    /** Which bench wrote it. */
    String bench() {
        return root.get("bench").asString();
    }

    /** A text of the file's head; empty when there is none. */
    String text(final String field) {
        return root.path(field).asString("");
    }

    /**
     * A number.
     *
     * @param in an object of this file
     * @throws IllegalArgumentException when there is none of that name
     */
    double number(final JsonNode in, final String field) {
        if (!in.path(field).isNumber()) {
            throw new IllegalArgumentException(
                    name + " has no number \"" + field + "\" where one belongs: was it written by this version?");
        }
        return in.get(field).asDouble();
    }
}
