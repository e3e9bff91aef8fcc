package dev.tactus.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.scenario.Timeline.HeardWord;
import dev.tactus.scenario.Timeline.Speech;
import dev.tactus.scenario.language.Grammar;
import dev.tactus.scenario.language.Vocabulary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What must hold in every episode, whoever speaks. */
class TimelineRulesTest {
    private static final int SEEDS = 200;
    private static final Map<Family, List<ScenarioGenerator.Draft>> DRAFTS = new EnumMap<>(Family.class);

    @BeforeAll
    static void write() {
        final GeneratorSettings settings = GeneratorSettings.training().withFaults(0.3);
        final ScenarioGenerator generator = new ScenarioGenerator(settings, new ToneSpeech());
        for (final Family family : Family.values()) {
            final List<ScenarioGenerator.Draft> drafts = new ArrayList<>();
            for (long seed = 0; seed < SEEDS; seed++) {
                drafts.add(generator.draft(family, seed));
            }
            DRAFTS.put(family, drafts);
        }
    }

    private interface Check {
        void check(ScenarioGenerator.Draft draft, String where);
    }

    private static void everywhere(final Check check) {
        DRAFTS.forEach((family, drafts) -> {
            for (int seed = 0; seed < drafts.size(); seed++) {
                check.check(drafts.get(seed), family + " " + seed);
            }
        });
    }

    private static int count(final Family family, final ToIntFunction<Timeline> what) {
        return DRAFTS.get(family).stream()
                .mapToInt(draft -> what.applyAsInt(draft.timeline()))
                .sum();
    }

    @Test
    void shouldKeepWordsInsideAndOneSpeakersWordsApart() {
        everywhere((draft, where) -> {
            final Map<String, Integer> ends = new HashMap<>();
            for (final HeardWord word : draft.timeline().words()) {
                assertTrue(word.startMs() >= ends.getOrDefault(word.voice(), 0), () -> where + " " + word);
                assertTrue(word.endMs() > word.startMs(), () -> where + " " + word);
                assertTrue(word.endMs() <= draft.script().lengthMs() - 1000, () -> where + " " + word);
                ends.put(word.voice(), word.endMs());
            }
        });
    }

    @Test
    void shouldShowEveryWordOnceOneTickAfterItsEnd() {
        everywhere((draft, where) -> {
            final List<Integer> shown = new ArrayList<>();
            final List<Integer> ticks = new ArrayList<>();
            final Targets targets = draft.behaviour().targets();
            for (int tick = 0; tick < targets.hear().length; tick++) {
                for (final int id : targets.hear()[tick]) {
                    shown.add(id);
                    ticks.add(tick);
                }
            }
            final List<HeardWord> words = draft.script().wordsByEnd();
            assertEquals(words.stream().map(word -> Vocabulary.id(word.text())).toList(), shown, where);
            for (int i = 0; i < words.size(); i++) {
                assertEquals((words.get(i).endMs() - 1) / 200 + 1, ticks.get(i), where + " " + words.get(i));
            }
        });
    }

    @Test
    void shouldNeverSpeakInAHesitation() {
        int pauses = 0;
        for (final ScenarioGenerator.Draft draft : DRAFTS.get(Family.HESITATION)) {
            for (final Timeline.Pause pause : draft.timeline().pauses()) {
                final String where = pause + " of " + draft.timeline();
                pauses += pause.hesitation() ? 1 : 0;
                for (final Speech speech : draft.timeline().speeches()) {
                    assertFalse(
                            pause.hesitation()
                                    && speech.startMs() > pause.startMs() + 200
                                    && speech.startMs() <= pause.endMs() + 200
                                    && speech.causeMs() >= pause.startMs() - 1,
                            where);
                }
            }
        }
        assertTrue(pauses > SEEDS / 2, pauses + " pauses");
    }

    @Test
    void shouldAnswerEveryCompleteCommandTwoTicksAfterIt() {
        for (final Family family : List.of(Family.HESITATION, Family.ANSWER, Family.CORRECTION)) {
            for (final ScenarioGenerator.Draft draft : DRAFTS.get(family)) {
                final Timeline timeline = draft.timeline();
                for (final Timeline.Turn turn : timeline.turns()) {
                    final Grammar.Parse parse = Grammar.parse(Vocabulary.split(turn.text()));
                    assertEquals(
                            turn.complete(), parse.status() == Grammar.Status.COMPLETE, () -> turn + " of " + family);
                    final List<Speech> answers = timeline.speeches().stream()
                            .filter(speech ->
                                    speech.reason() == Timeline.Reason.REPLY && speech.causeMs() == turn.endMs())
                            .toList();
                    assertEquals(turn.complete() ? 1 : 0, answers.size(), () -> turn + " of " + timeline);
                    for (final Speech answer : answers) {
                        final int early = (turn.endMs() + 400 - 1) / 200;
                        assertTrue(answer.tick() >= early, () -> answer + " of " + timeline);
                        assertEquals(
                                String.join(" ", parse.command().orElseThrow().reply()), answer.text());
                    }
                }
            }
        }
        assertTrue(count(Family.ANSWER, timeline -> timeline.typed().size()) > 20);
        assertTrue(count(Family.CORRECTION, timeline -> timeline.speeches().size()) > SEEDS);
    }

    @Test
    void shouldEndSpeechWhenInterruptedAndTellTheModelOfIt() {
        final BitSet phases = new BitSet();
        int interruptions = 0;
        for (final ScenarioGenerator.Draft draft : DRAFTS.get(Family.INTERRUPTION)) {
            final Targets targets = draft.behaviour().targets();
            for (final Timeline.Interruption one : draft.timeline().interruptions()) {
                interruptions++;
                phases.set(one.startMs() % 200 / 10);
                assertEquals((one.knownMs() - 1) / 200 + 1, one.tick(), one::toString);
                assertTrue(targets.say().get(one.tick() - 1), one::toString);
                assertFalse(targets.say().get(one.tick()), one::toString);
                assertTrue(targets.cuts().get(one.tick() + 1), one::toString);
                assertTrue(
                        draft.timeline().speeches().stream()
                                .anyMatch(speech ->
                                        speech.interrupted() && speech.tick() + speech.sayTicks() == one.tick()),
                        one::toString);
            }
        }
        assertTrue(interruptions > SEEDS / 2, interruptions + " interruptions");
        assertEquals(20, phases.cardinality(), "every 10 ms of a tick: " + phases);
    }

    @Test
    void shouldSpeakOnWhileSomebodyElseTalks() {
        int talk = 0;
        for (final ScenarioGenerator.Draft draft : DRAFTS.get(Family.BACKCHANNEL)) {
            assertEquals(List.of(), draft.timeline().interruptions());
            for (final Speech speech : draft.timeline().speeches()) {
                talk += draft.script().speaksWithin(speech.startMs(), speech.endMs()) ? 1 : 0;
                assertFalse(speech.interrupted() && draft.script().faults.cuts().isEmpty(), speech::toString);
            }
        }
        assertTrue(talk > SEEDS / 2, talk + " speeches with talk");
    }

    @Test
    void shouldCountFlashesAndAnnounceCrossingsOnce() {
        int numbers = 0;
        for (final ScenarioGenerator.Draft draft : DRAFTS.get(Family.FLASHES)) {
            int expected = 1;
            for (final Timeline.Flash flash : draft.timeline().flashes()) {
                assertTrue(Oracle.visibleTick(flash.startMs()) * 200 < flash.endMs(), flash + " is in no frame");
                assertFalse(
                        draft.script().faults.missingFrames().get(Oracle.visibleTick(flash.startMs())),
                        flash + " is in a missing frame");
                if (flash.number() > 0) {
                    assertEquals(expected++, flash.number());
                    numbers++;
                }
            }
        }
        assertTrue(numbers > 2 * SEEDS, numbers + " flashes counted");
        int announced = 0;
        for (final ScenarioGenerator.Draft draft : DRAFTS.get(Family.CROSSING)) {
            int here = 0;
            for (final Timeline.Crossing one : draft.timeline().crossings()) {
                assertEquals(0, draft.scene().distance(one.atMs()), 0.1, one::toString);
                here += one.announced() ? 1 : 0;
            }
            assertTrue(here <= 1, draft.timeline()::toString);
            announced += here;
        }
        assertTrue(announced > SEEDS / 2, announced + " crossings announced");
    }

    @Test
    void shouldSayDelayedWordsWhenTheyAreDue() {
        int delayed = 0;
        for (final ScenarioGenerator.Draft draft : DRAFTS.get(Family.TIMED)) {
            for (final Speech speech : draft.timeline().speeches()) {
                if (speech.reason() == Timeline.Reason.DELAYED) {
                    delayed++;
                    assertEquals(speech.causeMs(), speech.startMs(), 100, draft.timeline()::toString);
                }
            }
        }
        assertTrue(delayed > SEEDS / 2, delayed + " delayed words");
    }

    @Test
    void shouldBeQuietWhereNobodyAsks() {
        for (final Family family : List.of(Family.CAPTIONS, Family.SILENCE)) {
            assertEquals(0, count(family, timeline -> timeline.speeches().size()), family::name);
        }
        assertTrue(count(Family.CAPTIONS, timeline -> timeline.words().size()) > 10 * SEEDS);
    }

    @Test
    void shouldBreakThingsOfEveryKindAndStayDecidable() {
        final int[] kinds = new int[4];
        everywhere((draft, where) -> {
            final Faults faults = draft.script().faults;
            kinds[0] += faults.absentSlots().cardinality();
            kinds[1] += faults.missingFrames().cardinality();
            kinds[2] += faults.skippedTicks().cardinality();
            kinds[3] += faults.cuts().cardinality();
            final Targets targets = draft.behaviour().targets();
            faults.skippedTicks().stream().forEach(tick -> {
                assertEquals(0, targets.hear()[tick].length + targets.speak()[tick].length, where);
                assertFalse(targets.say().get(tick), where);
                assertEquals(0, targets.typed()[tick].length, where);
                assertFalse(draft.script().speaksWithin(tick * 200, (tick + 1) * 200), where);
                assertFalse(faults.skippedTicks().nextClearBit(tick) > tick + 5, where);
            });
            for (final HeardWord word : draft.timeline().words()) {
                final int lost = faults.absentSlots()
                        .get(word.startMs() / 50, Math.ceilDiv(word.endMs(), 50))
                        .cardinality();
                assertTrue(lost <= 1, () -> where + ": " + word + " loses " + lost + " slots");
            }
        });
        for (final int kind : kinds) {
            assertTrue(kind > 50, () -> Arrays.toString(kinds));
        }
    }
}
