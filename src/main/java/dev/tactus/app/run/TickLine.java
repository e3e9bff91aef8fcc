package dev.tactus.app.run;

import dev.tactus.app.cli.Units;
import dev.tactus.engine.EngineContext;
import dev.tactus.scheduler.SilenceReason;
import java.util.Locale;

/**
 * The live line of a tick.
 *
 * <pre>
 *     time    wall    prep    fuse     gen   speak    wait  ms
 *    0.2 s     6.3     0.4     4.9     0.9     0.0     0.1  chose
 *    0.4 s    12.1     0.4     4.9     3.6     3.1     0.1  says "hello" ♪
 * </pre>
 *
 * The note stands where the text is heard.
 */
final class TickLine {
    /** What the columns are; times are milliseconds. */
    static final String HEADER = "   time     wall    prep    fuse     gen   speak    wait  (ms)";

    private static final int MOST_CHARS = 400;

    private TickLine() {}

    /** The line of a tick, without a line break. */
    static String of(final TickView tick) {
        return String.format(
                Locale.ROOT,
                "%7s  %7s %7s %7s %7s %7s %7s  %s",
                Units.seconds((tick.number() + 1) * EngineContext.PERIOD_NS),
                Units.ms(tick.wallNs()),
                Units.ms(tick.preprocessNs()),
                Units.ms(tick.fuseNs()),
                Units.ms(tick.generateNs()),
                Units.ms(tick.speakNs()),
                Units.ms(tick.waitNs()),
                what(tick));
    }

    private static String what(final TickView tick) {
        final StringBuilder out = new StringBuilder();
        if (!tick.captions().isEmpty()) {
            out.append("hears ").append(quoted(tick.captions()));
        }
        if (!tick.text().isEmpty()) {
            out.append(out.isEmpty() ? "" : "  ").append("says ").append(quoted(tick.text()));
        }
        if (tick.speaks()) {
            out.append(out.isEmpty() ? "♪" : " ♪");
        }
        if (tick.reason() != SilenceReason.NONE) {
            out.append(out.isEmpty() ? "" : "  ").append(reason(tick.reason()));
        }
        // text is held back while a character is incomplete
        return out.isEmpty() ? "…" : out.toString();
    }

    /** A silence reason as the lines and files write it; {@code none} for a tick that was not silent. */
    static String reason(final SilenceReason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }

    /** {@code text} on one line, so that nothing a model puts out can move the cursor. */
    static String quoted(final String text) {
        final boolean ids = text.startsWith("⟨") && text.endsWith("⟩");
        final StringBuilder out = new StringBuilder(ids ? "" : "\"");
        for (int i = 0; i < text.length() && i < MOST_CHARS; i++) {
            final char c = text.charAt(i);
            if (c == '\n') {
                out.append("\\n");
            } else if (c == '\t') {
                out.append("\\t");
            } else {
                out.append(isHidden(c) ? '?' : c);
            }
        }
        return out.append(text.length() > MOST_CHARS ? "…" : "")
                .append(ids ? "" : "\"")
                .toString();
    }

    private static boolean isHidden(final char c) {
        return Character.isISOControl(c) || c == '\u2028' || c == '\u2029' || Character.getType(c) == Character.FORMAT;
    }
}
