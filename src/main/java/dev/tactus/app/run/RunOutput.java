package dev.tactus.app.run;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.Failures;
import dev.tactus.app.cli.OutputPath;
import dev.tactus.engine.TickEvent;
import dev.tactus.scheduler.EndReason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.agrona.CloseHelper;

/**
 * The files of {@code --out}. They are written under other names, line by line, and get their own with
 * {@link #commit()}; without it {@link #close()} removes them, and the directories made for them. One thread.
 */
final class RunOutput implements AutoCloseable {
    private static final String EVENTS = "events.jsonl";
    private static final String LEDGER = "ledger.csv";
    private static final String SPEECH = "speech";
    private static final String WAV = ".wav";

    private final Path directory;
    private final List<String> files;
    private final Deque<Path> created;
    private final List<SpeechFile> speech = new ArrayList<>();
    private EventLog events;
    private LedgerCsv ledger;
    private boolean committed;

    private RunOutput(final Path directory, final int voices, final Deque<Path> created) {
        this.directory = directory;
        this.files = files(voices);
        this.created = created;
    }

    /**
     * Checks that files can be written into {@code directory}; creates nothing.
     *
     * @throws BadInputException in one line
     */
    static void check(final Path directory) {
        OutputPath.requireDirectory("--out", directory);
        for (final String name : files(1)) {
            if (Files.isDirectory(directory.resolve(name))) {
                throw BadInputException.of("--out: " + directory.resolve(name), "a directory", "a file or nothing");
            }
        }
    }

    /** The files in {@code directory} of so many sessions that speak, for people. */
    static String describe(final Path directory, final int voices) {
        final String names = voices < 2 ? String.join(", ", files(voices)) : String.join(", ", files(1)) + " …";
        return names + " in " + directory;
    }

    /** Events, ledger, and the speech of the sessions that have a voice, the first of which needs no number. */
    private static List<String> files(final int voices) {
        final List<String> names = new ArrayList<>(List.of(EVENTS, LEDGER));
        for (int session = 0; session < voices; session++) {
            names.add(SPEECH + (session == 0 ? "" : "-" + session) + WAV);
        }
        return List.copyOf(names);
    }

    /**
     * Creates the directory if it is missing, and starts the files.
     *
     * @param voices how many sessions there are, where the model speaks; else 0
     */
    static RunOutput open(final Path directory, final int voices) {
        try {
            final RunOutput output = new RunOutput(directory, voices, OutputPath.create(directory));
            boolean opened = false;
            try {
                output.events = new EventLog(Files.newOutputStream(output.partial(EVENTS)));
                output.ledger = new LedgerCsv(Files.newOutputStream(output.partial(LEDGER)));
                for (final String name : output.files) {
                    if (name.endsWith(WAV)) {
                        output.speech.add(new SpeechFile(output.partial(name)));
                    }
                }
                opened = true;
                return output;
            } finally {
                if (!opened) {
                    output.close();
                }
            }
        } catch (final IOException ex) {
            throw new BadInputException("--out " + directory + ": cannot be written: " + Failures.reason(ex), ex);
        }
    }

    private Path partial(final String name) {
        return directory.resolve(name + ".partial");
    }

    /** Writes a tick. */
    void tick(final int session, final TickEvent event, final String captions, final String text) {
        try {
            events.tick(session, event, captions, text);
            ledger.row(event.row(), event.rowOffset());
            if (session < speech.size()) {
                speech.get(session).tick(event);
            }
        } catch (final IOException ex) {
            throw unwritable(ex);
        }
    }

    /** Writes a session's end. */
    void end(
            final int session,
            final EndReason reason,
            final long ticks,
            final String captions,
            final String text,
            final long lost) {
        try {
            events.end(session, reason, ticks, captions, text, lost);
            if (session < speech.size()) {
                speech.get(session).fillTo(ticks);
            }
        } catch (final IOException ex) {
            throw unwritable(ex);
        }
    }

    /** Closes the files and gives them their names. */
    void commit() {
        try {
            events.close();
            ledger.close();
            for (final SpeechFile file : speech) {
                file.close();
            }
            for (final String name : files) {
                Files.move(
                        partial(name),
                        directory.resolve(name),
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            }
            committed = true;
        } catch (final IOException ex) {
            throw unwritable(ex);
        }
    }

    private UncheckedIOException unwritable(final IOException ex) {
        return new UncheckedIOException("--out " + directory + ": cannot be written: " + Failures.reason(ex), ex);
    }

    @Override
    public void close() {
        if (committed) {
            return;
        }
        committed = true;
        CloseHelper.quietCloseAll(events, ledger);
        CloseHelper.quietCloseAll(speech);
        try {
            for (final String name : files) {
                Files.deleteIfExists(partial(name));
            }
            for (final Path path : created) {
                Files.deleteIfExists(path);
            }
        } catch (final DirectoryNotEmptyException ex) {
            // somebody else put something there: then it is not ours to remove
        } catch (final IOException ex) {
            throw unwritable(ex);
        }
    }
}
