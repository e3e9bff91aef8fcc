package dev.tactus.scenario.eval;

import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.scenario.language.Vocabulary;
import dev.tactus.scheduler.Pacing;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Lets a model go through episodes, several sessions at once, and measures what comes out. The loop is closed: what the
 * model says decides where a cut comes. Sampling is greedy, and a session does not feel its neighbours, so the same
 * model, trials and number of sessions give the same scores, whatever the threads.
 *
 * <p>The engine must be stepped and nobody else's. One thread.
 */
public final class Evaluation {
    private final Engine engine;
    private final EngineContext context;
    private final String adapter;
    private final ContextEpisodes before;
    private final EvaluationListener listener;
    private final Scores scores = new Scores();
    private int trialsDone;
    private long ticks;
    private int sessions;
    private String newest = "";
    private boolean stopped;

    /**
     * An evaluation with as many sessions at once as the engine has room for.
     *
     * @param adapter of all sessions, by its id in the engine, or {@link SessionSpec#BASE}
     * @param before what every session goes through first; with any, a session lasts for many episodes, with a "stop"
     *     between
     * @throws IllegalArgumentException if the engine is not stepped, or its model cannot know the words
     */
    public Evaluation(
            final Engine engine,
            final EngineContext context,
            final String adapter,
            final ContextEpisodes before,
            final EvaluationListener listener) {
        final int words = Vocabulary.FIRST_WORD_ID + Vocabulary.all().size();
        final int vocabulary = context.model().config().text().unpaddedVocab();
        if (context.pacing() != Pacing.STEPPED) {
            throw new IllegalArgumentException("the engine runs by the clock: expected one that is stepped");
        }
        if (vocabulary < words) {
            throw new IllegalArgumentException("the model has " + vocabulary + " ids: expected at least " + words
                    + ", for the words of the scenarios");
        }
        this.engine = engine;
        this.context = context;
        this.adapter = adapter;
        this.before = before;
        this.listener = listener;
    }

    /**
     * Plays all trials; then, in sessions without context, what the model said in them to itself. Call it once.
     *
     * @return the scores; of a part of the trials when the listener broke it off
     * @throws dev.tactus.engine.AdmissionException if the model lacks an organ that a trial needs
     * @throws IllegalStateException if the engine fails or a session ends by itself
     */
    public Scores run(final Iterator<Trial> trials) {
        play(Jobs.ofTrials(trials, context.interaction().textOutMax(), scores), before, 1);
        if (!stopped) {
            play(Jobs.ofVoice(scores), ContextEpisodes.none(), 0);
        }
        return scores;
    }

    /** Whether the listener broke it off. */
    public boolean isStopped() {
        return stopped;
    }

    private void play(final Iterator<Job> jobs, final ContextEpisodes first, final int trialsPerJob) {
        final List<Seat> seats = new ArrayList<>();
        for (int i = 0; i < context.maxSessions(); i++) {
            seats.add(new Seat(new Lane(engine, adapter, context.interaction().sayTokenId()), first));
        }
        Job next = jobs.hasNext() ? jobs.next() : null;
        while (!stopped && (next != null || seats.stream().anyMatch(seat -> !seat.isFree()))) {
            for (final Seat seat : seats) {
                final boolean free = seat.isFree();
                final boolean taken = seat.prepare(next, sessions);
                sessions += free && !seat.isFree() ? 1 : 0;
                if (taken) {
                    newest = next.group();
                    next = jobs.hasNext() ? jobs.next() : null;
                }
            }
            trialsDone += trialsPerJob * beat(seats);
            stopped = !listener.onBeat(trialsDone, ticks, newest);
        }
        seats.forEach(Seat::close);
        while (seats.stream().anyMatch(seat -> !seat.isFree())) {
            beat(seats);
        }
    }

    /** One beat of all sessions; returns how many jobs it ended. */
    private int beat(final List<Seat> seats) {
        seats.forEach(Seat::feed);
        if (context.threadingMode() == ThreadingMode.INVOKER) {
            engine.invoker().tick();
        } else {
            engine.awaitBeat(engine.step());
        }
        if (engine.failure() != null) {
            throw new IllegalStateException(
                    "the engine failed: " + engine.failure().getMessage(), engine.failure());
        }
        int done = 0;
        for (final Seat seat : seats) {
            ticks += seat.isBusy() ? 1 : 0;
            done += seat.poll() ? 1 : 0;
        }
        return done;
    }
}
