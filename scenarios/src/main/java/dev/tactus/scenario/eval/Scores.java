package dev.tactus.scenario.eval;

import dev.tactus.scenario.eval.VoiceStimulus.SpokenRemark;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What was measured, group by group and together, and on what; in the order in which trials began, whichever ended
 * first. One thread.
 */
public final class Scores {
    /** Trials of a group whose speech is kept: each second is 64 kB. */
    private static final int MOST_SPOKEN = 60;

    private final Map<String, Tally> groups = new LinkedHashMap<>();
    private final Map<String, Integer> begun = new LinkedHashMap<>();
    private final Tally all = new Tally();
    private final Map<Integer, TrialRecord> trials = new TreeMap<>();
    private final Map<Integer, List<SpokenRemark>> spoken = new TreeMap<>();
    private int next;

    /** A place among the trials. */
    record Place(int number, boolean keepsSpeech) {}

    /** Keeps a place for a trial of a group, which may end after others that begin later. */
    Place begin(final String group) {
        groups.computeIfAbsent(group, key -> new Tally());
        return new Place(next++, begun.merge(group, 1, Integer::sum) <= MOST_SPOKEN);
    }

    /** Adds a run that was begun. */
    void add(final Place place, final Trial trial, final EpisodeRun run) {
        Scorer.add(run, groups.get(trial.group()));
        Scorer.add(run, all);
        if (run.episode().timeline().speeches().stream().anyMatch(speech -> speech.sayTicks() > 0)) {
            addOwnVoice(trial.group(), WordErrors.NONE);
        }
        trials.put(place.number(), TrialRecord.of(trial, run));
        if (place.keepsSpeech()) {
            spoken.put(place.number(), VoiceStimulus.remarks(trial.group(), run));
        }
    }

    /** Adds a run. */
    public void add(final Trial trial, final EpisodeRun run) {
        add(begin(trial.group()), trial, run);
    }

    void addOwnVoice(final String group, final WordErrors errors) {
        groups.get(group).words(Measure.OWN_VOICE_ERRORS, errors);
        all.words(Measure.OWN_VOICE_ERRORS, errors);
    }

    /** The results of every group that has a trial that ended. */
    public Map<String, Map<Measure, Result>> groups() {
        final Map<String, Map<Measure, Result>> out = new LinkedHashMap<>();
        groups.forEach((name, tally) -> {
            if (trials(name) > 0) {
                out.put(name, tally.results());
            }
        });
        return out;
    }

    /** The results of all trials together. */
    public Map<Measure, Result> all() {
        return all.results();
    }

    /** The trials that ended. */
    public List<TrialRecord> trials() {
        return List.copyOf(trials.values());
    }

    /** Trials of a group that ended. */
    public long trials(final String group) {
        return trials.values().stream()
                .filter(trial -> trial.group().equals(group))
                .count();
    }

    /** What the model said aloud, as far as it is kept. */
    List<SpokenRemark> spoken() {
        final List<SpokenRemark> out = new ArrayList<>();
        spoken.values().forEach(out::addAll);
        return out;
    }
}
