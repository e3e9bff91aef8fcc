package dev.tactus.engine.audio;

/**
 * A media file or stream does not hold what it declares, or declares what the engine does not take.
 *
 * <p>The message is one line that names the source, the field, what was found and what is allowed, so that a command
 * line can print it as it is. It never holds a control character, whatever the file held.
 */
public final class InvalidMediaException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;
    private static final int MAX_FOUND_CHARS = 120;
    private static final int MAX_SOURCE_CHARS = 1024;

    /**
     * A complaint about one field.
     *
     * @param source file name, or what stands for it ({@code stdin}); {@code file:line} for text
     * @param field the field that is wrong, as its format names it
     * @param found what the field holds
     * @param allowed what would be right
     */
    public InvalidMediaException(final String source, final String field, final Object found, final String allowed) {
        super(line(source, field, found, allowed));
    }

    /**
     * A complaint about one field, caused by a decoder's failure.
     *
     * @param source file name, or what stands for it
     * @param field the field that is wrong
     * @param found what the field holds
     * @param allowed what would be right
     * @param cause the decoder's exception
     */
    public InvalidMediaException(
            final String source, final String field, final Object found, final String allowed, final Throwable cause) {
        super(line(source, field, found, allowed), cause);
    }

    private static String line(final String source, final String field, final Object found, final String allowed) {
        return printable(source, MAX_SOURCE_CHARS) + ": " + printable(field, MAX_FOUND_CHARS) + ": found "
                + printable(String.valueOf(found), MAX_FOUND_CHARS) + "; allowed: "
                + printable(allowed, MAX_SOURCE_CHARS);
    }

    private static String printable(final String text, final int limit) {
        final StringBuilder out = new StringBuilder(Math.min(text.length(), limit + 1));
        for (int i = 0; i < text.length() && i < limit; i++) {
            final char c = text.charAt(i);
            final boolean hidden = Character.isISOControl(c)
                    || c == '\u2028'
                    || c == '\u2029'
                    || Character.getType(c) == Character.FORMAT
                    || Character.isSurrogate(c) && !pairedAt(text, i);
            out.append(hidden ? '?' : c);
        }
        return text.length() > limit ? out.append('…').toString() : out.toString();
    }

    private static boolean pairedAt(final String text, final int i) {
        final char c = text.charAt(i);
        return Character.isHighSurrogate(c)
                ? i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))
                : i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
    }
}
