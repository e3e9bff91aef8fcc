package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class RunCommandTest {
    private static final JsonMapper JSON = JsonMapper.shared();

    @TempDir
    private static Path shared;

    private static Path model;
    private static Path telling;

    @TempDir
    private Path folder;

    @BeforeAll
    static void makeModels() throws IOException {
        model = Fixture.model(shared);
        telling = Fixture.modelWithTokenizer(model);
    }

    private static Outcome run(final Path model, final Object... args) {
        final Object[] all = new Object[args.length + 5];
        all[0] = "run";
        all[1] = "--model";
        all[2] = model;
        all[3] = "--kernels";
        all[4] = "reference";
        System.arraycopy(args, 0, all, 5, args.length);
        return Outcome.good(all);
    }

    private List<JsonNode> events(final Path out) throws IOException {
        assertTrue(Files.readString(out.resolve("events.jsonl")).endsWith("}\n"));
        return Files.readAllLines(out.resolve("events.jsonl")).stream()
                .map(JSON::readTree)
                .toList();
    }

    private static List<JsonNode> ticks(final List<JsonNode> events, final int session) {
        return events.stream()
                .filter(event -> event.get("event").asString().equals("tick")
                        && event.get("session").asInt() == session)
                .toList();
    }

    private static List<String> files(final Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void shouldShowALinePerTickAndASummary() throws IOException {
        final Path wav = Fixture.wav(folder.resolve("a.wav"), 16_000);
        final Outcome outcome = run(model, "--audio", wav);
        final List<String> lines = outcome.out().lines().toList();
        final long ticks = lines.stream()
                .filter(line -> line.matches(" +[0-9.]+ s( +[0-9.]+){6}  .+"))
                .count();
        assertEquals(5, ticks, outcome.out());
        assertTrue(outcome.out().contains("5 ticks of 1 session, 1.0 s of media"), outcome.out());
        assertTrue(outcome.out().contains("cpu/reference"), outcome.out());
        assertFalse(outcome.out().contains("\u001b"), "no cursor movements outside a terminal");
    }

    @Test
    void shouldWriteEveryTickOfEverySession() throws IOException {
        final Path out = folder.resolve("deep/er");
        final Path wav = Fixture.wav(folder.resolve("a.wav"), 9_000);
        final Path film = Fixture.film(folder.resolve("a.y4m"), 6, 5);
        run(model, "--audio", wav, "--video", film, "--sessions", 2, "--out", out, "--quiet");
        assertEquals(List.of("events.jsonl", "ledger.csv"), files(out));
        final List<JsonNode> events = events(out);
        for (int session = 0; session < 2; session++) {
            final List<JsonNode> ticks = ticks(events, session);
            assertEquals(6, ticks.size(), "six pictures, one per tick, are longer than the sound");
            for (int i = 0; i < ticks.size(); i++) {
                assertEquals(i, ticks.get(i).get("tick").asInt());
                assertEquals(200 * (i + 1), ticks.get(i).get("time_ms").asInt());
                assertEquals(0, ticks.get(i).get("video_gaps").asInt());
                assertEquals(10, ticks.get(i).get("stages_ns").size());
            }
            // 9000 samples are 11.25 slots: 12 of 24, the last one filled up
            assertEquals(
                    12,
                    ticks.stream()
                            .mapToInt(tick -> tick.get("audio_gaps").asInt())
                            .sum());
        }
        final List<JsonNode> ends = events.subList(events.size() - 2, events.size());
        ends.forEach(end -> assertEquals(
                "end closed 6",
                end.get("event").asString() + " " + end.get("reason").asString() + " "
                        + end.get("ticks").asInt()));
    }

    @Test
    void shouldWriteAWholeLedger() throws IOException {
        run(model, "--seconds", 1.1, "--out", folder.resolve("o"), "-q");
        final List<String> rows = Files.readAllLines(folder.resolve("o/ledger.csv"));
        assertEquals(1 + 6, rows.size(), "1.1 s are six ticks");
        final List<String> header = List.of(rows.getFirst().split(","));
        assertEquals(28, header.size(), rows.getFirst());
        assertEquals(header.size(), header.stream().distinct().count());
        for (int i = 1; i < rows.size(); i++) {
            final String[] cells = rows.get(i).split(",", -1);
            assertEquals(header.size(), cells.length);
            long sum = Long.parseLong(cells[header.indexOf("unattributed_ns")]);
            for (int s = header.indexOf("capture_ns"); s <= header.indexOf("emit_ns"); s++) {
                sum += Long.parseLong(cells[s]);
            }
            assertEquals(Long.parseLong(cells[header.indexOf("wall_ns")]), sum, "the row balances");
        }
    }

    @Test
    void shouldGiveTheSameIdsForTheSameSeedAndOthersForCopies() throws IOException {
        final Path wav = Fixture.wav(folder.resolve("a.wav"), 32_000);
        run(model, "--audio", wav, "--seed", 5, "--sessions", 2, "--out", folder.resolve("two"), "-q");
        run(model, "--audio", wav, "--seed", 6, "--threads", 1, "--out", folder.resolve("one"), "-q");
        final List<JsonNode> two = events(folder.resolve("two"));
        final String first = ids(two, 0);
        final String second = ids(two, 1);
        assertNotEquals(first, second);
        assertEquals(second, ids(events(folder.resolve("one")), 0), "copy 1 has the seed plus 1");
    }

    private static String ids(final List<JsonNode> events, final int session) {
        return ticks(events, session).stream()
                .map(tick -> tick.get("ids").toString())
                .toList()
                .toString();
    }

    @Test
    void shouldReadAudioFromStandardInput() throws IOException {
        final byte[] wav = Files.readAllBytes(Fixture.wav(folder.resolve("a.wav"), 6_400));
        final InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(wav));
        try {
            final Outcome outcome = run(model, "--audio", "-", "-q");
            assertTrue(outcome.out().startsWith("2 ticks of 1 session"), outcome.out());
        } finally {
            System.setIn(before);
        }
    }

    @Test
    void shouldTellAModelTextAndShowItsOwn() throws IOException {
        final Path script = Files.writeString(folder.resolve("s.txt"), "# a script\n0.3 hello\n0.9 and you?\n");
        run(telling, "--text", script, "--out", folder.resolve("o"), "-q");
        final List<JsonNode> ticks = ticks(events(folder.resolve("o")), 0);
        assertEquals(5, ticks.size(), "0.9 s is in the fifth tick");
        final int quiet = ticks.get(2).get("rows").asInt();
        assertTrue(ticks.get(1).get("rows").asInt() > quiet, "hello is read in the second tick");
        assertTrue(ticks.get(4).get("rows").asInt() > quiet);
    }

    @Test
    void shouldShowIdsWithoutATokenizer() throws IOException {
        final Outcome outcome = run(model, "--seconds", 8, "--out", folder.resolve("o"));
        assertTrue(outcome.out().contains("⟨"), outcome.out());
        final List<JsonNode> ticks = ticks(events(folder.resolve("o")), 0);
        final JsonNode loud = ticks.stream()
                .filter(tick -> !tick.get("text").asString().isEmpty()
                        || !tick.get("captions").asString().isEmpty())
                .findFirst()
                .orElseThrow();
        assertTrue((loud.get("captions").asString() + loud.get("text").asString()).startsWith("⟨"));
    }

    @Test
    void shouldKeepTimeWithTheClock() throws IOException {
        final Path wav = Fixture.wav(folder.resolve("a.wav"), 16_000);
        final long startNs = System.nanoTime();
        run(model, "--audio", wav, "--realtime", "--out", folder.resolve("o"), "-q");
        assertTrue(System.nanoTime() - startNs >= 1_000_000_000L, "five ticks take a second");
        final List<JsonNode> ticks = ticks(events(folder.resolve("o")), 0);
        assertTrue(ticks.size() >= 5, () -> ticks.size() + " ticks");
        // a busy machine may lose sound, but not all of it
        final int gaps =
                ticks.stream().mapToInt(tick -> tick.get("audio_gaps").asInt()).sum();
        assertTrue(gaps <= 4 * ticks.size() - 4, () -> gaps + " gaps in " + ticks.size() + " ticks");
    }

    @Test
    void shouldRunAPublishedCheckpointWithTheDefaultInteraction() {
        final Path golden = Fixture.golden("multimodal-moe");
        final Outcome outcome = run(golden, "--interaction", "default", "--seconds", 0.4, "--temperature", 0, "-q");
        assertTrue(outcome.out().startsWith("2 ticks of 1 session"), outcome.out());
    }

    @Test
    void shouldReplaceTheFilesOfAnEarlierRun() throws IOException {
        final Path out = folder.resolve("o");
        run(model, "--seconds", 1, "--out", out, "-q");
        run(model, "--seconds", 0.2, "--out", out, "-q");
        assertEquals(1, ticks(events(out), 0).size());
        assertEquals(List.of("events.jsonl", "ledger.csv"), files(out));
    }
}
