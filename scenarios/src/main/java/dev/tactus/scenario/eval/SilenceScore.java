package dev.tactus.scenario.eval;

import dev.tactus.scenario.Episode;
import dev.tactus.scenario.Timeline;
import java.util.BitSet;

/** What comes out while nobody says anything. Stateless. */
final class SilenceScore {
    /** After a word its caption may still come, and an answer. */
    private static final int AFTER_WORD_MS = 1000;

    private SilenceScore() {}

    static void add(final EpisodeRun run, final Answers answers, final Tally tally) {
        final Timeline timeline = run.episode().timeline();
        final BitSet busy = new BitSet();
        timeline.words().forEach(word -> mark(busy, word.startMs(), word.endMs() + AFTER_WORD_MS));
        timeline.pauses().stream()
                .filter(Timeline.Pause::hesitation)
                .forEach(pause -> mark(busy, pause.startMs(), pause.endMs()));
        final BitSet wrong = new BitSet();
        run.remarks().stream().filter(remark -> !answers.answers(remark)).forEach(remark -> wrong.set(remark.tick()));
        for (int t = 0; t < run.ticks().size(); t++) {
            if (!busy.get(t)) {
                tally.watch(
                        Measure.FALSE_OUTPUT,
                        wrong.get(t) || !run.tick(t).hear().isEmpty());
            }
        }
    }

    private static void mark(final BitSet ticks, final int fromMs, final int toMs) {
        final int from = fromMs / Episode.TICK_MS;
        ticks.set(from, Math.max(from, Math.ceilDiv(toMs, Episode.TICK_MS)));
    }
}
