package dev.tactus.scenario.language;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The sixty words, and the ids of the tokens: the control and placeholder tokens of MODEL.md part 2 first, then the
 * words, then tokens without a meaning up to {@link #SIZE}. Words sound different from each other: no homophones.
 */
public final class Vocabulary {
    /** Every user phrase that wants something starts with it. */
    public static final String WAKE = "computer";
    /** Ends whatever the model is doing. */
    public static final String STOP = "stop";
    /** Stands between a wrong word and the right one. */
    public static final String NO = "no";
    /** Answers a command that will be carried out. */
    public static final String OKAY = "okay";
    /** What the model says when what it waits for happens. */
    public static final String NOW = "now";

    /** one to ten. */
    public static final List<String> NUMBERS =
            List.of("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten");
    /** Colours of shapes. */
    public static final List<String> COLOURS = List.of("red", "blue", "green", "yellow", "white", "orange", "purple");
    /** Shapes. */
    public static final List<String> SHAPES = List.of("circle", "square", "triangle", "star");
    /** Directions. */
    public static final List<String> DIRECTIONS = List.of("left", "right", "up", "down");
    /** What a listener says without wanting the turn. */
    public static final List<String> BACKCHANNELS = List.of("yes", OKAY, "right");
    /** What people say to each other. */
    public static final List<String> CHAT =
            List.of("hello", "thanks", "maybe", "coffee", "music", "window", "morning", "dinner", "anna", "please");

    /** The id of the first word. */
    public static final int FIRST_WORD_ID = 16;
    /** Ids in all: a multiple of 16. */
    public static final int SIZE = 80;

    private static final List<String> CONTROL = List.of(
            "<unknown>",
            "<tick>",
            "<quiet>",
            "<speak>",
            "<image>",
            "<image_bos>",
            "<audio_bos>",
            "<audio>",
            "<say>",
            "<audio_gap>",
            "<video_gap>",
            "<text_in>",
            "<hear>",
            "<cut>",
            "<unused_0>",
            "<unused_1>");
    private static final List<String> FUNCTION = List.of(
            WAKE, "say", "add", "and", "what", "comes", "after", "before", "move", "the", "paint", "in", "seconds",
            "when", "shape", "crosses", "line", "count", "flashes", "until", NOW, STOP, NO, "yes", OKAY);
    private static final List<String> WORDS = words();
    private static final Map<String, Integer> IDS = ids();

    private Vocabulary() {}

    /** The sixty words in the order of their ids. */
    public static List<String> all() {
        return WORDS;
    }

    /** Every token in the order of its id, {@link #SIZE} in all. */
    public static List<String> tokens() {
        final List<String> out = new ArrayList<>(CONTROL);
        out.addAll(WORDS);
        for (int i = 2; out.size() < SIZE; i++) {
            out.add("<unused_" + i + '>');
        }
        return List.copyOf(out);
    }

    /** Whether this is one of the sixty. */
    public static boolean contains(final String word) {
        return IDS.containsKey(word);
    }

    /** The id of a word. */
    public static int id(final String word) {
        final Integer id = IDS.get(word);
        if (id == null) {
            throw new IllegalArgumentException("\"" + word + "\" is none of the " + WORDS.size() + " words: " + WORDS);
        }
        return id;
    }

    /** The ids of words. */
    public static int[] ids(final List<String> words) {
        return words.stream().mapToInt(Vocabulary::id).toArray();
    }

    /** The word of an id, which must be one of a word. */
    public static String word(final int id) {
        if (id < FIRST_WORD_ID || id >= FIRST_WORD_ID + WORDS.size()) {
            throw new IllegalArgumentException("id " + id + " is no word's: expected " + FIRST_WORD_ID + " to "
                    + (FIRST_WORD_ID + WORDS.size() - 1));
        }
        return WORDS.get(id - FIRST_WORD_ID);
    }

    /** The words of a text, which are separated by blanks; empty for an empty text. */
    public static List<String> split(final String text) {
        return text.isBlank() ? List.of() : Arrays.asList(text.strip().split("\\s+"));
    }

    /**
     * Writes the {@code tokenizer.json} of these tokens: whole words, separated by blanks.
     *
     * @throws IOException if it cannot be written
     */
    public static void writeTokenizer(final Path file) throws IOException {
        final StringBuilder special = new StringBuilder();
        final StringBuilder vocabulary = new StringBuilder();
        final List<String> tokens = tokens();
        for (int id = 0; id < tokens.size(); id++) {
            final String separator = id == 0 ? "\n" : ",\n";
            if (tokens.get(id).startsWith("<")) {
                special.append(separator)
                        .append(String.format(
                                "    {\"id\": %d, \"content\": \"%s\", \"single_word\": false, \"lstrip\": false,"
                                        + " \"rstrip\": false, \"normalized\": false, \"special\": true}",
                                id, tokens.get(id)));
            }
            vocabulary
                    .append(separator)
                    .append("      \"")
                    .append(tokens.get(id))
                    .append("\": ")
                    .append(id);
        }
        final String json = """
            {
              "version": "1.0",
              "truncation": null,
              "padding": null,
              "added_tokens": [%s
              ],
              "normalizer": {"type": "Lowercase"},
              "pre_tokenizer": {"type": "WhitespaceSplit"},
              "post_processor": null,
              "decoder": null,
              "model": {
                "type": "WordLevel",
                "vocab": {%s
                },
                "unk_token": "<unknown>"
              }
            }
            """.formatted(special, vocabulary);
        Files.write(file, json.getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> words() {
        final List<String> out = new ArrayList<>(FUNCTION);
        out.addAll(NUMBERS);
        out.addAll(COLOURS);
        out.addAll(SHAPES);
        out.addAll(DIRECTIONS);
        out.addAll(CHAT);
        return List.copyOf(out);
    }

    private static Map<String, Integer> ids() {
        final Map<String, Integer> out = new HashMap<>();
        for (int i = 0; i < WORDS.size(); i++) {
            out.put(WORDS.get(i), FIRST_WORD_ID + i);
        }
        return Map.copyOf(out);
    }
}
