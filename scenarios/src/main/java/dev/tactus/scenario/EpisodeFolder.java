package dev.tactus.scenario;

import dev.tactus.engine.audio.AudioSource;
import dev.tactus.engine.audio.InvalidMediaException;
import dev.tactus.engine.audio.WavReader;
import dev.tactus.engine.audio.WavWriter;
import dev.tactus.engine.video.FrameSource;
import dev.tactus.engine.video.ImageSequence;
import dev.tactus.engine.video.Letterbox;
import dev.tactus.engine.video.Y4mReader;
import dev.tactus.scenario.speech.Split;
import java.awt.image.BufferedImage;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import javax.imageio.ImageIO;

/**
 * An episode as a folder, to look at, to listen to, and to bring one's own:
 *
 * <pre>
 *   timeline.json   what happens, in milliseconds; see below
 *   input.wav       what is heard, any rate
 *   frames/         what is seen: PNG or JPEG files in natural order; or frames.y4m; or neither
 *   voice.wav       what the model should say, tick by tick as it is put out; only in folders that {@link #write} made
 * </pre>
 *
 * <p>A recording needs of {@code timeline.json} no more than {@code {"words": [{"start_ms": 400, "end_ms": 750, "text":
 * "hello"}, …]}} and, if it has them, {@code typed}, {@code flashes}, {@code crossings} and {@code frames_per_second}
 * (5 unless told). Words are those of {@link dev.tactus.scenario.language.Vocabulary}. What a model should put out is
 * then found by the rules that generated episodes follow. Stateless.
 */
public final class EpisodeFolder {
    /** Name of the file with the truth. */
    public static final String TIMELINE = "timeline.json";
    /** Name of the sound. */
    public static final String INPUT = "input.wav";

    private static final String FRAMES = "frames";
    private static final String FILM = "frames.y4m";
    private static final String VOICE = "voice.wav";

    private EpisodeFolder() {}

    /**
     * Writes an episode so that {@link #read} gives the same one, bit by bit.
     *
     * @param folder made if it is not there
     * @throws IOException if something cannot be written
     */
    public static void write(final Episode episode, final Path folder) throws IOException {
        Files.createDirectories(folder);
        writeWav(folder.resolve(INPUT), episode.sound());
        if (!episode.targets().say().isEmpty()) {
            writeWav(folder.resolve(VOICE), episode.modelSound());
        }
        if (episode.hasVideo()) {
            final Path frames = folder.resolve(FRAMES);
            Files.createDirectories(frames);
            final BufferedImage image =
                    new BufferedImage(Episode.FRAME_COLUMNS, Episode.FRAME_ROWS, BufferedImage.TYPE_INT_RGB);
            for (int tick = 0; tick < episode.ticks(); tick++) {
                paint(image, episode.pictures()[tick]);
                ImageIO.write(
                        image,
                        "png",
                        frames.resolve(String.format("f%05d.png", tick)).toFile());
            }
        }
        Files.write(folder.resolve(TIMELINE), TimelineJson.write(episode));
    }

    /**
     * Reads an episode, generated or recorded.
     *
     * @throws InvalidMediaException if a file is not what it should be; it says which, what is wrong and what would be
     *     right
     * @throws IOException if a file cannot be read
     */
    public static Episode read(final Path folder) throws IOException {
        final Path file = folder.resolve(TIMELINE);
        if (!Files.isRegularFile(file)) {
            throw new InvalidMediaException(
                    folder.toString(), TIMELINE, "nothing", "a folder with " + TIMELINE + " and " + INPUT);
        }
        final TimelineJson.Content content = TimelineJson.read(file);
        final float[] heard = readWav(folder.resolve(INPUT), GeneratorSettings.MAX_TICKS * Episode.TICK_SAMPLES);
        final int ticks = content.ticks() > 0 ? content.ticks() : Math.ceilDiv(heard.length, Episode.TICK_SAMPLES);
        final int samples = ticks * Episode.TICK_SAMPLES;
        final Faults faults = content.faults().copy();
        final byte[][] pictures = pictures(folder, ticks, content.framesPerSecond(), faults);
        final Path voice = folder.resolve(VOICE);
        final float[] modelSound = Files.exists(voice) ? readWav(voice, samples) : new float[0];
        Timeline timeline = content.timeline();
        Targets targets = content.targets();
        if (targets == null) {
            final Behaviour behaviour = behaviour(timeline, faults, ticks);
            targets = behaviour.targets();
            timeline = completed(timeline, behaviour);
        }
        return new Episode(
                content.seed(),
                one(Family.class, file, "family", content.family()),
                one(Split.class, file, "split", content.split()),
                Arrays.copyOf(heard, samples),
                pictures,
                Arrays.copyOf(modelSound, samples),
                timeline,
                faults,
                targets);
    }

    /** A recording is judged by what should be written: how long its words would take to say is not known. */
    private static Behaviour behaviour(final Timeline timeline, final Faults faults, final int ticks) {
        final Script script = new Script(ticks);
        script.words.addAll(timeline.words());
        script.typed.addAll(timeline.typed());
        script.typed.sort(Comparator.comparingInt(Timeline.TypedText::atMs));
        script.flashes.addAll(timeline.flashes());
        script.flashes.sort(Comparator.comparingInt(Timeline.Flash::startMs));
        script.crossings.addAll(timeline.crossings());
        script.crossings.sort(Comparator.comparingInt(Timeline.Crossing::atMs));
        script.faults = faults;
        return Oracle.run(script, TargetTiming.DEFAULT, new ModelVoice(null));
    }

    private static Timeline completed(final Timeline timeline, final Behaviour behaviour) {
        return new Timeline(
                timeline.words(),
                timeline.typed(),
                timeline.turns(),
                timeline.pauses(),
                behaviour.interruptions(),
                behaviour.flashes(),
                behaviour.crossings(),
                timeline.speeches().isEmpty() ? behaviour.speeches() : timeline.speeches());
    }

    private static <E extends Enum<E>> E one(
            final Class<E> type, final Path file, final String field, final String text) {
        for (final E value : type.getEnumConstants()) {
            if (value.name().equals(text)) {
                return value;
            }
        }
        if (!text.isEmpty()) {
            throw new InvalidMediaException(
                    file.toString(), field, '"' + text + '"', Arrays.toString(type.getEnumConstants()));
        }
        return null;
    }

    private static void writeWav(final Path file, final float[] samples) throws IOException {
        try (WavWriter out = new WavWriter(file)) {
            out.write(samples, 0, samples.length);
        }
    }

    private static float[] readWav(final Path file, final int maxSamples) throws IOException {
        float[] out = new float[1 << 16];
        int count = 0;
        try (AudioSource in = WavReader.open(file).atModelRate()) {
            int read = in.read(out, 0, out.length);
            while (read > 0) {
                count += read;
                if (count > maxSamples) {
                    throw new InvalidMediaException(
                            file.toString(), "length", "more", "at most " + maxSamples + " samples at 16 kHz");
                }
                out = count == out.length ? Arrays.copyOf(out, 2 * count) : out;
                read = in.read(out, count, out.length - count);
            }
        }
        return Arrays.copyOf(out, count);
    }

    private static byte[][] pictures(
            final Path folder, final int ticks, final double framesPerSecond, final Faults faults) throws IOException {
        final Path film = folder.resolve(FILM);
        final Path frames = folder.resolve(FRAMES);
        if (Files.isRegularFile(film)) {
            try (FrameSource source = film(film)) {
                return pictures(source, ticks, faults);
            }
        }
        if (Files.isDirectory(frames)) {
            try (FrameSource source = ImageSequence.open(frames.toString(), framesPerSecond)) {
                return pictures(source, ticks, faults);
            }
        }
        return null;
    }

    private static FrameSource film(final Path film) throws IOException {
        return Y4mReader.open(film.toString(), new BufferedInputStream(Files.newInputStream(film)));
    }

    /** The newest frame of a tick counts; a tick without one misses it. */
    private static byte[][] pictures(final FrameSource source, final int ticks, final Faults faults)
            throws IOException {
        final byte[][] out = new byte[ticks][];
        final Letterbox letterbox = new Letterbox(Episode.FRAME_COLUMNS, Episode.FRAME_ROWS);
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment slot = arena.allocate(Episode.FRAME_BYTES, 64);
            while (source.next()) {
                final long tick = source.timeNs() / (Episode.TICK_MS * 1_000_000L);
                if (tick >= ticks) {
                    break;
                }
                letterbox.draw(source.frame(), slot.address());
                out[(int) tick] = slot.toArray(ValueLayout.JAVA_BYTE);
            }
        }
        for (int tick = 0; tick < ticks; tick++) {
            if (out[tick] == null) {
                out[tick] = new byte[Episode.FRAME_BYTES];
                faults.missingFrames().set(tick);
            }
        }
        return out;
    }

    private static void paint(final BufferedImage image, final byte[] rgb) {
        for (int row = 0; row < Episode.FRAME_ROWS; row++) {
            for (int column = 0; column < Episode.FRAME_COLUMNS; column++) {
                final int at = (row * Episode.FRAME_COLUMNS + column) * 3;
                image.setRGB(column, row, (rgb[at] & 0xff) << 16 | (rgb[at + 1] & 0xff) << 8 | rgb[at + 2] & 0xff);
            }
        }
    }
}
