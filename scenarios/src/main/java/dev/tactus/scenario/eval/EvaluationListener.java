package dev.tactus.scenario.eval;

/** Is told how an evaluation gets on, on the thread that runs it. */
public interface EvaluationListener {
    /** An evaluation that nobody follows. */
    EvaluationListener NONE = (trials, ticks, group) -> true;

    /**
     * A beat is done.
     *
     * @param trials episodes that are measured
     * @param ticks of all sessions, context included
     * @param group of the newest episode under way
     * @return whether to go on
     */
    boolean onBeat(int trials, long ticks, String group);
}
