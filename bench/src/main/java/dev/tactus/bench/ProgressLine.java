package dev.tactus.bench;

import java.io.PrintWriter;

/**
 * One line that says how far a bench is: rewritten in place on a terminal, printed again every few seconds elsewhere.
 * Not thread-safe.
 */
final class ProgressLine {
    private static final long TERMINAL_NS = 100_000_000;
    private static final long LOG_NS = 5_000_000_000L;

    private final PrintWriter out;
    private final boolean terminal;
    private final String erase;
    private long lastNs;
    private boolean shown;

    ProgressLine(final PrintWriter out) {
        this.out = out;
        this.terminal = System.console() != null && System.console().isTerminal();
        this.erase = "\r\u001B[K";
        this.lastNs = System.nanoTime();
    }

    /** Shows {@code done} of {@code of}, unless the last time was a moment ago. */
    void show(final String what, final long done, final long of) {
        if (isDue()) {
            print(String.format("%s %,d of %,d (%d %%)", what, done, of, 100 * done / Math.max(1, of)));
        }
    }

    /** Shows what is being done where its end is not known, unless the last time was a moment ago. */
    void show(final String what) {
        if (isDue()) {
            print(what);
        }
    }

    private boolean isDue() {
        return System.nanoTime() - lastNs >= (terminal ? TERMINAL_NS : LOG_NS);
    }

    private void print(final String text) {
        lastNs = System.nanoTime();
        shown = true;
        if (terminal) {
            out.print(erase + text);
        } else {
            out.println(text);
        }
        out.flush();
    }

    /** Takes the line away. */
    void end() {
        if (terminal && shown) {
            out.print(erase);
            out.flush();
        }
        shown = false;
    }
}
