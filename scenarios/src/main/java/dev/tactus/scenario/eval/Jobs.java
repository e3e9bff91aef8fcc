package dev.tactus.scenario.eval;

import dev.tactus.scenario.eval.VoiceStimulus.SpokenRemark;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The kinds of {@link Job}. Stateless. */
final class Jobs {
    private static final int REMARKS_PER_SESSION = 12;

    private Jobs() {}

    /** A job for every trial. */
    static Iterator<Job> ofTrials(final Iterator<Trial> trials, final int textOutMax, final Scores scores) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return trials.hasNext();
            }

            @Override
            public Job next() {
                return new TrialJob(trials.next(), textOutMax, scores);
            }
        };
    }

    /** Jobs that play what a model said to it. */
    static Iterator<Job> ofVoice(final Scores scores) {
        final List<Job> out = new ArrayList<>();
        final List<SpokenRemark> spoken = scores.spoken();
        for (int from = 0; from < spoken.size(); ) {
            final String group = spoken.get(from).group();
            int to = from + 1;
            while (to < spoken.size()
                    && to - from < REMARKS_PER_SESSION
                    && spoken.get(to).group().equals(group)) {
                to++;
            }
            out.add(new VoiceJob(group, from, new VoiceStimulus(spoken.subList(from, to), from), scores));
            from = to;
        }
        return out.iterator();
    }

    private record TrialJob(Trial trial, int textOutMax, Stimulus stimulus, Scores scores, Scores.Place place)
            implements Job {
        TrialJob(final Trial trial, final int textOutMax, final Scores scores) {
            this(trial, textOutMax, new EpisodeStimulus(trial.episode()), scores, scores.begin(trial.group()));
        }

        @Override
        public String group() {
            return trial.group();
        }

        @Override
        public String name() {
            return trial.name();
        }

        @Override
        public long seed() {
            return trial.episode().seed();
        }

        @Override
        public void done(final List<ModelTick> ticks) {
            scores.add(place, trial, new EpisodeRun(trial.episode(), ticks, textOutMax));
        }
    }

    private record VoiceJob(String group, long seed, VoiceStimulus stimulus, Scores scores) implements Job {
        @Override
        public String name() {
            return "own voice, " + group;
        }

        @Override
        public void done(final List<ModelTick> ticks) {
            scores.addOwnVoice(group, stimulus.score(ticks));
        }
    }
}
