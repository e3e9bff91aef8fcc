package dev.tactus.scenario.eval;

/** Measures runs of episodes. Stateless. */
public final class Scorer {
    private Scorer() {}

    /** Adds what can be measured in {@code run}, all but {@link Measure#OWN_VOICE_ERRORS}. */
    public static void add(final EpisodeRun run, final Tally tally) {
        final Answers answers = new Answers(run);
        CaptionScore.add(run, tally);
        ReplyScore.add(run, answers, tally);
        TurnScore.add(run, answers, tally);
        SceneScore.add(run, answers, tally);
        SilenceScore.add(run, answers, tally);
    }
}
