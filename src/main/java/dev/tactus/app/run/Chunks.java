package dev.tactus.app.run;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.engine.text.TextTokenizer;
import dev.tactus.engine.text.TimedTextScript;
import java.io.IOException;

/** A script as chunks of token ids. */
final class Chunks implements MediaReader<Chunk> {
    private final String name;
    private final Opening<TimedTextScript> opening;
    private final TextTokenizer tokenizer;
    private TimedTextScript script;

    /**
     * Chunks of what {@code opening} opens.
     *
     * @param name what messages call the script
     * @param tokenizer stays the caller's
     */
    Chunks(final String name, final Opening<TimedTextScript> opening, final TextTokenizer tokenizer) {
        this.name = name;
        this.opening = opening;
        this.tokenizer = tokenizer;
    }

    @Override
    public Chunk next() throws IOException {
        if (script == null) {
            script = opening.open();
        }
        if (!script.next()) {
            return null;
        }
        final int[] ids;
        try {
            ids = tokenizer.encode(script.text());
        } catch (final IllegalArgumentException ex) {
            throw new BadInputException(name + ":" + script.lineNumber() + ": " + ex.getMessage(), ex);
        }
        return new Chunk(script.timeNs(), ids);
    }

    @Override
    public void close() throws IOException {
        if (script != null) {
            script.close();
        }
    }
}
