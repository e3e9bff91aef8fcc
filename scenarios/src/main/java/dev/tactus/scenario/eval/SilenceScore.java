package dev.tactus.scenario.eval;

import dev.tactus.scenario.Episode;
import dev.tactus.scenario.Timeline;
import java.util.BitSet;

/** What comes out that nobody asked for, in silence and while the user talks. Stateless. */
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
        for (int t = 0; t < run.ticks().size(); t++) {
            final boolean beside = answers.isBeside(t);
            if (busy.get(t)) {
                tally.watch(Measure.TALK_OVER, beside);
            } else {
                tally.watch(Measure.FALSE_OUTPUT, beside || !run.tick(t).hear().isEmpty());
            }
        }
    }

    private static void mark(final BitSet ticks, final int fromMs, final int toMs) {
        final int from = fromMs / Episode.TICK_MS;
        ticks.set(from, Math.max(from, Math.ceilDiv(toMs, Episode.TICK_MS)));
    }
}
