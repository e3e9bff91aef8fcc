package dev.tactus.scenario.eval;

import dev.tactus.scenario.Episode;
import dev.tactus.scenario.Timeline.HeardWord;
import dev.tactus.scenario.Timeline.Role;
import dev.tactus.scenario.eval.WordAlignment.Word;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Captions against what was said. Stateless. */
final class CaptionScore {
    /** A word must end so long before the episode does, so that it can be shown within it. */
    private static final int TAIL_MS = 600;

    private CaptionScore() {}

    static void add(final EpisodeRun run, final Tally tally) {
        final List<HeardWord> said = new ArrayList<>(run.episode().timeline().words());
        said.sort(Comparator.comparingInt(HeardWord::endMs).thenComparingInt(HeardWord::startMs));
        final List<Word> shown = shown(run.ticks());
        final WordAlignment alignment = new WordAlignment(
                said.stream().map(word -> new Word(word.text(), word.endMs())).toList(), shown);
        for (int i = 0; i < said.size(); i++) {
            final HeardWord word = said.get(i);
            if (!counts(word, run.episode())) {
                continue;
            }
            tally.mayTime(Measure.CAPTION_LATENCY);
            if (alignment.isRight(i)) {
                add(tally, word.role(), new WordErrors(1, 0, 0, 0));
                tally.time(
                        Measure.CAPTION_LATENCY, shown.get(alignment.partner(i)).ms() - word.endMs());
            } else if (alignment.partner(i) == WordAlignment.DELETED) {
                add(tally, word.role(), new WordErrors(1, 0, 0, 1));
            } else {
                add(tally, word.role(), new WordErrors(1, 1, 0, 0));
            }
        }
        for (final int before : alignment.insertions()) {
            // with nothing said there is nothing to be compared with: that is false output
            if (!said.isEmpty() && counts(said.get(Math.max(0, before)), run.episode())) {
                add(tally, said.get(Math.max(0, before)).role(), new WordErrors(0, 0, 1, 0));
            }
        }
    }

    /** The words of all captions, each with the moment at which it is seen. */
    static List<Word> shown(final List<ModelTick> ticks) {
        final List<Word> out = new ArrayList<>();
        for (int t = 0; t < ticks.size(); t++) {
            for (final String word : ticks.get(t).hear()) {
                out.add(new Word(word, (t + 1) * Episode.TICK_MS));
            }
        }
        return out;
    }

    private static boolean counts(final HeardWord word, final Episode episode) {
        return word.endMs() + TAIL_MS <= episode.lengthMs();
    }

    private static void add(final Tally tally, final Role role, final WordErrors errors) {
        tally.words(Measure.CAPTION_ERRORS, errors);
        if (role == Role.RANDOM) {
            tally.words(Measure.CAPTION_RANDOM, errors);
        } else if (role == Role.COMMAND) {
            tally.words(Measure.CAPTION_COMMAND, errors);
        }
    }
}
