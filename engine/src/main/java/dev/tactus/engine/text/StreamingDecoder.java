package dev.tactus.engine.text;

/**
 * Turns ids into text as they arrive: each call returns the text that has become complete.
 *
 * <p>What an id adds depends on the ids before it, and a character may be spread over several ids. So the text of a
 * short tail is decoded with and without the new id, and the difference is held back while it ends in a broken
 * character. At most {@value #MOST_HELD} ids are held: a character has 4 bytes, so more than that is not an unfinished
 * character but bytes that are none, and these appear as U+FFFD.
 *
 * <p>One per stream of text, used by one thread. Not for the tick thread: it allocates.
 */
public final class StreamingDecoder {
    /** Most ids held back while a character is incomplete. */
    static final int MOST_HELD = 8;

    private static final char BROKEN = '\uFFFD';

    private final TextTokenizer tokenizer;
    /** The ids of the piece before, for context, then those held back. */
    private int[] tail = new int[2 * MOST_HELD];

    private int context;
    private int length;

    /** An empty stream of {@code tokenizer}'s text. */
    StreamingDecoder(final TextTokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** Adds an id; the text that is complete now, which is empty while a character is not. */
    public String accept(final int id) {
        if (!tokenizer.isPresent()) {
            return TextTokenizer.bracketed(id);
        }
        tail[length++] = id;
        final String added = added();
        final boolean incomplete = added.isEmpty() || added.charAt(added.length() - 1) == BROKEN;
        if (incomplete && length - context < MOST_HELD) {
            return "";
        }
        keepAsContext();
        return added;
    }

    /** Ends the stream: the text held back, in which bytes that are no character appear as U+FFFD. */
    public String finish() {
        final String added = length == context ? "" : added();
        context = 0;
        length = 0;
        return added;
    }

    private String added() {
        final String before = tokenizer.decode(tail, 0, context);
        final String all = tokenizer.decode(tail, 0, length);
        return all.length() <= before.length() ? "" : all.substring(before.length());
    }

    /** What was just given out becomes the context, and the context before it is forgotten. */
    private void keepAsContext() {
        System.arraycopy(tail, context, tail, 0, length - context);
        context = length - context;
        length = context;
    }
}
