package dev.tactus.scenario.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.engine.audio.InvalidMediaException;
import dev.tactus.engine.model.RandomModel;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scenario.Episode;
import dev.tactus.scenario.EpisodeFolder;
import dev.tactus.scenario.Family;
import dev.tactus.scenario.GeneratorSettings;
import dev.tactus.scenario.ScenarioGenerator;
import dev.tactus.scenario.TestSpeech;
import dev.tactus.scenario.language.Vocabulary;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A model that learnt nothing goes through episodes: what it says is worth nothing, but it must be heard, and heard
 * alike.
 */
class EvaluationTest {
    private static final ScenarioGenerator GENERATOR =
            new ScenarioGenerator(GeneratorSettings.training().withTicks(60, 60).withFaults(1), TestSpeech.tones());

    @TempDir
    private static Path folder;

    @BeforeAll
    static void writeModel() throws IOException {
        RandomModel.write(folder.resolve("model"), 1_000_000, 5, false, true);
    }

    private static Iterator<Trial> trials(final int episodes, final Family... families) {
        return new GeneratedTrials(GENERATOR, List.of(families), 3, episodes, 0);
    }

    private static EngineContext context(final LoadedModel model, final int sessions) {
        return new EngineContext()
                .model(model)
                .maxSessions(sessions)
                .threadingMode(ThreadingMode.INVOKER)
                .pacing(Pacing.STEPPED)
                .warmUpNs(0);
    }

    private static Scores evaluate(
            final int sessions,
            final Iterator<Trial> trials,
            final ContextEpisodes before,
            final EvaluationListener listener) {
        try (LoadedModel model = LoadedModel.open(folder.resolve("model"), new MemoryLedger())) {
            final EngineContext context = context(model, sessions);
            try (Engine engine = Engine.launch(context)) {
                return new Evaluation(engine, context, SessionSpec.BASE, before, listener).run(trials);
            }
        }
    }

    @Test
    void shouldScoreARandomModelAlikeInAnyCompany() {
        final Family[] families = {Family.ANSWER, Family.FLASHES, Family.INTERRUPTION};
        final List<Integer> done = new ArrayList<>();
        final Scores together = evaluate(3, trials(1, families), ContextEpisodes.none(), (trials, ticks, group) -> {
            done.add(trials);
            return true;
        });
        final Scores alone = evaluate(1, trials(1, families), ContextEpisodes.none(), EvaluationListener.NONE);
        assertEquals(
                List.of("answer", "flashes", "interruption"),
                List.copyOf(alone.groups().keySet()));
        assertEquals(3, alone.trials().size());
        assertEquals(alone.trials(), together.trials());
        assertEquals(alone.groups(), together.groups());
        assertArrayEquals(ScoresJson.write(Map.of(), alone), ScoresJson.write(Map.of(), together));
        assertEquals(3, done.get(done.size() - 1));
        assertTrue(done.size() < 3 * 60, "three sessions at once: " + done.size() + " beats");
        final WordErrors captions = (WordErrors) alone.all().get(Measure.CAPTION_ERRORS);
        assertTrue(captions.words() > 10 && captions.errors() >= captions.words() / 2, captions::toString);
    }

    @Test
    void shouldPutOutNothingInATickThatIsSkipped() {
        final List<Trial> trials = new ArrayList<>();
        for (final Iterator<Trial> all = trials(6, Family.CAPTIONS); all.hasNext(); ) {
            final Trial trial = all.next();
            if (IntStream.range(0, 60).anyMatch(t -> trial.episode().tick(t).skipped())) {
                trials.add(trial);
            }
        }
        assertFalse(trials.isEmpty(), "no episode has a skipped tick");
        final Episode episode = trials.get(0).episode();
        final TrialRecord record = evaluate(
                        1, trials.subList(0, 1).iterator(), ContextEpisodes.none(), EvaluationListener.NONE)
                .trials()
                .get(0);
        final boolean[] shows = new boolean[60];
        record.captions().forEach(caption -> shows[caption.tick()] = true);
        record.remarks().forEach(remark -> shows[remark.tick()] = true);
        for (int t = 0; t < 60; t++) {
            assertFalse(shows[t] && episode.tick(t).skipped(), "tick " + t);
        }
    }

    @Test
    void shouldKeepASessionThroughItsContextAndAllItsEpisodes() {
        final ContextEpisodes minute = new ContextEpisodes(GENERATOR, 1, 7);
        final long[] ticks = new long[1];
        final Scores scores = evaluate(1, trials(2, Family.CAPTIONS), minute, (trials, all, group) -> {
            ticks[0] = all;
            return true;
        });
        assertEquals(2, scores.trials().size());
        // a minute of context in one session, 60 ticks of each episode, a "stop" of 20 ticks between
        assertTrue(ticks[0] >= 300 + 60 + 20 + 60 && ticks[0] < 600, ticks[0] + " ticks");
        final Scores plain = evaluate(1, trials(2, Family.CAPTIONS), ContextEpisodes.none(), EvaluationListener.NONE);
        assertFalse(plain.trials().equals(scores.trials()), "context changes what a model puts out");
    }

    @Test
    void shouldEndWithFewerJobsThanSessionsAndOpenOnlyWhatItNeeds() {
        final ContextEpisodes minute = new ContextEpisodes(GENERATOR, 1, 7);
        final int[] beats = new int[1];
        final long[] ticks = new long[1];
        final Scores scores = evaluate(3, trials(1, Family.CAPTIONS), minute, (trials, all, group) -> {
            ticks[0] = all;
            return ++beats[0] < 900;
        });
        assertEquals(1, scores.trials().size());
        assertTrue(beats[0] < 900, "it goes on for ever");
        assertTrue(ticks[0] < 500, "the context of one session, and one episode: " + ticks[0] + " ticks");
    }

    /** With a session per job both ways, the number of seats changes nothing. */
    @Test
    void shouldShowPicturesOnlyToASessionThatSees() {
        final ContextEpisodes minute = new ContextEpisodes(GENERATOR, 1, 7);
        final Family[] families = {Family.CAPTIONS, Family.FLASHES};
        final int[] beats = new int[1];
        final Scores together = evaluate(2, trials(1, families), minute, (trials, ticks, group) -> ++beats[0] < 1200);
        final Scores alone = evaluate(1, trials(1, families), minute, EvaluationListener.NONE);
        assertEquals(2, together.trials().size());
        assertEquals(alone.trials(), together.trials());
    }

    @Test
    void shouldRefuseAStimulusThatItsSessionCannotSee() {
        try (LoadedModel model = LoadedModel.open(folder.resolve("model"), new MemoryLedger())) {
            final EngineContext context = context(model, 1);
            try (Engine engine = Engine.launch(context)) {
                final Lane lane =
                        new Lane(engine, SessionSpec.BASE, context.interaction().sayTokenId());
                lane.open(false, 1);
                final Stimulus flashes = new EpisodeStimulus(GENERATOR.episode(Family.FLASHES, 1));
                final IllegalStateException ex = assertThrows(IllegalStateException.class, () -> lane.begin(flashes));
                assertTrue(ex.getMessage().contains("does not see"), ex::getMessage);
            }
        }
    }

    /** A session held to a script speaks in every tick, so there is speech to be heard. */
    @Test
    void shouldTakeTheSpeechOfEveryTick() {
        final Episode episode =
                new ScriptedEpisode().word(2500, 2900, "stop", "STOP").episode();
        try (LoadedModel model = LoadedModel.open(folder.resolve("model"), new MemoryLedger())) {
            final EngineContext context = context(model, 1);
            try (Engine engine = Engine.launch(context)) {
                final int say = context.interaction().sayTokenId();
                final Lane lane = new Lane(engine, SessionSpec.BASE, say);
                lane.open(SessionSpec.of(Modality.AUDIO, Modality.TEXT)
                        .withScript(context.interaction().speakTokenId(), Vocabulary.id("red"), say));
                lane.begin(new EpisodeStimulus(episode));
                List<ModelTick> ticks = null;
                while (ticks == null) {
                    lane.feed();
                    engine.invoker().tick();
                    ticks = lane.poll();
                }
                for (int t = 0; t < ScriptedEpisode.TICKS; t++) {
                    final ModelTick tick = ticks.get(t);
                    assertEquals(List.of("red"), tick.speak(), "tick " + t);
                    assertTrue(tick.say() && tick.hear().isEmpty(), "tick " + t);
                    assertEquals(Episode.TICK_SAMPLES, tick.speech().length, "tick " + t);
                    assertFalse(tick.cut(), "every tick begins a remark of its own, which nobody interrupts");
                }
                final float[] last = ticks.get(ScriptedEpisode.TICKS - 1).speech();
                assertTrue(IntStream.range(0, last.length).anyMatch(i -> last[i] != 0), "speech, not silence");
            }
        }
    }

    @Test
    void shouldEndWhenItIsToldTo() {
        final Scores scores =
                evaluate(2, trials(50, Family.CAPTIONS), ContextEpisodes.none(), (trials, ticks, group) -> ticks < 150);
        assertEquals(2, scores.trials().size());
    }

    @Test
    void shouldSayWhatIsWrongWithABadRecordingAndGoOn() throws IOException {
        final Path recordings = Files.createDirectory(folder.resolve("recordings"));
        EpisodeFolder.write(GENERATOR.episode(Family.CAPTIONS, 1), recordings.resolve("a"));
        Files.createDirectory(recordings.resolve("b"));
        EpisodeFolder.write(GENERATOR.episode(Family.ANSWER, 2), recordings.resolve("c"));
        Files.writeString(recordings.resolve("c").resolve("timeline.json"), "{\"words\": [{\"text\": \"banana\"}]}");
        EpisodeFolder.write(GENERATOR.episode(Family.ANSWER, 3), recordings.resolve("d"));
        final RecordedTrials trials = new RecordedTrials(recordings);
        final List<String> groups = new ArrayList<>();
        trials.forEachRemaining(trial -> groups.add(trial.group()));
        assertEquals(List.of("captions", "answer"), groups);
        assertEquals(2, trials.problems().size(), trials.problems()::toString);
        assertTrue(trials.problems().get(0).contains("b: timeline.json: found nothing"), trials.problems()::toString);
        assertTrue(trials.problems().get(1).contains("c/timeline.json: words[0]"), trials.problems()::toString);
        trials.problems().forEach(problem -> assertEquals(1, problem.lines().count(), problem));
        assertThrows(InvalidMediaException.class, () -> new RecordedTrials(folder.resolve("nowhere")));
        assertTrue(new RecordedTrials(recordings.resolve("a")).hasNext(), "one episode by itself");
    }

    @Test
    void shouldStopAFamilyOnceEnoughWordsAreSaid() {
        final GeneratedTrials trials =
                new GeneratedTrials(GENERATOR, List.of(Family.CAPTIONS, Family.SILENCE), 3, 20, 40);
        final Map<String, Integer> words = new HashMap<>();
        final Map<String, Integer> episodes = new HashMap<>();
        trials.forEachRemaining(trial -> {
            words.merge(trial.group(), trial.episode().timeline().words().size(), Integer::sum);
            episodes.merge(trial.group(), 1, Integer::sum);
        });
        assertTrue(words.get("captions") >= 40 && episodes.get("captions") < 20, words + " " + episodes);
        assertEquals(20, episodes.get("silence"));
    }

    @Test
    void shouldHearItsOwnVoiceBetweenSilences() {
        final Episode episode = GENERATOR.episode(Family.ANSWER, 11);
        final EpisodeRun run = EpisodeRun.ofTargets(episode);
        final List<VoiceStimulus.SpokenRemark> spoken = VoiceStimulus.remarks("answer", run);
        assertFalse(spoken.isEmpty());
        final Remark first = run.remarks().stream()
                .filter(remark -> remark.words().equals(spoken.get(0).words()))
                .findFirst()
                .orElseThrow();
        final float[] voice = episode.modelVoice();
        final int from = first.tick() * Episode.TICK_SAMPLES;
        assertArrayEquals(
                Arrays.copyOfRange(voice, from, from + first.sayTicks() * Episode.TICK_SAMPLES),
                spoken.get(0).samples());
        final VoiceStimulus stimulus = new VoiceStimulus(spoken, 1);
        final List<ModelTick> quiet = Collections.nCopies(stimulus.ticks(), ModelTick.QUIET);
        final WordErrors errors = stimulus.score(quiet);
        assertEquals(spoken.stream().mapToInt(one -> one.words().size()).sum(), errors.words());
        assertEquals(errors.words(), errors.deletions());
        final float[] slot = new float[Episode.SLOT_SAMPLES];
        stimulus.copyAudio(0, 0, slot);
        for (final float sample : slot) {
            assertTrue(Math.abs(sample) < 0.01f, "faint noise before the first remark");
        }
    }

    @Test
    void shouldCountTheOwnVoiceWithItsGroup() {
        final Scores scores = new Scores();
        for (final Family family : List.of(Family.ANSWER, Family.TIMED)) {
            final Episode episode = GENERATOR.episode(family, 11);
            scores.add(new Trial(family.name(), "seed 11", episode), EpisodeRun.ofTargets(episode));
        }
        final int words =
                scores.spoken().stream().mapToInt(one -> one.words().size()).sum();
        Jobs.ofVoice(scores)
                .forEachRemaining(
                        job -> job.done(Collections.nCopies(job.stimulus().ticks(), ModelTick.QUIET)));
        assertEquals(new WordErrors(words, 0, 0, words), scores.all().get(Measure.OWN_VOICE_ERRORS));
        final long answer =
                scores.groups().get("ANSWER").get(Measure.OWN_VOICE_ERRORS).n();
        final long timed =
                scores.groups().get("TIMED").get(Measure.OWN_VOICE_ERRORS).n();
        assertTrue(answer > 0 && timed > 0 && answer + timed == words, answer + " and " + timed + " of " + words);
    }

    @Test
    void shouldWriteEverything() {
        final Scores scores = new Scores();
        final Episode episode = GENERATOR.episode(Family.HESITATION, 4);
        scores.add(new Trial("hesitation", "seed 4", episode), EpisodeRun.ofTargets(episode));
        final JsonNode json = JsonMapper.shared().readTree(ScoresJson.write(Map.of("seed", 4), scores));
        assertEquals(4, json.at("/settings/seed").asInt());
        assertEquals(1, json.at("/groups/hesitation/episodes").asInt());
        final JsonNode captions = json.at("/groups/hesitation/caption_errors");
        assertEquals(0.0, captions.at("/rate").asDouble(-1));
        assertEquals(
                scores.all().get(Measure.CAPTION_ERRORS).n(), captions.at("/n").asLong());
        assertTrue(captions.at("/high_95").asDouble() > 0);
        assertEquals(Measure.values().length, json.at("/definitions").size());
        assertEquals(
                episode.timeline().speeches().size(),
                json.at("/trials/0/speeches").size());
        assertEquals(
                scores.trials().get(0).remarks().size(),
                json.at("/trials/0/remarks").size());
    }
}
