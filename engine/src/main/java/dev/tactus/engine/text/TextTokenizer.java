package dev.tactus.engine.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.tactus.engine.model.InvalidModelException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * The tokenizer of a model, from its {@code tokenizer.json}; or none, which refuses text and shows ids as ⟨id⟩.
 *
 * <p>User text can never become a control token: text in which the tokenizer finds one, say because it contains the
 * characters {@code <tick>}, is refused, not silently shortened, so that what a session was told is what its user
 * wrote.
 *
 * <p>Thread-safe; producers tokenise on their own threads. Whoever opens it closes it, when no thread uses it any more.
 * The tokenizer is native code from its jar, unpacked on first use into the user's cache directory ({@code ~/.djl.ai},
 * or {@code DJL_CACHE_DIR}); opening one tells that library to stay off the network.
 */
public final class TextTokenizer implements AutoCloseable {
    /** The name of the file in a model directory. */
    public static final String FILE_NAME = "tokenizer.json";

    /** Longest text of one call, in UTF-16 units: some hours of speech. */
    public static final int LONGEST_TEXT = 1 << 16;

    private final String file;
    private final HuggingFaceTokenizer tokenizer;
    private final int vocabulary;
    private final Set<Integer> reserved;

    private TextTokenizer(
            final String file,
            final HuggingFaceTokenizer tokenizer,
            final int vocabulary,
            final Set<Integer> reserved) {
        this.file = file;
        this.tokenizer = tokenizer;
        this.vocabulary = vocabulary;
        this.reserved = Set.copyOf(reserved);
    }

    /** The tokenizer of a model that has none. */
    public static TextTokenizer absent() {
        return new TextTokenizer("no " + FILE_NAME, null, 0, Set.of());
    }

    /**
     * The tokenizer in {@code directory}, or {@link #absent()} if there is no {@code tokenizer.json}.
     *
     * @param vocabulary ids the model knows: its unpadded vocabulary
     * @param reserved control and placeholder ids, which text must not contain
     * @throws InvalidModelException if the file is no tokenizer, or if the native library cannot be loaded
     */
    public static TextTokenizer open(final Path directory, final int vocabulary, final Set<Integer> reserved) {
        final Path file = directory.resolve(FILE_NAME);
        if (!Files.exists(file)) {
            return absent();
        }
        stayOffline();
        try (InputStream in = new ByteArrayInputStream(TokenizerJson.read(file).getBytes(StandardCharsets.UTF_8))) {
            final Map<String, String> options =
                    Map.of("addSpecialTokens", "false", "truncation", "do_not_truncate", "padding", "do_not_pad");
            final HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(in, options);
            return new TextTokenizer(file.toString(), tokenizer, vocabulary, reserved);
        } catch (final InvalidModelException e) {
            throw e;
        } catch (final IOException | RuntimeException | LinkageError e) {
            throw new InvalidModelException(file + ": cannot be loaded as a tokenizer: " + rootMessage(e), e);
        }
    }

    /** Whether text can be tokenised. */
    public boolean isPresent() {
        return tokenizer != null;
    }

    /**
     * The ids of {@code text}, without any special token around them.
     *
     * @throws IllegalArgumentException if there is no tokenizer, if the text is longer than {@link #LONGEST_TEXT}, or
     *     if it contains a reserved token or one the model does not know
     */
    public int[] encode(final String text) {
        if (tokenizer == null) {
            throw new IllegalArgumentException("text input: the model has no " + FILE_NAME
                    + ", so it cannot be told text; put one beside config.json");
        }
        if (text.length() > LONGEST_TEXT) {
            throw new IllegalArgumentException(
                    "text input: found " + text.length() + " characters, allowed at most " + LONGEST_TEXT);
        }
        final long[] ids =
                tokenizer.encode(withoutLoneSurrogates(text), false, false).getIds();
        final int[] result = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            result[i] = checked(ids[i]);
        }
        return result;
    }

    /** The text of {@code ids}; special tokens have none. Without a tokenizer, each id as ⟨id⟩. */
    public String decode(final int[] ids) {
        return decode(ids, 0, ids.length);
    }

    /** A stream of text from ids. */
    public StreamingDecoder decoder() {
        return new StreamingDecoder(this);
    }

    /** Frees the native tokenizer. Calling it again does nothing. */
    @Override
    public void close() {
        if (tokenizer != null) {
            tokenizer.close();
        }
    }

    /** The text of {@code ids} from {@code from} to before {@code to}. */
    String decode(final int[] ids, final int from, final int to) {
        if (tokenizer == null) {
            final StringBuilder out = new StringBuilder();
            for (int i = from; i < to; i++) {
                out.append(bracketed(ids[i]));
            }
            return out.toString();
        }
        if (from == to) {
            return "";
        }
        final long[] longs = new long[to - from];
        for (int i = from; i < to; i++) {
            longs[i - from] = ids[i];
        }
        return tokenizer.decode(longs, true);
    }

    /** An id that has no text. */
    static String bracketed(final int id) {
        return "⟨" + id + '⟩';
    }

    private int checked(final long id) {
        if (id < 0 || id >= vocabulary) {
            throw new IllegalArgumentException("text input: " + file + " gives id " + id
                    + ", allowed ids below the model's vocabulary, " + vocabulary + "; it belongs to another model");
        }
        if (reserved.contains((int) id)) {
            throw new IllegalArgumentException("text input: contains \"" + tokenizer.decode(new long[] {id}, false)
                    + "\" (id " + id + "), which is reserved for the turn; remove it");
        }
        return (int) id;
    }

    /** Half a character cannot be written in UTF-8, which the native tokenizer takes: it becomes U+FFFD. */
    private static String withoutLoneSurrogates(final String text) {
        StringBuilder fixed = null;
        for (int i = 0; i < text.length(); i++) {
            if (isHalfCharacter(text, i)) {
                fixed = fixed == null ? new StringBuilder(text) : fixed;
                fixed.setCharAt(i, '\uFFFD');
            }
        }
        return fixed == null ? text : fixed.toString();
    }

    /** Whether the UTF-16 unit at {@code index} is half of a pair whose other half is not beside it. */
    static boolean isHalfCharacter(final String text, final int index) {
        final char c = text.charAt(index);
        if (Character.isHighSurrogate(c)) {
            return index + 1 == text.length() || !Character.isLowSurrogate(text.charAt(index + 1));
        }
        return Character.isLowSurrogate(c) && (index == 0 || !Character.isHighSurrogate(text.charAt(index - 1)));
    }

    /**
     * The library reports its use to its makers and can download parts of itself; both end with these properties, which
     * it reads on each load. A value that was set before is left alone.
     */
    private static void stayOffline() {
        setIfAbsent("ai.djl.offline");
        setIfAbsent("OPT_OUT_TRACKING");
    }

    private static void setIfAbsent(final String property) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, "true");
        }
    }

    private static String rootMessage(final Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }
}
