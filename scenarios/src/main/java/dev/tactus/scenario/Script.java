package dev.tactus.scenario;

import dev.tactus.scenario.render.Mixer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What the user's side does in an episode, while it is being written. One thread. */
final class Script {
    final int ticks;
    final List<Mixer.Placed> speech = new ArrayList<>();
    final List<Timeline.HeardWord> words = new ArrayList<>();
    final List<Timeline.TypedText> typed = new ArrayList<>();
    final List<Timeline.Turn> turns = new ArrayList<>();
    final List<Timeline.Pause> hesitations = new ArrayList<>();
    /** Flashes and crossings, whether anybody asked or not. */
    final List<Timeline.Flash> flashes = new ArrayList<>();

    final List<Timeline.Crossing> crossings = new ArrayList<>();
    Faults faults = Faults.none();

    Script(final int ticks) {
        this.ticks = ticks;
    }

    int lengthMs() {
        return ticks * Episode.TICK_MS;
    }

    /** Words by their end: the order in which they are known. */
    List<Timeline.HeardWord> wordsByEnd() {
        final List<Timeline.HeardWord> out = new ArrayList<>(words);
        out.sort(Comparator.comparingInt(Timeline.HeardWord::endMs).thenComparingInt(Timeline.HeardWord::startMs));
        return out;
    }

    /** Whether a word is said within [{@code fromMs}, {@code toMs}). */
    boolean speaksWithin(final int fromMs, final int toMs) {
        return words.stream().anyMatch(word -> word.startMs() < toMs && word.endMs() > fromMs);
    }
}
