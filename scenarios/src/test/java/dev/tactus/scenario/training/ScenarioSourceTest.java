package dev.tactus.scenario.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.tuning.MicroTurn;
import dev.tactus.engine.tuning.MicroTurnSequence;
import dev.tactus.engine.tuning.TokenWeights;
import dev.tactus.engine.tuning.TrainingExample;
import dev.tactus.engine.tuning.TurnInput;
import dev.tactus.engine.tuning.TurnMemory;
import dev.tactus.engine.tuning.recipe.RecipeException;
import dev.tactus.engine.tuning.recipe.VoiceStatistics;
import dev.tactus.espeak.EspeakVoice;
import dev.tactus.kernel.vocoder.LogMelExtractor;
import dev.tactus.kernel.vocoder.VocoderTables;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import dev.tactus.scenario.Episode;
import dev.tactus.scenario.EpisodeTick;
import dev.tactus.scenario.Family;
import dev.tactus.scenario.language.Vocabulary;
import dev.tactus.scenario.speech.Utterance;
import dev.tactus.scheduler.Modality;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ScenarioSourceTest {
    private static final int SPEECH = TeacherForcing.Sequence.SPEECH;
    private static final String USUAL = "\"voices\": 6, \"ticks\": 60}";

    private static final String VOICE = ScenarioFixture.VOICE;

    @TempDir
    private Path folder;

    /** All that a batch is: ids, outputs, targets, weights, bins, pixels and speech. */
    private static List<int[]> content(final List<TrainingExample> batch, final ModelConfig config) {
        final List<int[]> content = new ArrayList<>();
        for (final TrainingExample example : batch) {
            final TeacherForcing.Sequence sequence = example.example().sequence();
            content.add(sequence.ids());
            content.add(example.example().outputs());
            content.add(example.targets());
            content.add(bits(example.weights()));
            content.add(bits(example.speechWeights()));
            content.add(words(sequence.bins(), sequence.audio() * config.audio().mels()));
            content.add(words(
                    sequence.pixels(), sequence.patches() * config.vision().patchElements()));
            content.add(words(sequence.speech(), sequence.blocks() * 400));
        }
        return content;
    }

    private static int[] bits(final float... values) {
        final int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    private static int[] words(final long address, final int count) {
        final int[] words = new int[count];
        for (int i = 0; i < count; i++) {
            words[i] = OffHeap.getInt(address + (long) i * Integer.BYTES);
        }
        return words;
    }

    private static void assertSame(final List<int[]> expected, final List<int[]> found) {
        assertEquals(expected.size(), found.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), found.get(i), "part " + i);
        }
    }

    @Test
    void shouldMakeABatchFromSeedAndStepAlone() throws IOException {
        try (ScenarioFixture fixture = new ScenarioFixture(folder)) {
            final ModelConfig config = ModelConfig.read(fixture.model);
            final ScenarioSource one = fixture.data(5, 1);
            final List<int[]> third = content(one.batch(3), config);
            final List<int[]> fourth = content(one.batch(4), config);
            final ScenarioSource crowd = fixture.data(5, 3);
            assertSame(fourth, content(crowd.batch(4), config));
            assertSame(third, content(crowd.batch(3), config));
            assertFalse(Arrays.equals(third.get(0), fourth.get(0)));
            assertFalse(Arrays.equals(
                    third.get(0), content(fixture.data(6, 1).batch(3), config).get(0)));
            assertEquals(one.fingerprint(), crowd.fingerprint());
            assertEquals(ScenarioFixture.SEQUENCES, one.sorts(3).size());
        }
    }

    @Test
    void shouldFilmAShareFromABatchOn() throws IOException {
        final String captions = "\"voices\": 6, \"ticks\": 60, \"families\": {\"captions\": 1}";
        try (ScenarioFixture plain = new ScenarioFixture(folder, USUAL, captions + "}");
                ScenarioFixture filmed =
                        new ScenarioFixture(folder, USUAL, captions + ", \"filmed\": 0.5, \"filmed_from\": 3}")) {
            final ModelConfig config = ModelConfig.read(plain.model);
            final ScenarioSource without = plain.data(5, 1);
            final ScenarioSource with = filmed.data(5, 1);
            assertSame(content(without.batch(2), config), content(with.batch(2), config));
            int pictures = 0;
            for (int number = 3 * ScenarioFixture.SEQUENCES; number < 30 * ScenarioFixture.SEQUENCES; number++) {
                final Episode other = with.episode(number);
                assertArrayEquals(without.episode(number).audio(), other.audio());
                pictures += other.hasVideo() ? 1 : 0;
            }
            assertEquals(40, pictures, 20, "of 81 episodes");
            final List<TrainingExample> batch = with.batch(3);
            for (int i = 0; i < batch.size(); i++) {
                assertEquals(
                        with.episode(3 * ScenarioFixture.SEQUENCES + i).hasVideo(),
                        batch.get(i).example().sequence().patches() > 0);
            }
        }
    }

    /** What a session makes of the same ticks, slot by slot and sample by sample, is what a batch holds. */
    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldShowWhatASessionWouldHaveSeen(final Family family) throws IOException {
        final String name = ScenarioChoice.name(family);
        try (ScenarioFixture fixture = new ScenarioFixture(
                        folder,
                        USUAL,
                        "\"voices\": 6, \"ticks\": 60, \"silence_ticks\": 70, \"faults\": 1, \"families\": {\"" + name
                                + "\": 2}}",
                        "\"positions\": 900",
                        "\"positions\": 4000");
                ScenarioSource source = fixture.data(11, 2)) {
            final ModelConfig config = ModelConfig.read(fixture.model);
            assertEquals(List.of(name, name, name), source.sorts(0));
            final List<int[]> found = content(source.batch(0), config);
            try (TurnMemory memory =
                    new TurnMemory(config, config.interaction().orElseThrow(), 4000, 4000, 4000, fixture.ledger)) {
                final List<TrainingExample> expected = new ArrayList<>();
                for (int i = 0; i < ScenarioFixture.SEQUENCES; i++) {
                    expected.add(byHand(source.episode(i), source.voice().orElseThrow(), memory));
                }
                assertSame(content(expected, config), found);
                assertTrue(expected.stream()
                        .allMatch(example -> example.example().sequence().audio() > 100));
            }
        }
    }

    private TrainingExample byHand(final Episode episode, final VoiceStatistics voice, final TurnMemory memory) {
        final InteractionConfig ids = memory.interaction();
        final int heard = Modality.AUDIO.bit() | Modality.TEXT.bit();
        final MicroTurnSequence sequence =
                memory.sequence(episode.hasVideo() ? heard | Modality.VIDEO.bit() : heard, TokenWeights.standard());
        final float[] frames = frames(episode, voice);
        int skipped = 0;
        for (int t = 0; t < episode.ticks(); t++) {
            final EpisodeTick tick = episode.tick(t);
            if (tick.skipped()) {
                skipped++;
                continue;
            }
            final float[][] slots = new float[4][];
            boolean any = false;
            for (int s = 0; s < 4; s++) {
                if (tick.hasAudio(s)) {
                    slots[s] = new float[800];
                    tick.copyAudio(s, slots[s], 0);
                    any = true;
                }
            }
            TurnInput input = TurnInput.ofText(shifted(tick.textIds())).after(skipped);
            input = any ? input.withSamples(slots) : input;
            input = tick.cut() ? input.withCut() : input;
            input = tick.hasFrame() ? input.withFrame(mean(tick)) : input;
            skipped = 0;
            final List<Integer> out = new ArrayList<>();
            put(out, ids.hearTokenId(), tick.hearIds());
            put(out, ids.speakTokenId(), tick.speakIds());
            out.add(tick.say() ? ids.sayTokenId() : ids.quietTokenId());
            final MicroTurn turn =
                    MicroTurn.of(input, out.stream().mapToInt(id -> id).toArray());
            sequence.add(tick.say() ? turn.withSpeech(Arrays.copyOfRange(frames, t * 1600, (t + 1) * 1600)) : turn);
        }
        return sequence.build();
    }

    /** The fixture's tokenizer has no {@code <unused_0>} but two words of its own before the first. */
    private static int[] shifted(final int... ids) {
        return Arrays.stream(ids).map(id -> id - Vocabulary.FIRST_WORD_ID + 15).toArray();
    }

    private static void put(final List<Integer> out, final int mark, final int... ids) {
        if (ids.length > 0) {
            out.add(mark);
            Arrays.stream(shifted(ids)).forEach(out::add);
        }
    }

    /** All frames of the episode, analysed in one go. */
    private static float[] frames(final Episode episode, final VoiceStatistics voice) {
        try (FreezableArena arena = new FreezableArena(new MemoryLedger())) {
            final float[] frames = new LogMelExtractor(new VocoderTables(arena), arena).logMels(episode.modelVoice());
            voice.normalise(frames);
            return frames;
        }
    }

    /** 160 × 120 to 12 × 12: black bars of one row above and two below, and means of 40 / 3 square pixels between. */
    private static byte[] mean(final EpisodeTick tick) {
        final byte[] frame = new byte[Episode.FRAME_BYTES];
        tick.copyFrame(frame, 0);
        final byte[] out = new byte[12 * 12 * 3];
        for (int y = 0; y < 9; y++) {
            for (int x = 0; x < 12; x++) {
                for (int c = 0; c < 3; c++) {
                    long sum = 0;
                    for (int r = y * 40; r < y * 40 + 40; r++) {
                        for (int q = x * 40; q < x * 40 + 40; q++) {
                            sum += frame[(r / 3 * 160 + q / 3) * 3 + c] & 0xFF;
                        }
                    }
                    out[((y + 1) * 12 + x) * 3 + c] = (byte) ((2 * sum + 1600) / 3200);
                }
            }
        }
        return out;
    }

    @Test
    void shouldCutWhatDoesNotFitAtATick() throws IOException {
        try (ScenarioFixture fixture = new ScenarioFixture(folder, "\"positions\": 900", "\"positions\": 300");
                ScenarioSource source = fixture.data(2, 1)) {
            for (final TrainingExample example : source.batch(0)) {
                final int length = example.example().sequence().ids().length;
                assertTrue(length <= 300 && length > 260, "positions " + length);
            }
        }
    }

    @Test
    void shouldTellAnotherSynthesiserAndOtherFamiliesApart() throws IOException {
        final String silent = "\"voices\": 6, \"ticks\": 60, \"voice\": false, \"families\": {\"answer\": 1}}";
        final long before = SoundBudget.SHARED.taken();
        try (ScenarioFixture fixture = new ScenarioFixture(folder, USUAL, silent);
                ScenarioSource source = fixture.data(2, 1);
                ScenarioFixture again = new ScenarioFixture(folder, USUAL, silent);
                ScenarioSource shifted =
                        ScenarioSource.open(again.recipe.data(), again.context(2, 1), ScenarioSourceTest::later)) {
            source.batch(0);
            assertTrue(SoundBudget.SHARED.taken() > before);
            assertTrue(source.heapBytes() > 0);
            assertTrue(source.fingerprint().startsWith("scenarios of answer, 6 voices"), source.fingerprint());
            assertFalse(source.fingerprint().equals(shifted.fingerprint()), shifted.fingerprint());
        }
        assertEquals(before, SoundBudget.SHARED.taken());
        final String captions = silent.replace("answer", "captions");
        try (ScenarioFixture fixture = new ScenarioFixture(folder, USUAL, captions)) {
            assertTrue(fixture.data(2, 1).fingerprint().startsWith("scenarios of captions, "));
        }
    }

    /** Another version: every sample has the other sign. */
    private static Utterance later(final EspeakVoice voice, final List<String> words) {
        final Utterance spoken = new Tones().speak(voice, words);
        final float[] samples = spoken.samples().clone();
        for (int i = 0; i < samples.length; i++) {
            samples[i] = -samples[i];
        }
        return new Utterance(samples, spoken.startsMs(), spoken.endsMs());
    }

    @Test
    void shouldLeaveTheVoiceOutWhereItIsTold() throws IOException {
        final String silent = "\"voices\": 6, \"ticks\": 60, \"voice\": false, \"families\": {\"answer\": 1}}";
        try (ScenarioFixture fixture = new ScenarioFixture(folder, USUAL, silent);
                ScenarioSource source = fixture.data(2, 1)) {
            assertTrue(source.voice().isEmpty());
            assertEquals(0, source.speechFactor());
            assertEquals(0, source.limits().speech());
            for (final TrainingExample example : source.batch(0)) {
                assertEquals(0, example.example().sequence().blocks());
            }
        }
        try (ScenarioFixture fixture = new ScenarioFixture(folder, USUAL, silent.replace("false", "true"));
                ScenarioSource source = fixture.data(2, 1)) {
            assertEquals(0.5f, source.speechFactor());
            int blocks = 0;
            for (final TrainingExample example : source.batch(0)) {
                blocks += example.example().sequence().blocks();
                assertEquals(
                        example.example().sequence().blocks(),
                        Arrays.stream(example.example().sequence().ids())
                                .filter(id -> id == SPEECH)
                                .count());
            }
            assertTrue(blocks > 10, "blocks " + blocks);
        }
    }

    /** Over whole ticks of what it says, the normalised voice has mean 0 and deviation 1, as far as bands move. */
    @Test
    void shouldNormaliseTheVoice() throws IOException {
        final String answers = "\"voices\": 6, \"ticks\": 60, \"faults\": 0, \"families\": {\"answer\": 1}}";
        try (ScenarioFixture fixture = new ScenarioFixture(folder, USUAL, answers);
                ScenarioSource source = fixture.data(3, 1)) {
            double sum = 0;
            double squares = 0;
            int count = 0;
            for (int step = 0; step < 3; step++) {
                for (final TrainingExample example : source.batch(step)) {
                    final TeacherForcing.Sequence sequence = example.example().sequence();
                    for (int i = 0; i < sequence.blocks() * 400; i++) {
                        final float value = OffHeap.getFloat(sequence.speech() + (long) i * Float.BYTES);
                        sum += value;
                        squares += value * value;
                        count++;
                    }
                }
            }
            assertEquals(0, sum / count, 0.3);
            assertEquals(1, Math.sqrt(squares / count), 0.3);
        }
    }

    @Test
    void shouldRefuseWhatMakesNoSense() throws IOException {
        // a tick, a cut, 4 slots, 1 + 16 typed, 2 × 2 patches, 2 + 6 outputs but the last, 4 blocks
        refused("batch.positions 38, allowed at least 39", "\"positions\": 900", "\"positions\": 38");
        refused("data.families.whale: found an unknown field", USUAL, families("\"whale\": 1"));
        refused("data.families: found no weight above 0", USUAL, families("\"captions\": 0"));
        refused("data.ticks: found 59", USUAL, "\"ticks\": 59}");
        refused("data.split: found \"other\"", USUAL, "\"split\": \"other\"}");
        refused("data.speed: found an unknown field", USUAL, "\"speed\": 1}");
        refused("data.voice: found true", USUAL, "\"voice\": true}", VOICE, "");
        refused("makes 1 ids of \"anna\"", "\"anna\"", "\"hanna\"");
        refused("text_out_max 5 and", "\"cut_token_id\": 13", "\"cut_token_id\": 13, \"text_out_max\": 5");
    }

    private static String families(final String weights) {
        return "\"families\": {" + weights + "}}";
    }

    private void refused(final String expected, final String... replaced) throws IOException {
        try (ScenarioFixture fixture = new ScenarioFixture(folder, replaced)) {
            final RecipeException ex = assertThrows(RecipeException.class, () -> fixture.data(1, 1));
            assertTrue(ex.getMessage().contains(expected), ex.getMessage());
            assertFalse(ex.getMessage().contains("\n"), ex.getMessage());
            assertEquals(0, fixture.ledger.liveBytes(), fixture.ledger.toString());
        }
    }
}
