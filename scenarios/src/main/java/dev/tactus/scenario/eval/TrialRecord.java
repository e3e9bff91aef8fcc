package dev.tactus.scenario.eval;

import dev.tactus.scenario.Timeline;
import java.util.ArrayList;
import java.util.List;

/**
 * What is kept of a trial: what should have come out and what did. Immutable.
 *
 * @param group what it is counted with
 * @param name its seed or its folder
 * @param ticks its length
 * @param timeline what happened
 * @param captions what was shown, a text per tick that showed something
 * @param remarks what was said
 * @param cutTicks ticks with {@code <cut>} in their input
 */
public record TrialRecord(
        String group,
        String name,
        int ticks,
        Timeline timeline,
        List<Caption> captions,
        List<Remark> remarks,
        List<Integer> cutTicks) {
    /** Copies the lists. */
    public TrialRecord {
        captions = List.copyOf(captions);
        remarks = List.copyOf(remarks);
        cutTicks = List.copyOf(cutTicks);
    }

    /**
     * What one tick showed.
     *
     * @param tick which
     * @param text the words
     */
    public record Caption(int tick, String text) {}

    static TrialRecord of(final Trial trial, final EpisodeRun run) {
        final List<Caption> captions = new ArrayList<>();
        final List<Integer> cuts = new ArrayList<>();
        for (int t = 0; t < run.ticks().size(); t++) {
            if (!run.tick(t).hear().isEmpty()) {
                captions.add(new Caption(t, String.join(" ", run.tick(t).hear())));
            }
            if (run.tick(t).cut()) {
                cuts.add(t);
            }
        }
        return new TrialRecord(
                trial.group(),
                trial.name(),
                run.ticks().size(),
                run.episode().timeline(),
                captions,
                run.remarks(),
                cuts);
    }
}
