package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.tactus.engine.model.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bad input gets one line, exit code 2, and leaves nothing behind. */
class BadInputTest {
    private static final String NORM = "model.llm.norm.weight";

    @TempDir
    private static Path shared;

    private static Path model;
    private static Path telling;

    @TempDir
    private Path folder;

    private Path out;

    @BeforeAll
    static void makeModels() throws IOException {
        model = Fixture.model(shared);
        telling = Fixture.modelWithTokenizer(model);
    }

    @BeforeEach
    void placeOutput() {
        out = folder.resolve("out/deeper");
    }

    private void assertRefused(final Path with, final List<?> options, final String... parts) {
        final List<Object> args = new ArrayList<>(List.of("run", "--model", with, "--out", out));
        args.addAll(List.of("--kernels", "reference"));
        args.addAll(options);
        Outcome.of(args.toArray()).assertBadInput(parts);
        assertFalse(Files.exists(folder.resolve("out")), "nothing is left behind");
    }

    private Path write(final String name, final String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "--sessions 0 | --sessions: found 0, allowed 1 to 4096",
                "--sessions 5000 | --sessions: found 5000",
                "--sessions two | --sessions",
                "--seconds 0 | --seconds: found 0.0",
                "--seconds NaN | --seconds: found NaN",
                "--threads 0 | --threads: found 0, allowed 1 to 256",
                "--temperature -1 | --temperature is -1.0",
                "--top-k 0 | --top-k is 0",
                "--top-p 1.5 | --top-p is 1.5",
                "--kernels fast | --kernels",
                "--memory-budget lots | 'lots' is no size",
                "--memory-budget 1K | the memory budget is 1,024",
                "--interaction nowhere.json | nowhere.json: no such file",
                "--raw | --raw says how --audio is read",
                "--audio - --video - | standard input (-) is named 2 times",
                "--audio nowhere.wav | nowhere.wav: no such file",
                "--video nowhere | nowhere: no such file",
                "--video nowhere*.png | found none",
                "--text nowhere.txt | nowhere.txt: no such file",
                "--tempo 3 | --tempo",
            })
    void shouldRefuseAnOption(final String options, final String part) {
        final List<String> args = new ArrayList<>(List.of("--seconds", "1"));
        if (options.startsWith("--seconds")) {
            args.clear();
        }
        args.addAll(List.of(options.split(" ")));
        assertRefused(model, args, part);
    }

    @Test
    void shouldRefuseToRunNothing() {
        Outcome.of("run", "--model", model).assertBadInput("nothing to do", "--seconds");
        assertRefused(folder.resolve("absent"), List.of("--seconds", 1), "absent", "no such");
        assertRefused(folder, List.of("--seconds", 1), "config.json", "no such file");
        assertRefused(Fixture.golden("text-dense"), List.of("--seconds", 1), "interaction_config", "--interaction");
    }

    @Test
    void shouldRefuseMediaTheModelHasNoUseFor() throws IOException {
        final Path text = folder.resolve("text");
        Fixture.rewrite(Fixture.golden("text-dense"), text, name -> Fixture.isEncoder(name) ? Fixture.ABSENT : null);
        final Path wav = Fixture.wav(folder.resolve("a.wav"), 800);
        assertRefused(text, List.of("--interaction", "default", "--audio", wav), "does not hear");
        final Path film = Fixture.film(folder.resolve("a.y4m"), 1, 5);
        assertRefused(text, List.of("--interaction", "default", "--video", film), "does not see");
        assertRefused(model, List.of("--text", write("s.txt", "0 hello\n")), "tokenizer.json");
    }

    @Test
    void shouldRefuseWeightsThatAreDamaged() throws IOException {
        final Path damaged = Fixture.copy(model, folder.resolve("damaged"));
        final Path weights = damaged.resolve("model.safetensors");
        final byte[] whole = Files.readAllBytes(weights);
        Files.write(weights, Arrays.copyOf(whole, whole.length - 100));
        assertRefused(damaged, List.of("--seconds", 1), "model.safetensors");
        Files.write(weights, Arrays.copyOf(whole, 5));
        assertRefused(damaged, List.of("--seconds", 1), "found 5 bytes");
        final byte[] oversized = whole.clone();
        ByteBuffer.wrap(oversized).order(ByteOrder.LITTLE_ENDIAN).putLong(0, Long.MAX_VALUE);
        Files.write(weights, oversized);
        assertRefused(damaged, List.of("--seconds", 1), "header length");
        Files.delete(weights);
        assertRefused(damaged, List.of("--seconds", 1), "no weights");
    }

    @Test
    void shouldRefuseWeightsThatDoNotFit() throws IOException {
        final List<?> run = List.of("--seconds", 1);
        assertRefused(withNorm("short", new Fixture.Replacement(DType.F32, 47, 1f)), run, NORM, "[47]", "[48]");
        assertRefused(withNorm("nan", new Fixture.Replacement(DType.F32, 48, Float.NaN)), run, NORM, "NaN");
        assertRefused(withNorm("type", new Fixture.Replacement(DType.I32, 48, 1f)), run, NORM, "I32", "BF16");
        assertRefused(withNorm("missing", Fixture.ABSENT), run, NORM, "missing");
    }

    /** The model with another final norm. */
    private Path withNorm(final String name, final Fixture.Replacement norm) throws IOException {
        return Fixture.rewrite(model, folder.resolve(name), tensor -> tensor.equals(NORM) ? norm : null);
    }

    @Test
    void shouldRefuseAConfigThatContradictsItself() throws IOException {
        final Path changed = Fixture.copy(model, folder.resolve("changed"));
        final String config = Files.readString(model.resolve("config.json"));
        final String twice = config.replaceFirst("\"quiet_token_id\" : 2", "\"quiet_token_id\" : 1");
        Files.writeString(changed.resolve("config.json"), twice);
        assertRefused(changed, List.of("--seconds", 1), "config.json", "quiet_token_id", "distinct");
        Files.writeString(changed.resolve("config.json"), config.substring(1));
        assertRefused(changed, List.of("--seconds", 1), "config.json");
    }

    @Test
    void shouldRefuseSoundThatIsNone() throws IOException {
        final Path wav = Fixture.wav(folder.resolve("a.wav"), 8000);
        final byte[] whole = Files.readAllBytes(wav);
        Files.write(wav, Arrays.copyOf(whole, whole.length - 1000));
        assertRefused(model, List.of("--audio", wav), "a.wav", "data size");
        Files.write(wav, "not a wave at all".getBytes(StandardCharsets.US_ASCII));
        assertRefused(model, List.of("--audio", wav), "a.wav", "RIFF");
        final byte[] rate = whole.clone();
        ByteBuffer.wrap(rate).order(ByteOrder.LITTLE_ENDIAN).putInt(24, 1);
        Files.write(wav, rate);
        assertRefused(model, List.of("--audio", wav), "a.wav");
        assertRefused(model, List.of("--audio", folder), "a directory");
    }

    @Test
    void shouldRefusePicturesThatAreNone() throws IOException {
        final Path film = Fixture.film(folder.resolve("a.y4m"), 8, 5);
        final byte[] whole = Files.readAllBytes(film);
        Files.write(film, Arrays.copyOf(whole, whole.length - 10));
        assertRefused(model, List.of("--video", film), "a.y4m", "frame 7");
        write("a.y4m", "YUV4MPEG2 W100000 H100000 F5:1 Cmono\n");
        assertRefused(model, List.of("--video", film), "a.y4m", "width", "found \"100000\"");
        write("a.y4m", "");
        assertRefused(model, List.of("--video", film), "a.y4m");
        Files.createDirectories(folder.resolve("pictures"));
        assertRefused(model, List.of("--video", folder.resolve("pictures")), "pictures", "none");
        write("pictures/1.png", "no picture");
        assertRefused(model, List.of("--video", folder.resolve("pictures")), "1.png");
        assertRefused(model, List.of("--video", folder.resolve("pictures"), "--fps", 0), "frames per second");
    }

    @Test
    void shouldRefuseAScriptThatIsNone() throws IOException {
        final Path script = write("s.txt", "0 one\n2 two\n1 three\n");
        assertRefused(telling, List.of("--text", script), "s.txt:3", "time", "found 1 s");
        write("s.txt", "0 one\nlater two\n");
        assertRefused(telling, List.of("--text", script), "s.txt:2", "time");
        write("s.txt", "0 one\n1 <tick>\n");
        assertRefused(telling, List.of("--text", script), "s.txt:2", "<tick>", "reserved");
        Files.write(script, new byte[] {'0', ' ', (byte) 0xC3, '\n'});
        assertRefused(telling, List.of("--text", script), "s.txt:1", "UTF-8");
    }

    @Test
    void shouldRefuseAPlaceThatCannotBeWritten() throws IOException {
        final Path file = write("file", "mine");
        for (final Path place : List.of(file, file.resolve("below"), file.resolve("far/below"))) {
            Outcome.of("run", "--model", model, "--seconds", 1, "--out", place).assertBadInput("--out " + place);
            Outcome.of("model", "random", "--params", "1M", "--out", place).assertBadInput(place.toString());
        }
        final Path inputs = Fixture.golden("text-dense").resolve("inputs.safetensors");
        for (final Path place : List.of(folder, file.resolve("below"), folder.resolve("absent/l.safetensors"))) {
            Outcome.of("logits", "--model", model, "--inputs", inputs, "--out", place)
                    .assertBadInput("--out " + place);
        }
        assertEquals("mine", Files.readString(file));
        try (Stream<Path> entries = Files.list(folder)) {
            assertEquals(List.of(file), entries.toList());
        }
    }
}
