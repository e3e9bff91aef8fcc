package dev.tactus.engine.model;

/**
 * A model, a configuration or a tokenizer that cannot be used as it is.
 *
 * <p>The message is one line that names the file, the tensor or field, what was found and what would be right. It is
 * safe to print: control characters from the offending file are replaced and the length is bounded.
 */
public final class InvalidModelException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** Longer messages are cut: a hostile file must not be able to fill a log. */
    private static final int LONGEST_MESSAGE = 4000;

    /** An error without a further cause; {@code message} becomes one line. */
    public InvalidModelException(final String message) {
        super(oneLine(message, LONGEST_MESSAGE));
    }

    /** An error found by another library, whose exception is {@code cause}; {@code message} becomes one line. */
    public InvalidModelException(final String message, final Throwable cause) {
        super(oneLine(message, LONGEST_MESSAGE), cause);
    }

    /**
     * The usual error: something at a place has a value that is not allowed.
     *
     * @param file the file that is wrong
     * @param where the tensor or field in it
     * @param found what stands there
     * @param allowed what could stand there
     */
    static InvalidModelException of(final Object file, final String where, final Object found, final String allowed) {
        return new InvalidModelException(
                file + ": " + where + ": found " + oneLine(String.valueOf(found), 200) + ", allowed " + allowed);
    }

    /** {@code text} without line breaks and other control characters, cut to {@code longest} characters. */
    static String oneLine(final String text, final int longest) {
        final StringBuilder out = new StringBuilder(Math.min(text.length(), longest) + 2);
        for (int i = 0; i < text.length() && out.length() < longest; i++) {
            final char c = text.charAt(i);
            out.append(Character.isISOControl(c) || c == '\u2028' || c == '\u2029' ? ' ' : c);
        }
        return text.length() > longest ? out.append(" …").toString() : out.toString();
    }
}
