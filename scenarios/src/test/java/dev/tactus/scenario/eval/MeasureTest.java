package dev.tactus.scenario.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MeasureTest {
    private static ScriptedEpisode episode() {
        return new ScriptedEpisode();
    }

    private static void assertTimes(final Result result, final double... values) {
        assertEquals(Spread.of(values), result);
    }

    @Test
    void shouldCountSubstitutionsInsertionsAndDeletionsApart() {
        final Map<Measure, Result> results = episode()
                .word(1000, 1300, "red")
                .word(1400, 1700, "blue")
                .word(1800, 2100, "green")
                .word(2200, 2500, "coffee")
                .hears(7, "red")
                .hears(9, "white")
                .hears(11, "up green")
                .results();
        final WordErrors errors = (WordErrors) results.get(Measure.CAPTION_ERRORS);
        assertEquals(4, errors.words());
        assertEquals(3, errors.errors());
        // "white" and "up" stand where "blue" was: one of them is wrong, the other too many; "coffee" never came
        assertEquals(new WordErrors(4, 1, 1, 1), errors);
        assertEquals(errors, results.get(Measure.CAPTION_RANDOM));
        assertNull(results.get(Measure.CAPTION_COMMAND));
        assertTimes(results.get(Measure.CAPTION_LATENCY), 300, 300);
    }

    @Test
    void shouldLeaveOutWordsThatEndTooLateToBeShown() {
        final ScriptedEpisode late =
                episode().word(1000, 1300, "red").word(9200, 9401, "blue").hears(7, "red");
        assertEquals(new WordErrors(1, 0, 0, 0), late.results().get(Measure.CAPTION_ERRORS));
        // shown all the same, it is no insertion
        assertEquals(
                new WordErrors(1, 0, 0, 0), late.hears(48, "blue").results().get(Measure.CAPTION_ERRORS));
        assertEquals(
                new WordErrors(2, 0, 0, 1),
                episode()
                        .word(1000, 1300, "red")
                        .word(9200, 9400, "blue")
                        .hears(7, "red")
                        .results()
                        .get(Measure.CAPTION_ERRORS));
    }

    @Test
    void shouldTellCommandsFromRandomWords() {
        final Map<Measure, Result> results = episode()
                .word(1000, 1300, "computer", "COMMAND")
                .word(3000, 3300, "blue")
                .word(5000, 5300, "yes", "BACKCHANNEL")
                .hears(7, "computer")
                .results();
        assertEquals(new WordErrors(3, 0, 0, 2), results.get(Measure.CAPTION_ERRORS));
        assertEquals(new WordErrors(1, 0, 0, 0), results.get(Measure.CAPTION_COMMAND));
        assertEquals(new WordErrors(1, 0, 0, 1), results.get(Measure.CAPTION_RANDOM));
    }

    @Test
    void shouldTakeTheNearestOfEqualWordsForTheLatency() {
        final Map<Measure, Result> results = episode()
                .word(1000, 1300, "red")
                .word(4000, 4300, "red")
                .hears(22, "red")
                .results();
        assertEquals(new WordErrors(2, 0, 0, 1), results.get(Measure.CAPTION_ERRORS));
        assertTimes(results.get(Measure.CAPTION_LATENCY), 300);
    }

    @Test
    void shouldCountWhatBeginsInAPauseAsTakeover() {
        // the pause is from 2.0 to 2.8 s; tick 9 ends at 2.0 s, tick 15 at 3.2 s, a reply lag after the pause
        for (int tick = 9; tick <= 17; tick++) {
            final Map<Measure, Result> results =
                    episode().pause(2000, 2800).says(tick, "okay", 1).results();
            final Rate wanted = new Rate(tick >= 10 && tick <= 15 ? 1 : 0, 1);
            assertEquals(wanted, results.get(Measure.TAKEOVER_1000), "tick " + tick);
            assertEquals(wanted, results.get(Measure.TAKEOVER_500_1000), "tick " + tick);
            assertNull(results.get(Measure.TAKEOVER_500));
        }
    }

    @Test
    void shouldNotCallItATakeoverWhenSpeechGoesOnOrSomethingElseIsDue() {
        final ScriptedEpisode goingOn = episode()
                .pause(2000, 2400)
                .speech("REPLY", "one two three", 1000, 5, 12)
                .says(5, "one two three", 12);
        assertEquals(new Rate(0, 1), goingOn.results().get(Measure.TAKEOVER_500));
        final ScriptedEpisode due =
                episode().pause(2000, 3500).speech("FLASH", "two", 2100, 11, 2).says(11, "two", 2);
        assertEquals(new Rate(0, 1), due.results().get(Measure.TAKEOVER_2000));
        final ScriptedEpisode wrong =
                episode().pause(2000, 5500).speech("FLASH", "two", 2100, 11, 2).says(11, "three", 2);
        assertEquals(new Rate(1, 1), wrong.results().get(Measure.TAKEOVER_ABANDONED));
    }

    @Test
    void shouldSeeATakeoverOfAPauseThatIsShorterThanAReplyTakes() {
        // a model that takes the word before the pause for the last answers 400 ms after it, when the pause is over
        final ScriptedEpisode fooled = episode().pause(2000, 2200).says(11, "okay", 2);
        assertEquals(new Rate(1, 1), fooled.results().get(Measure.TAKEOVER_500));
        final ScriptedEpisode goesOn = episode().pause(2000, 2200).says(8, "okay", 3);
        assertEquals(new Rate(1, 1), goesOn.results().get(Measure.TAKEOVER_500), "speech that nobody asked for");
        final ScriptedEpisode wrong =
                episode().pause(2000, 2200).speech("REPLY", "red", 2400, 13, 2).says(12, "blue", 2);
        assertEquals(new Rate(0, 1), wrong.results().get(Measure.TAKEOVER_500), "the command is over");
    }

    @Test
    void shouldSeeTalkOverRandomWords() {
        final ScriptedEpisode talks = episode();
        for (int i = 0; i < 18; i++) {
            talks.word(400 + 500 * i, 700 + 500 * i, "red");
        }
        for (int t = 0; t < 45; t++) {
            talks.says(t, "blue", 1);
        }
        // nobody talks in the two first ticks
        assertEquals(new PerMinute(43, 48), talks.results().get(Measure.TALK_OVER));
        assertEquals(new PerMinute(2, 2), talks.results().get(Measure.FALSE_OUTPUT));
        final ScriptedEpisode answer = episode()
                .word(1000, 1400, "red", "COMMAND")
                .speech("REPLY", "red", 1400, 8, 2)
                .says(8, "blue", 2);
        assertEquals(new PerMinute(0, 7), answer.results().get(Measure.TALK_OVER));
    }

    @Test
    void shouldNotTakeEndlessSpeechForAnAnswer() {
        final ScriptedEpisode endless = episode()
                .pause(4000, 4800)
                .pause(6000, 6400)
                .speech("REPLY", "red", 1000, 6, 2)
                .says(6, "red", 44);
        final Map<Measure, Result> results = endless.results();
        assertEquals(new Rate(1, 1), results.get(Measure.RIGHT_REPLY));
        assertEquals(new Rate(2, 2), results.get(Measure.TAKEOVER_1000));
        // two ticks, and two more, are the answer; six are in pauses
        assertEquals(new PerMinute(34, 44), results.get(Measure.FALSE_OUTPUT));
        assertEquals(new PerMinute(6, 6), results.get(Measure.TALK_OVER));
        final ScriptedEpisode slow =
                episode().speech("REPLY", "red", 1000, 6, 2).says(6, "red", 4);
        assertEquals(new PerMinute(0, 50), slow.results().get(Measure.FALSE_OUTPUT));
        final ScriptedEpisode slower =
                episode().speech("REPLY", "red", 1000, 6, 2).says(6, "red", 5);
        assertEquals(new PerMinute(1, 50), slower.results().get(Measure.FALSE_OUTPUT));
    }

    @Test
    void shouldLetASpeechThatIsInterruptedLastUntilThen() {
        final ScriptedEpisode late =
                episode().speech("REPLY", "one two three", 1000, 6, 10, true).says(8, "one two three", 10);
        assertEquals(new PerMinute(0, 50), late.results().get(Measure.FALSE_OUTPUT));
        final ScriptedEpisode early =
                episode().speech("REPLY", "one two three", 1000, 9, 2, true).says(5, "one two three", 10);
        // interrupted in tick 11, and two more
        assertEquals(new PerMinute(2, 50), early.results().get(Measure.FALSE_OUTPUT));
    }

    @Test
    void shouldSeeGuesses() {
        final ScriptedEpisode guesses = episode()
                .speech("REPLY", "blue", 1000, 6, 2)
                .says(6, "one", 1)
                .says(7, "two", 1)
                .says(8, "three", 1)
                .says(9, "blue", 1);
        assertEquals(new Rate(1, 1), guesses.results().get(Measure.RIGHT_REPLY));
        assertEquals(new Rate(1, 1), guesses.results().get(Measure.WRONG_REMARK));
        final ScriptedEpisode apart = episode()
                .speech("REPLY", "blue", 1000, 6, 2)
                .speech("REPLY", "red", 2000, 11, 2)
                .speech("REPLY", "white", 5000, 26, 2)
                .says(6, "blue", 1)
                .says(12, "white", 1)
                .says(26, "white", 1);
        assertEquals(new Rate(1, 3), apart.results().get(Measure.WRONG_REMARK), "of the second alone");
    }

    @Test
    void shouldMissSpeechWhereThereIsTextAlone() {
        final ScriptedEpisode mute = episode()
                .turn(2000, 2300, "yes", "BACKCHANNEL")
                .interruption(2500, 2900, 15)
                .speech("REPLY", "one two three", 1000, 6, 9, true)
                .speaks(6, "one two three");
        final Map<Measure, Result> results = mute.results();
        assertEquals(new Rate(1, 1), results.get(Measure.RIGHT_REPLY));
        assertEquals(new Rate(0, 1), results.get(Measure.SPOKEN_ALOUD));
        assertEquals(new Rate(0, 0), results.get(Measure.STOPPED));
        assertEquals(Spread.of(), results.get(Measure.STOP_LATENCY));
        assertEquals(new Rate(0, 0), results.get(Measure.RESUMED));
        final Scores scores = new Scores();
        scores.add(new Trial("answer", "by hand", mute.episode()), mute.run());
        assertEquals(WordErrors.NONE, scores.groups().get("answer").get(Measure.OWN_VOICE_ERRORS));
        final String json = new String(ScoresJson.write(Map.of(), scores), StandardCharsets.UTF_8);
        assertFalse(json.contains("NaN"), json);
        assertEquals(new Rate(1, 1), mute.says(6, "one two three", 1).results().get(Measure.SPOKEN_ALOUD));
    }

    @Test
    void shouldNotTakeNewTextForAStop() {
        final ScriptedEpisode talks = episode()
                .interruption(2500, 2900, 15)
                .speech("REPLY", "one two three", 1000, 8, 7, true)
                .says(8, "one two three", 7);
        assertEquals(new Rate(1, 1), talks.results().get(Measure.STOPPED));
        for (int t = 15; t <= 30; t++) {
            talks.says(t, "red", 1);
        }
        assertTimes(talks.results().get(Measure.STOP_LATENCY), 32 * 200 - 2900);
        assertEquals(new Rate(0, 1), talks.results().get(Measure.STOPPED));
        final ScriptedEpisode cut = episode().cut(12).says(8, "one two", 4).puts(12, "", "red", true, true);
        assertEquals(new Rate(0, 1), cut.results().get(Measure.CUT_OBEYED));
        cut.speech("REPLY", "red", 1800, 12, 2);
        assertEquals(new Rate(1, 1), cut.results().get(Measure.CUT_OBEYED), "what comes next");
    }

    @Test
    void shouldMeasureRepliesAndTheirLatency() {
        final Map<Measure, Result> results = episode()
                .speech("REPLY", "red", 1000, 6, 2)
                .speech("REPLY", "okay circle red", 4000, 21, 3)
                .speech("REPLY", "two", 7000, 36, 2)
                .speech("REPLY", "two", 9100, 47, 2)
                .says(6, "red", 2)
                .says(22, "okay square red", 3)
                .results();
        assertEquals(new Rate(2, 3), results.get(Measure.ANSWERED), "the last one comes too near to the end");
        assertEquals(new Rate(1, 3), results.get(Measure.RIGHT_REPLY));
        assertTimes(results.get(Measure.RESPONSE_LATENCY), 400, 600);
    }

    @Test
    void shouldNotTakeAnAnswerThatComesBeforeTheEndOfTheCommandOrTooLate() {
        final ScriptedEpisode early =
                episode().speech("REPLY", "red", 1001, 7, 2).says(4, "red", 2);
        assertEquals(new Rate(0, 1), early.results().get(Measure.ANSWERED));
        final ScriptedEpisode late =
                episode().speech("REPLY", "red", 1000, 6, 2).says(20, "red", 2);
        assertEquals(new Rate(0, 1), late.results().get(Measure.ANSWERED));
        final ScriptedEpisode just =
                episode().speech("REPLY", "red", 1000, 6, 2).says(19, "red", 2);
        assertEquals(new Rate(1, 1), just.results().get(Measure.RIGHT_REPLY));
    }

    @Test
    void shouldJoinTextThatHadNoRoomAndNoOther() {
        final ScriptedEpisode full = episode()
                .speech("REPLY", "one two three four five six seven", 1000, 6, 9)
                .says(6, "one two three four five six", 1)
                .puts(7, "", "seven", true, false);
        assertEquals(new Rate(1, 1), full.results().get(Measure.RIGHT_REPLY));
        final ScriptedEpisode crowded = episode()
                .speech("REPLY", "one two three", 1000, 6, 9)
                .puts(6, "red red red red", "one two", true, false)
                .puts(7, "", "three", true, false);
        assertEquals(new Rate(1, 1), crowded.results().get(Measure.RIGHT_REPLY));
        final ScriptedEpisode halting = episode()
                .speech("REPLY", "one two", 1000, 6, 2)
                .says(6, "one", 1)
                .says(7, "two", 1);
        assertEquals(new Rate(0, 1), halting.results().get(Measure.RIGHT_REPLY));
    }

    @Test
    void shouldAcceptTheBeginningOfAnInterruptedReplyOnly() {
        final ScriptedEpisode cut = episode()
                .speech("REPLY", "one two three four five six seven", 1000, 6, 1, true)
                .says(6, "one two three four five six", 1);
        assertEquals(new Rate(1, 1), cut.results().get(Measure.RIGHT_REPLY));
        final ScriptedEpisode other =
                episode().speech("REPLY", "one two three", 1000, 6, 1, true).says(6, "two", 1);
        assertEquals(new Rate(0, 1), other.results().get(Measure.RIGHT_REPLY));
        final ScriptedEpisode whole =
                episode().speech("REPLY", "one two three", 1000, 6, 1, false).says(6, "one", 1);
        assertEquals(new Rate(0, 1), whole.results().get(Measure.RIGHT_REPLY));
    }

    @Test
    void shouldJudgeCorrectionsByTheReply() {
        final ScriptedEpisode said = episode()
                .turn(1000, 3000, "computer move the red no blue circle up", "COMMAND")
                .turn(5000, 6000, "computer say red", "COMMAND")
                .speech("REPLY", "okay blue circle up", 3000, 16, 4)
                .speech("REPLY", "red", 6000, 31, 4);
        assertEquals(new Rate(0, 1), said.results().get(Measure.CORRECTION_OBEYED));
        said.says(16, "okay red circle up", 4).says(31, "red", 2);
        assertEquals(new Rate(0, 1), said.results().get(Measure.CORRECTION_OBEYED));
        said.says(16, "okay blue circle up", 4);
        assertEquals(new Rate(1, 1), said.results().get(Measure.CORRECTION_OBEYED));
    }

    @Test
    void shouldJudgeACorrectedTimeByTheMoment() {
        for (final int tick : new int[] {19, 24}) {
            final ScriptedEpisode typed = episode()
                    .typed(1000, "computer in two no three seconds say red")
                    .speech("REPLY", "okay", 1000, 6, 2)
                    .speech("DELAYED", "red", 4000, 19, 2)
                    .says(6, "okay", 2)
                    .says(tick, "red", 2);
            assertEquals(
                    new Rate(tick == 19 ? 1 : 0, 1), typed.results().get(Measure.CORRECTION_OBEYED), "tick " + tick);
        }
    }

    @Test
    void shouldMeasureStopLatencyToTheLastBlockThatIsHeard() {
        // "stop" is from 2.5 to 2.9 s: a perfect model speaks no more from tick 15 on, which ends at 3.2 s
        for (int last = 12; last < 20; last++) {
            final Map<Measure, Result> results = episode()
                    .interruption(2500, 2900, 15)
                    .says(8, "one two three", last - 8 + 1)
                    .results();
            if (last < 13) {
                assertEquals(0, results.get(Measure.STOP_LATENCY).n(), "it was over before");
            } else {
                final int latencyMs = Math.max(0, (last + 2) * 200 - 2900);
                assertTimes(results.get(Measure.STOP_LATENCY), latencyMs);
                assertTimes(results.get(Measure.STOP_OVERLAP), latencyMs + 400);
                assertEquals(new Rate(latencyMs <= 400 ? 1 : 0, 1), results.get(Measure.STOPPED), "tick " + last);
            }
        }
    }

    @Test
    void shouldNotCountTheNextAnswerAsOverlap() {
        final Map<Measure, Result> results = episode()
                .interruption(2500, 2900, 15)
                .speech("REPLY", "red", 2600, 15, 3)
                .says(8, "one two three", 7)
                .says(15, "red", 3)
                .results();
        assertTimes(results.get(Measure.STOP_LATENCY), 300);
        final ScriptedEpisode later = episode().interruption(2500, 2900, 15).says(15, "red", 3);
        assertEquals(0, later.results().get(Measure.STOP_LATENCY).n());
        final ScriptedEpisode text = episode().interruption(2500, 2900, 15).speaks(14, "red");
        assertEquals(0, text.results().get(Measure.STOP_LATENCY).n(), "text alone is not heard");
    }

    @Test
    void shouldJudgeCutsOfTheListenersSide() {
        final ScriptedEpisode stopped = episode().cut(12).says(8, "one two", 4).puts(12, "", "", false, true);
        assertEquals(new Rate(1, 1), stopped.results().get(Measure.CUT_OBEYED));
        final ScriptedEpisode goesOn = episode().cut(12).says(8, "one two", 6).puts(12, "", "", true, true);
        assertEquals(new Rate(0, 1), goesOn.results().get(Measure.CUT_OBEYED));
        final ScriptedEpisode explained = episode()
                .interruption(1900, 2100, 11)
                .cut(12)
                .says(8, "one two", 6)
                .puts(12, "", "", true, true);
        assertNull(explained.results().get(Measure.CUT_OBEYED));
    }

    @Test
    void shouldAskForSpeechThatGoesOnAfterABackchannel() {
        // "yes" is from 2.0 to 2.3 s: speech must go on in tick 12
        for (int last = 9; last < 16; last++) {
            final Map<Measure, Result> results = episode()
                    .turn(2000, 2300, "yes", "BACKCHANNEL")
                    .speech("REPLY", "one two three", 1000, 6, 10)
                    .says(6, "one two three", last - 6 + 1)
                    .results();
            assertEquals(new Rate(last >= 12 ? 1 : 0, 1), results.get(Measure.RESUMED), "last tick " + last);
        }
    }

    @Test
    void shouldNotAskForSpeechThatWouldBeOverAnyway() {
        final ScriptedEpisode shortOne = episode()
                .turn(2000, 2300, "yes", "BACKCHANNEL")
                .speech("REPLY", "one", 1000, 6, 6)
                .says(6, "one", 6);
        assertNull(shortOne.results().get(Measure.RESUMED));
        final ScriptedEpisode silent =
                episode().turn(2000, 2300, "yes", "BACKCHANNEL").speech("REPLY", "one two", 1000, 6, 10);
        assertEquals(new Rate(0, 0), silent.results().get(Measure.RESUMED));
        final ScriptedEpisode command = episode()
                .turn(2000, 2300, "computer say one", "COMMAND")
                .speech("REPLY", "one two", 1000, 6, 10)
                .says(6, "one two", 5);
        assertNull(command.results().get(Measure.RESUMED));
    }

    @Test
    void shouldCompareTheLastNumberOfACount() {
        final String[] said = {"one", "two", "three", "four", "five", "red", ""};
        final int[] off = {2, 1, 0, 1, 2, 2, 2}; // 'one' stays when the last word is no number or nothing
        for (int i = 0; i < said.length; i++) {
            final ScriptedEpisode episode = episode()
                    .speech("FLASH", "one", 1000, 5, 2)
                    .speech("FLASH", "two", 2500, 12, 2)
                    .speech("FLASH", "three", 4000, 20, 2)
                    .says(5, "one", 2);
            if (!said[i].isEmpty()) {
                episode.says(20, said[i], 2);
            }
            final Map<Measure, Result> results = episode.results();
            assertEquals(new Rate(off[i] == 0 ? 1 : 0, 1), results.get(Measure.COUNT_EXACT), said[i]);
            assertEquals(new Rate(off[i] <= 1 ? 1 : 0, 1), results.get(Measure.COUNT_NEAR), said[i]);
            assertEquals(3, results.get(Measure.FLASH_SAID).n());
        }
        assertEquals(
                new Rate(0, 1),
                episode().speech("FLASH", "one", 1000, 5, 2).results().get(Measure.COUNT_EXACT));
    }

    @Test
    void shouldTimeFlashesAndCrossings() {
        final Map<Measure, Result> results = episode()
                .speech("FLASH", "one", 1100, 6, 2)
                .says(6, "one", 2)
                .speech("CROSSING", "now", 4000, 20, 2)
                .says(18, "now", 2)
                .results();
        assertTimes(results.get(Measure.FLASH_REACTION), 300);
        assertEquals(new Rate(1, 1), results.get(Measure.CROSSING_SAID));
        assertTimes(results.get(Measure.CROSSING_REACTION), -200);
        final ScriptedEpisode late =
                episode().speech("CROSSING", "now", 4000, 20, 2).says(25, "now", 2);
        assertEquals(new Rate(0, 1), late.results().get(Measure.CROSSING_SAID));
    }

    @Test
    void shouldAcceptTimedSpeechWithinFourHundredMilliseconds() {
        for (int tick = 10; tick < 30; tick++) {
            final int errorMs = Math.abs((tick + 1) * 200 - 4000);
            final Map<Measure, Result> results = episode()
                    .speech("DELAYED", "red", 4000, 19, 2)
                    .says(tick, "red", 2)
                    .results();
            assertEquals(new Rate(errorMs <= 400 ? 1 : 0, 1), results.get(Measure.TIMED_NEAR), "tick " + tick);
        }
        final ScriptedEpisode busy =
                episode().speech("DELAYED", "red", 4000, 21, 2).says(21, "red", 2);
        assertNull(busy.results().get(Measure.TIMED_NEAR), "a perfect model speaks of something else at 4 s");
        final ScriptedEpisode wrong =
                episode().speech("DELAYED", "red", 4000, 19, 2).says(19, "blue", 2);
        assertEquals(new Rate(0, 1), wrong.results().get(Measure.TIMED_NEAR));
    }

    @Test
    void shouldCountFalseOutputPerMinuteOfSilence() {
        final PerMinute quiet = (PerMinute) episode().results().get(Measure.FALSE_OUTPUT);
        assertEquals(new PerMinute(0, ScriptedEpisode.TICKS), quiet);
        final ScriptedEpisode noisy =
                episode().hears(3, "red red").says(10, "okay", 4).speaks(20, "now");
        final PerMinute six = (PerMinute) noisy.results().get(Measure.FALSE_OUTPUT);
        assertEquals(new PerMinute(6, ScriptedEpisode.TICKS), six);
        assertEquals(36, six.rate(), 1e-9);
    }

    @Test
    void shouldNotCallItSilenceAroundWordsAndInPauses() {
        // the word fills ticks 5 and 6, its second after lasts to the end of tick 11; the pause fills ticks 20 to 24
        final Map<Measure, Result> results = episode()
                .word(1000, 1400, "red")
                .pause(4000, 5000)
                .hears(6, "red")
                .says(11, "okay", 1)
                .says(22, "okay", 1)
                .results();
        assertEquals(new PerMinute(0, ScriptedEpisode.TICKS - 12), results.get(Measure.FALSE_OUTPUT));
        assertEquals(new PerMinute(2, 12), results.get(Measure.TALK_OVER));
    }

    @Test
    void shouldNotCallAnAnswerFalseOutput() {
        final ScriptedEpisode answer =
                episode().speech("REPLY", "red", 1000, 6, 2).says(8, "blue", 2);
        assertEquals(0, ((PerMinute) answer.results().get(Measure.FALSE_OUTPUT)).events());
        answer.says(20, "red", 2);
        assertEquals(2, ((PerMinute) answer.results().get(Measure.FALSE_OUTPUT)).events());
    }

    @Test
    void shouldFindNothingWhereNothingHappens() {
        final Map<Measure, Result> results = episode().results();
        assertEquals(1, results.size(), results::toString);
        assertFalse(results.get(Measure.FALSE_OUTPUT).n() == 0);
    }
}
