package dev.tactus.app.run;

import java.io.PrintWriter;

/**
 * The live lines on the screen: one per tick. On a terminal, a silent tick's line is replaced by the next one, so that
 * what was said stays together; into a file or pipe, every line stays.
 */
final class LiveView {
    /** To the start of the line, and clear it. */
    private static final String CLEAR = "\r\u001b[K";

    private final PrintWriter out;
    private final boolean terminal;
    private boolean headed;
    private boolean open;

    /** Lines to {@code out}. */
    LiveView(final PrintWriter out, final boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** Shows a tick. */
    void show(final TickView tick) {
        if (!headed) {
            out.println(TickLine.HEADER);
            headed = true;
        }
        final String line = TickLine.of(tick);
        if (open) {
            out.print(CLEAR);
        }
        open = terminal && tick.isSilent();
        if (open) {
            out.print(line);
        } else {
            out.println(line);
        }
        out.flush();
    }

    /** Ends the line that a next tick would have replaced. */
    void end() {
        if (open) {
            out.println();
            open = false;
        }
        out.flush();
    }
}
