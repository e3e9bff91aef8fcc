package dev.tactus.scenario.eval;

import dev.tactus.scenario.Timeline.Reason;
import dev.tactus.scenario.Timeline.Speech;
import dev.tactus.scenario.language.Vocabulary;
import java.util.List;

/** What is said about what is seen. Stateless. */
final class SceneScore {
    private static final int EARLY_MS = 400;
    private static final int LATE_MS = 1000;
    /** The last number of a count may come so long after the last flash. */
    private static final int COUNT_MS = 2000;

    private SceneScore() {}

    static void add(final EpisodeRun run, final Answers answers, final Tally tally) {
        final List<Speech> speeches = run.episode().timeline().speeches();
        for (final int i : answers.judged(Reason.CROSSING)) {
            final int atMs = speeches.get(i).causeMs();
            tally.mayTime(Measure.CROSSING_REACTION);
            if (answers.isRight(i)) {
                final int errorMs = answers.remark(i).orElseThrow().startMs() - atMs;
                tally.time(Measure.CROSSING_REACTION, errorMs);
                tally.rate(Measure.CROSSING_SAID, errorMs >= -EARLY_MS && errorMs <= LATE_MS);
            } else {
                tally.rate(Measure.CROSSING_SAID, false);
            }
        }
        final List<Integer> flashes = answers.judged(Reason.FLASH);
        for (final int i : flashes) {
            tally.rate(Measure.FLASH_SAID, answers.isRight(i));
            tally.mayTime(Measure.FLASH_REACTION);
            if (answers.isRight(i)) {
                tally.time(
                        Measure.FLASH_REACTION,
                        answers.remark(i).orElseThrow().startMs()
                                - speeches.get(i).causeMs());
            }
        }
        for (int from = 0; from < flashes.size(); ) {
            int to = from + 1;
            while (to < flashes.size() && number(speeches.get(flashes.get(to)).text()) > 1) {
                to++;
            }
            count(run, answers, speeches.get(flashes.get(from)), speeches.get(flashes.get(to - 1)), tally);
            from = to;
        }
    }

    private static void count(
            final EpisodeRun run, final Answers answers, final Speech first, final Speech last, final Tally tally) {
        int counted = 0;
        for (final Remark remark : run.remarks()) {
            final boolean within = remark.startMs() >= first.causeMs() && remark.startMs() <= last.causeMs() + COUNT_MS;
            if (within && !remark.words().isEmpty() && !answers.isOther(remark, Reason.FLASH)) {
                final int number = number(remark.words().get(remark.words().size() - 1));
                counted = number > 0 ? number : counted;
            }
        }
        final int off = Math.abs(counted - number(last.text()));
        tally.rate(Measure.COUNT_EXACT, off == 0);
        tally.rate(Measure.COUNT_NEAR, off <= 1);
    }

    /** 1 to 10, or 0 if the word is no number. */
    private static int number(final String word) {
        return Vocabulary.NUMBERS.indexOf(word) + 1;
    }
}
