package dev.tactus.scenario.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.scenario.Episode;
import dev.tactus.scenario.Family;
import dev.tactus.scenario.GeneratorSettings;
import dev.tactus.scenario.ScenarioGenerator;
import dev.tactus.scenario.TestSpeech;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OracleScoresTest {
    private static final int EPISODES = 8;

    private static Stream<Episode> episodes(final Family family) {
        final ScenarioGenerator generator =
                new ScenarioGenerator(GeneratorSettings.training().withFaults(0.3), TestSpeech.tones());
        return Stream.iterate(0L, seed -> seed + 1).limit(EPISODES).map(seed -> generator.episode(family, seed));
    }

    /** What every family must at least be measured by. */
    private static Set<Measure> wanted(final Family family) {
        final Set<Measure> out = EnumSet.of(Measure.FALSE_OUTPUT);
        if (family != Family.SILENCE) {
            out.add(Measure.TALK_OVER);
        }
        out.addAll(
                switch (family) {
                    case CAPTIONS -> List.of(Measure.CAPTION_RANDOM, Measure.CAPTION_LATENCY);
                    case HESITATION ->
                        List.of(
                                Measure.CAPTION_COMMAND,
                                Measure.TAKEOVER_1000,
                                Measure.TAKEOVER_2000,
                                Measure.RIGHT_REPLY);
                    case ANSWER ->
                        List.of(
                                Measure.ANSWERED,
                                Measure.RIGHT_REPLY,
                                Measure.WRONG_REMARK,
                                Measure.SPOKEN_ALOUD,
                                Measure.RESPONSE_LATENCY);
                    case INTERRUPTION -> List.of(Measure.STOP_LATENCY, Measure.STOP_OVERLAP, Measure.STOPPED);
                    case BACKCHANNEL -> List.of(Measure.RESUMED);
                    case CORRECTION -> List.of(Measure.CORRECTION_OBEYED);
                    case FLASHES -> List.of(Measure.COUNT_EXACT, Measure.COUNT_NEAR, Measure.FLASH_REACTION);
                    case CROSSING -> List.of(Measure.CROSSING_SAID, Measure.CROSSING_REACTION);
                    case TIMED -> List.of(Measure.TIMED_NEAR, Measure.TIMED_ERROR);
                    case SILENCE -> List.of();
                    case TOUR ->
                        List.of(
                                Measure.CAPTION_RANDOM,
                                Measure.RIGHT_REPLY,
                                Measure.CORRECTION_OBEYED,
                                Measure.STOP_LATENCY,
                                Measure.COUNT_EXACT,
                                Measure.CROSSING_SAID);
                });
        return out;
    }

    @ParameterizedTest
    @EnumSource(Family.class)
    void shouldScoreAPerfectModelPerfect(final Family family) {
        final Tally tally = new Tally();
        final Map<Long, EpisodeRun> runs = new TreeMap<>();
        episodes(family).forEach(episode -> runs.put(episode.seed(), EpisodeRun.ofTargets(episode)));
        runs.forEach((seed, run) -> {
            final Tally one = new Tally();
            Scorer.add(run, one);
            assertPerfect(one.results(), family + " of seed " + seed);
            Scorer.add(run, tally);
        });
        final Map<Measure, Result> results = tally.results();
        wanted(family).forEach(measure -> assertTrue(results.get(measure).n() > 0, measure + " of " + results));
        if (results.get(Measure.RESPONSE_LATENCY) instanceof Spread spread) {
            assertTrue(spread.p50() <= 600 && spread.p90() <= 600, spread::toString);
        }
        if (results.get(Measure.CAPTION_LATENCY) instanceof Spread spread) {
            assertTrue(spread.p90() <= 400, spread::toString);
        }
        if (results.get(Measure.STOP_LATENCY) instanceof Spread spread) {
            assertTrue(spread.max() <= 400, spread::toString);
        }
        if (results.get(Measure.TIMED_ERROR) instanceof Spread spread) {
            assertTrue(spread.max() <= 200, spread::toString);
        }
    }

    private static void assertPerfect(final Map<Measure, Result> results, final String where) {
        results.forEach((measure, result) -> {
            final String what = where + ": " + measure + " " + result;
            if (result instanceof Rate rate) {
                final boolean bad = measure.name().startsWith("TAKEOVER") || measure == Measure.WRONG_REMARK;
                assertEquals(bad ? 0 : rate.n(), rate.hits(), what);
            } else if (result instanceof WordErrors errors) {
                assertEquals(0, errors.errors(), what);
            } else if (result instanceof PerMinute minutes) {
                assertEquals(0, minutes.events(), what);
            }
        });
    }

    @Test
    void shouldScoreAQuietModelAsOneThatDoesNothing() {
        final Tally tally = new Tally();
        for (final Family family : Family.values()) {
            episodes(family).limit(3).forEach(episode -> {
                final List<ModelTick> quiet = Collections.nCopies(episode.ticks(), ModelTick.QUIET);
                Scorer.add(new EpisodeRun(episode, quiet, Episode.TEXT_OUT_MAX), tally);
            });
        }
        final Map<Measure, Result> results = new EnumMap<>(tally.results());
        final WordErrors captions = (WordErrors) results.get(Measure.CAPTION_ERRORS);
        assertEquals(captions.words(), captions.deletions());
        assertEquals(captions.words(), captions.errors());
        assertEquals(0, ((PerMinute) results.get(Measure.FALSE_OUTPUT)).events());
        assertEquals(0, ((PerMinute) results.get(Measure.TALK_OVER)).events());
        for (final Measure measure : List.of(
                Measure.TAKEOVER_1000,
                Measure.ANSWERED,
                Measure.RIGHT_REPLY,
                Measure.WRONG_REMARK,
                Measure.CORRECTION_OBEYED,
                Measure.COUNT_EXACT,
                Measure.FLASH_SAID,
                Measure.CROSSING_SAID,
                Measure.TIMED_NEAR)) {
            final Rate rate = (Rate) results.get(measure);
            assertTrue(rate.n() > 0, measure::name);
            assertEquals(0, rate.hits(), measure::name);
        }
        for (final Measure measure : List.of(
                Measure.CAPTION_LATENCY,
                Measure.RESPONSE_LATENCY,
                Measure.STOP_LATENCY,
                Measure.STOPPED,
                Measure.SPOKEN_ALOUD,
                Measure.RESUMED,
                Measure.FLASH_REACTION,
                Measure.TIMED_ERROR)) {
            assertEquals(0, results.get(measure).n(), measure::name);
        }
    }

    @Test
    void shouldNotTakeAModelThatOnlyWritesForAPerfectOne() {
        final Tally tally = new Tally();
        for (final Family family : List.of(Family.ANSWER, Family.INTERRUPTION, Family.BACKCHANNEL)) {
            episodes(family).limit(3).forEach(episode -> {
                final List<ModelTick> mute = EpisodeRun.ofTargets(episode).ticks().stream()
                        .map(tick -> new ModelTick(tick.hear(), tick.speak(), false, tick.cut()))
                        .toList();
                Scorer.add(new EpisodeRun(episode, mute, Episode.TEXT_OUT_MAX), tally);
            });
        }
        final Map<Measure, Result> results = tally.results();
        final Rate aloud = (Rate) results.get(Measure.SPOKEN_ALOUD);
        assertTrue(aloud.hits() == 0 && aloud.n() > 5, aloud::toString);
        assertEquals(0, results.get(Measure.STOPPED).n());
        assertEquals(0, results.get(Measure.RESUMED).n());
    }
}
