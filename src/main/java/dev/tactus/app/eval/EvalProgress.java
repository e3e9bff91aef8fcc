package dev.tactus.app.eval;

import dev.tactus.app.cli.Units;
import java.io.PrintWriter;
import java.util.Locale;

/** What an evaluation shows while it runs: on a terminal one line, elsewhere a line now and then. One thread. */
final class EvalProgress {
    private static final String CLEAR = "\r\u001b[K";
    private static final long TERMINAL_NS = 200_000_000L;
    private static final long CALM_NS = 10_000_000_000L;
    private static final double TICKS_PER_SECOND = 5;

    private final PrintWriter out;
    private final boolean quiet;
    private final boolean terminal;
    private final long startNs;
    private long shownNs;
    private boolean open;

    EvalProgress(final PrintWriter out, final boolean quiet, final boolean terminal, final long nowNs) {
        this.out = out;
        this.quiet = quiet;
        this.terminal = terminal;
        startNs = nowNs;
        shownNs = nowNs;
    }

    /** A beat is done. */
    void beat(final int trials, final long ticks, final String group, final long nowNs) {
        if (quiet || nowNs - shownNs < (terminal ? TERMINAL_NS : CALM_NS)) {
            return;
        }
        shownNs = nowNs;
        final String line = Units.plural(trials, "episode") + " done, " + group + ", " + pace(ticks, nowNs)
                + " times as fast as they last";
        if (terminal) {
            out.print(CLEAR + line);
            open = true;
        } else {
            out.println(line);
        }
        out.flush();
    }

    /** Seconds of sessions per second. */
    String pace(final long ticks, final long nowNs) {
        return String.format(Locale.ROOT, "%.1f", ticks / TICKS_PER_SECOND * 1e9 / Math.max(1, nowNs - startNs));
    }

    /** Takes the line away. */
    void end() {
        if (open) {
            out.print(CLEAR);
            out.flush();
            open = false;
        }
    }
}
