package dev.tactus.scenario.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.scenario.Episode;
import dev.tactus.scenario.Family;
import dev.tactus.scenario.GeneratorSettings;
import dev.tactus.scenario.ScenarioGenerator;
import dev.tactus.scenario.TestSpeech;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class EpisodeStimulusTest {
    private static final ScenarioGenerator GENERATOR =
            new ScenarioGenerator(GeneratorSettings.training().withFaults(0.5), TestSpeech.tones());

    @Test
    void shouldCutAPerfectModelWhereTheEpisodeSaysSoAndAQuietOneNever() {
        int cuts = 0;
        for (final Family family : List.of(Family.INTERRUPTION, Family.ANSWER, Family.FLASHES, Family.TIMED)) {
            for (long seed = 0; seed < 8; seed++) {
                final Episode episode = GENERATOR.episode(family, seed);
                final EpisodeStimulus stimulus = new EpisodeStimulus(episode);
                final List<ModelTick> perfect = EpisodeRun.ofTargets(episode).ticks();
                final List<ModelTick> quiet = Collections.nCopies(episode.ticks(), ModelTick.QUIET);
                for (int t = 0; t < episode.ticks(); t++) {
                    final String where = family + " of seed " + seed + ", tick " + t;
                    assertEquals(episode.tick(t).cut(), stimulus.isCut(t, perfect.subList(0, t)), where);
                    assertFalse(stimulus.isCut(t, quiet.subList(0, t)), where);
                    cuts += episode.tick(t).cut() ? 1 : 0;
                }
            }
        }
        assertTrue(cuts > 10, "only " + cuts + " cuts were looked at");
    }

    @Test
    void shouldCutAModelThatSpeaksOnWhereAPerfectOneIsSilent() {
        // "stop" ends at 2.9 s and is known in tick 15; nobody expects speech here
        final Episode episode =
                new ScriptedEpisode().word(2500, 2900, "stop", "STOP").episode();
        final List<ModelTick> talking =
                new ScriptedEpisode().says(5, "one two", 30).run().ticks();
        final EpisodeStimulus stimulus = new EpisodeStimulus(episode);
        for (int t = 0; t < 30; t++) {
            assertEquals(t == 16, stimulus.isCut(t, talking.subList(0, t)), "tick " + t);
        }
        final List<ModelTick> newlyBegun =
                new ScriptedEpisode().says(15, "one two", 9).run().ticks();
        assertFalse(stimulus.isCut(16, newlyBegun.subList(0, 16)));
    }
}
