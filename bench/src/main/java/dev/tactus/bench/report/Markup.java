package dev.tactus.bench.report;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Writes HTML with SVG in it that is well-formed XML as well: escapes text and attributes, and closes what was opened.
 * Not thread-safe.
 */
final class Markup {
    private final StringBuilder out = new StringBuilder();
    private final Deque<String> opened = new ArrayDeque<>();

    /**
     * Opens an element.
     *
     * @param attributes names and values in turn
     */
    Markup open(final String element, final Object... attributes) {
        start(element, attributes);
        out.append('>');
        opened.push(element);
        return this;
    }

    /** Closes the element that was opened last. */
    Markup close() {
        out.append("</").append(opened.pop()).append(">\n");
        return this;
    }

    /** An element without content: one of SVG, or one that HTML does not close. */
    Markup empty(final String element, final Object... attributes) {
        start(element, attributes);
        out.append("/>\n");
        return this;
    }

    /** An element with text alone. */
    Markup element(final String element, final String text, final Object... attributes) {
        return open(element, attributes).text(text).close();
    }

    /** Text. */
    Markup text(final String text) {
        escape(text);
        return this;
    }

    /** Text that is not escaped, as a style sheet: without {@code <} and {@code &}. */
    Markup raw(final String text) {
        if (text.indexOf('<') >= 0 || text.indexOf('&') >= 0) {
            throw new IllegalArgumentException("raw text with < or &: expected neither");
        }
        out.append(text);
        return this;
    }

    private void start(final String element, final Object... attributes) {
        out.append('<').append(element);
        for (int i = 0; i < attributes.length; i += 2) {
            out.append(' ').append(attributes[i]).append("=\"");
            escape(String.valueOf(attributes[i + 1]));
            out.append('"');
        }
    }

    private void escape(final String text) {
        for (int i = 0; i < text.length(); i++) {
            final char one = text.charAt(i);
            switch (one) {
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '&' -> out.append("&amp;");
                case '"' -> out.append("&quot;");
                default -> out.append(one);
            }
        }
    }

    /** All that was written; everything must have been closed. */
    @Override
    public String toString() {
        if (!opened.isEmpty()) {
            throw new IllegalStateException("not closed: " + opened);
        }
        return out.toString();
    }
}
