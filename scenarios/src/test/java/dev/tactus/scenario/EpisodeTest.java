package dev.tactus.scenario;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.audio.InvalidMediaException;
import dev.tactus.engine.audio.WavWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EpisodeTest {
    private static final ScenarioGenerator GENERATOR =
            new ScenarioGenerator(GeneratorSettings.training().withFaults(0.5), new ToneSpeech());

    /** All that can be seen of an episode from outside. */
    private static void assertSame(final Episode a, final Episode b, final String where) {
        assertEquals(a.timeline(), b.timeline(), where);
        assertEquals(a.family(), b.family(), where);
        assertEquals(a.split(), b.split(), where);
        assertEquals(a.seed(), b.seed(), where);
        assertArrayEquals(a.audio(), b.audio(), where);
        assertArrayEquals(a.modelVoice(), b.modelVoice(), where);
        assertEquals(a.ticks(), b.ticks(), where);
        assertEquals(a.hasVideo(), b.hasVideo(), where);
        final byte[] left = new byte[Episode.FRAME_BYTES];
        final byte[] right = new byte[Episode.FRAME_BYTES];
        for (int k = 0; k < a.ticks(); k++) {
            final EpisodeTick x = a.tick(k);
            final EpisodeTick y = b.tick(k);
            final String place = where + " tick " + k;
            assertEquals(x.skipped(), y.skipped(), place);
            assertEquals(x.cut(), y.cut(), place);
            assertEquals(x.say(), y.say(), place);
            assertEquals(x.hasFrame(), y.hasFrame(), place);
            assertArrayEquals(x.hearIds(), y.hearIds(), place);
            assertArrayEquals(x.speakIds(), y.speakIds(), place);
            assertArrayEquals(x.textIds(), y.textIds(), place);
            for (int slot = 0; slot < Episode.SLOTS_PER_TICK; slot++) {
                assertEquals(x.hasAudio(slot), y.hasAudio(slot), place);
            }
            if (x.hasFrame()) {
                x.copyFrame(left, 0);
                y.copyFrame(right, 0);
                assertArrayEquals(left, right, place);
            }
        }
    }

    @Test
    void shouldBeTheSameInAnyRunAndOnAnyThread() {
        for (final Family family : Family.values()) {
            final long seed = 40 + family.ordinal();
            final Episode one = GENERATOR.episode(family, seed);
            final Episode other = CompletableFuture.supplyAsync(
                            () -> new ScenarioGenerator(GENERATOR.settings(), new ToneSpeech()).episode(family, seed))
                    .join();
            assertSame(one, other, family + " " + seed);
            assertFalse(
                    Arrays.equals(
                            one.audio(), GENERATOR.episode(family, seed + 1).audio()),
                    family::name);
        }
    }

    @Test
    void shouldDrawFamiliesByWeight() {
        final int[] counts = new int[Family.values().length];
        for (long seed = 0; seed < 2000; seed++) {
            counts[GENERATOR.family(seed).ordinal()]++;
        }
        GENERATOR
                .settings()
                .weights()
                .forEach((family, weight) ->
                        assertEquals(weight, counts[family.ordinal()] / 2000.0, 0.03, family::name));
    }

    @Test
    void shouldPlaceSoundWhereTheTimelineSaysItIs() {
        final GeneratorSettings clean =
                GeneratorSettings.training().withFaults(0).withAcoustics(Acoustics.CLEAN);
        final Episode episode = new ScenarioGenerator(clean, new ToneSpeech()).episode(Family.CAPTIONS, 3);
        final float[] audio = episode.audio();
        assertTrue(episode.timeline().words().size() > 5);
        int before = 0;
        for (final Timeline.HeardWord word : episode.timeline().words()) {
            final double gap = level(audio, before * 16, word.startMs() * 16);
            final double speech = level(audio, word.startMs() * 16, word.endMs() * 16);
            assertTrue(speech > 30 * gap, () -> word + ": " + speech + " against " + gap);
            before = word.endMs();
        }
    }

    private static double level(final float[] samples, final int from, final int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += samples[i] * samples[i];
        }
        return to > from ? Math.sqrt(sum / (to - from)) : 0;
    }

    @Test
    void shouldHaveAVoiceInEveryTickThatSays() {
        final Episode episode = GENERATOR.episode(Family.ANSWER, 5);
        final float[] voice = new float[Episode.TICK_SAMPLES];
        int said = 0;
        for (int k = 0; k < episode.ticks(); k++) {
            episode.tick(k).copyModelVoice(voice, 0);
            assertEquals(episode.tick(k).say(), level(voice, 0, voice.length) > 0, "tick " + k);
            said += episode.tick(k).say() ? 1 : 0;
        }
        assertTrue(said > 3, said + " ticks of speech");
    }

    @Test
    void shouldComeBackFromAFolderBitByBit(@TempDir final Path folder) throws IOException {
        for (final Family family : new Family[] {Family.INTERRUPTION, Family.FLASHES, Family.ANSWER}) {
            final Episode episode = GENERATOR.episode(family, 8);
            final Path place = folder.resolve(family.name());
            EpisodeFolder.write(episode, place);
            assertSame(episode, EpisodeFolder.read(place), family.name());
        }
    }

    @Test
    void shouldFindTheTruthOfARecording(@TempDir final Path folder) throws IOException {
        try (WavWriter wav = new WavWriter(folder.resolve(EpisodeFolder.INPUT))) {
            wav.write(new float[16_000 * 3 + 5], 0, 16_000 * 3 + 5);
        }
        Files.writeString(folder.resolve(EpisodeFolder.TIMELINE), """
            {"words": [{"start_ms": 100, "end_ms": 500, "text": "computer"},
                       {"start_ms": 600, "end_ms": 801, "text": "say"},
                       {"start_ms": 900, "end_ms": 1200, "text": "red"}]}
            """);
        final Episode episode = EpisodeFolder.read(folder);
        assertEquals(16, episode.ticks());
        assertEquals(1, episode.timeline().speeches().size());
        assertEquals("red", episode.timeline().speeches().get(0).text());
        assertEquals(7, episode.timeline().speeches().get(0).tick());
        assertEquals(1, episode.tick(3).hearIds().length);
        assertEquals(1, episode.tick(5).hearIds().length);
        assertEquals(1, episode.tick(6).hearIds().length);
        assertFalse(episode.hasVideo());
    }

    @Test
    void shouldSayWhatIsWrongWithAFolder(@TempDir final Path folder) throws IOException {
        assertRefused(folder, "timeline.json: found nothing");
        try (WavWriter wav = new WavWriter(folder.resolve(EpisodeFolder.INPUT))) {
            wav.write(new float[3200], 0, 3200);
        }
        final String[][] cases = {
            {"[1]", "content: found no object"},
            {"{\"words\": [{\"start_ms\": 1, \"end_ms\": 2, \"text\": \"zebra\"}]}", "found \"zebra\""},
            {"{\"words\": [{\"start_ms\": -1, \"end_ms\": 2, \"text\": \"red\"}]}", "words[0]: start_ms: found -1"},
            {"{\"words\": [{\"end_ms\": 2, \"text\": \"red\"}]}", "start_ms: found nothing"},
            {"{\"words\": 3}", "words: found 3"},
            {"{\"words\": [", "content"},
            {"{\"family\": \"OTHER\"}", "family: found \"OTHER\""},
            {"{\"version\": 2}", "version: found 2"},
            {"{\"targets\": []}", "ticks: found none"},
        };
        for (final String[] one : cases) {
            Files.writeString(folder.resolve(EpisodeFolder.TIMELINE), one[0]);
            assertRefused(folder, one[1]);
        }
    }

    private static void assertRefused(final Path folder, final String why) {
        final InvalidMediaException ex =
                assertThrows(InvalidMediaException.class, () -> EpisodeFolder.read(folder), why);
        assertTrue(ex.getMessage().contains(why), ex::getMessage);
    }
}
