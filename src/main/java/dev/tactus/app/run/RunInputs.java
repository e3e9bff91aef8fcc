package dev.tactus.app.run;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.audio.AudioSource;
import dev.tactus.engine.audio.RawPcmReader;
import dev.tactus.engine.audio.WavReader;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.text.TextTokenizer;
import dev.tactus.engine.text.TimedTextScript;
import dev.tactus.engine.video.FrameSource;
import dev.tactus.engine.video.ImageSequence;
import dev.tactus.engine.video.Y4mReader;
import dev.tactus.scheduler.Modality;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.ThreadFactory;
import org.agrona.CloseHelper;

/** The media of a run, opened and checked before anything is written. Used by the thread that feeds the sessions. */
final class RunInputs implements AutoCloseable {
    /** A second of sound. */
    private static final int AUDIO_AHEAD = 20;

    /** Frames are some 60 kB each; enough to hide the decoding of one. */
    private static final int FRAMES_AHEAD = 8;

    private static final int TEXT_AHEAD = 16;
    private static final int PIPE_BUFFER = 1 << 16;
    private static final String STDIN_NAME = "stdin";

    private final MediaOptions options;
    private final InputStream pipe;
    private final ThreadFactory threads;
    private ReadAhead<float[]> audio;
    private ReadAhead<Frame> video;
    private ReadAhead<Chunk> text;

    private RunInputs(final MediaOptions options, final InputStream stdin, final ThreadFactory threads) {
        this.options = options;
        this.pipe = unclosed(stdin);
        this.threads = threads;
    }

    /**
     * Opens what {@code options} name. Of a file the first item is read here and of a script all, so that what is wrong
     * with them is known early; what a pipe brings is found out when it comes.
     *
     * @param stdin what {@code -} means; not closed
     * @throws BadInputException or what the readers throw, in one line
     */
    static RunInputs open(
            final MediaOptions options,
            final LoadedModel model,
            final InteractionConfig interaction,
            final TextTokenizer tokenizer,
            final InputStream stdin,
            final ThreadFactory threads) {
        requireOrgan(options.audio, model.weights().audio().isPresent(), "--audio", "does not hear", "model.audio");
        requireOrgan(options.video, model.weights().vision().isPresent(), "--video", "does not see", "model.visual");
        if (options.text != null && !tokenizer.isPresent()) {
            throw new BadInputException("--text " + options.text + ": the model has no " + TextTokenizer.FILE_NAME
                    + ", so it cannot be told text; put one beside config.json");
        }
        final RunInputs inputs = new RunInputs(options, stdin, threads);
        boolean opened = false;
        try {
            final int patch = model.config().vision().patch();
            inputs.start(interaction.videoCols() * patch, interaction.videoRows() * patch, tokenizer);
            opened = true;
        } finally {
            if (!opened) {
                inputs.close();
            }
        }
        return inputs;
    }

    private static void requireOrgan(
            final String asked, final boolean present, final String option, final String lack, final String tensors) {
        if (asked != null && !present) {
            throw new BadInputException(option + ": the model " + lack + ", its checkpoint has no " + tensors
                    + " tensors; leave " + option + " out");
        }
    }

    private void start(final int frameWidth, final int frameHeight, final TextTokenizer tokenizer) {
        if (options.audio != null) {
            audio = started("--audio ", options.audio, new AudioSlots(this::openAudio), AUDIO_AHEAD);
        }
        if (options.video != null) {
            final Frames frames = new Frames(this::openVideo, frameWidth, frameHeight);
            video = started("--video ", options.video, frames, FRAMES_AHEAD);
        }
        if (options.text != null) {
            if (!options.text.equals(MediaOptions.STDIN)) {
                readThrough(new Chunks(options.text, () -> openText(options.text), tokenizer));
            }
            final String name = options.text.equals(MediaOptions.STDIN) ? STDIN_NAME : options.text;
            final Chunks chunks = new Chunks(name, () -> openText(options.text), tokenizer);
            text = started("--text ", options.text, chunks, TEXT_AHEAD);
        }
    }

    private <T> ReadAhead<T> started(
            final String option, final String file, final MediaReader<T> reader, final int ahead) {
        final ReadAhead<T> medium = new ReadAhead<>(option + file, reader, ahead, threads);
        if (!file.equals(MediaOptions.STDIN)) {
            boolean good = false;
            try {
                medium.peek(() -> false);
                good = true;
            } finally {
                if (!good) {
                    medium.close();
                }
            }
        }
        return medium;
    }

    /** A script is short: reading all of it once finds what is wrong with its last line, too. */
    private void readThrough(final Chunks chunks) {
        try (ReadAhead<Chunk> whole = new ReadAhead<>("--text " + options.text, chunks, TEXT_AHEAD, threads)) {
            Chunk chunk = whole.take(() -> false);
            while (chunk != null) {
                chunk = whole.take(() -> false);
            }
        }
    }

    private AudioSource openAudio() throws IOException {
        if (options.audio.equals(MediaOptions.STDIN)) {
            return options.raw ? new RawPcmReader(pipe) : WavReader.open(STDIN_NAME, pipe);
        }
        final Path file = Path.of(options.audio);
        return options.raw ? new RawPcmReader(Files.newInputStream(file)) : WavReader.open(file);
    }

    private FrameSource openVideo() throws IOException {
        if (options.video.equals(MediaOptions.STDIN)) {
            return Y4mReader.open(STDIN_NAME, pipe);
        }
        return isFilm(options.video)
                ? Y4mReader.open(Path.of(options.video))
                : ImageSequence.open(options.video, options.fps);
    }

    private TimedTextScript openText(final String file) throws IOException {
        return file.equals(MediaOptions.STDIN)
                ? TimedTextScript.open(STDIN_NAME, pipe)
                : TimedTextScript.open(Path.of(file));
    }

    private static boolean isFilm(final String where) {
        return where.toLowerCase(Locale.ROOT).endsWith(".y4m");
    }

    /** Checks what can be checked before a model is loaded: that files are there. */
    static void check(final MediaOptions options) {
        if (options.pipes() > 1) {
            throw new BadInputException("standard input (-) is named " + options.pipes()
                    + " times: allowed for one of --audio, --video, --text");
        }
        if (options.raw && options.audio == null) {
            throw new BadInputException("--raw says how --audio is read: give --audio, or leave --raw out");
        }
        requireFile("--audio", options.audio);
        requireFile("--text", options.text);
        if (options.video != null && options.video.chars().noneMatch(c -> "*?[{".indexOf(c) >= 0)) {
            requireThere("--video", options.video);
        }
    }

    private static void requireFile(final String option, final String file) {
        requireThere(option, file);
        if (file != null && Files.isDirectory(Path.of(file))) {
            throw BadInputException.of(option + " " + file, "a directory", "a file");
        }
    }

    private static void requireThere(final String option, final String file) {
        if (file != null && !file.equals(MediaOptions.STDIN) && !Files.exists(Path.of(file))) {
            throw new BadInputException(option + " " + file + ": no such file or directory");
        }
    }

    /** Standard input belongs to the process: closing it while another thread reads would wait for that thread. */
    private static InputStream unclosed(final InputStream stdin) {
        return new FilterInputStream(new BufferedInputStream(stdin, PIPE_BUFFER)) {
            @Override
            public void close() {
                // see above
            }
        };
    }

    /** Bits of the modalities that were named. */
    int modalities() {
        return (audio == null ? 0 : Modality.AUDIO.bit())
                | (video == null ? 0 : Modality.VIDEO.bit())
                | (text == null ? 0 : Modality.TEXT.bit());
    }

    /** The sound; null if there is none. */
    ReadAhead<float[]> audio() {
        return audio;
    }

    /** The pictures; null if there are none. */
    ReadAhead<Frame> video() {
        return video;
    }

    /** The text; null if there is none. */
    ReadAhead<Chunk> text() {
        return text;
    }

    /** Whether the sound comes through a pipe, perhaps as it is made. */
    boolean audioIsPipe() {
        return MediaOptions.STDIN.equals(options.audio);
    }

    @Override
    public void close() {
        CloseHelper.closeAll(audio, video, text);
    }
}
