package dev.tactus.app.cli;

import java.io.Console;

/** Where a command's lines go. */
public final class Terminal {
    private Terminal() {}

    /** Whether it is a screen that understands cursor movements, and not a file or a pipe. */
    public static boolean isThere() {
        final Console console = System.console();
        return console != null && console.isTerminal();
    }
}
