package dev.tactus.scheduler;

import java.util.Arrays;

/**
 * The degradation ladder of one phase slot: which {@link LadderStep} its next beat takes. {@link MissedTickPolicy} is
 * what it goes by, with timelines.
 *
 * <p>It knows times and nothing else: how late the seal is, and how long the slot's last beats took at which step
 * ({@link SlotLoad}).
 *
 * <pre>
 *   predicted end at step s = lateness of the seal + longest of the last beats · what s leaves of it
 * </pre>
 *
 * A beat is {@link #atSeal}, then {@link #stepOf} for each of its sessions, then {@link #atEnd}. Deterministic,
 * allocates nothing; used by the tick thread only.
 */
public final class Ladder {
    /** Lateness from one step to the next is one part in so many of the time to the deadline. */
    private static final int RUNGS = 20;

    /** Beats of each stage in which part of a slot's sessions tries the step below. */
    private static final int TRIAL_BEATS = 4;

    /** A slot whose last beats say that the step below does not fit tries it with few sessions after so many waits. */
    private static final int WAITS_BEFORE_TRIAL = 4;

    /** A step taken again within so many waits was left too early. */
    private static final int TOO_EARLY = 8;

    /** What a beat takes from the distance between two shares when the lower step cannot be tried. */
    private static final double FORGETS = 1.0 / 64;

    private static final int HOLD = LadderStep.HOLD_SPEECH.code();
    private static final int SKIP = LadderStep.SKIP_TICK.code();

    private final MissedTickPolicy policy;
    private final long periodNs;
    private final long wholeNs;
    private final long submitNs;
    private final long rungNs;
    private final long doneNs;
    private final long emitNs;
    private final SlotLoad load = new SlotLoad();
    private final int[] waits = new int[LadderStep.COUNT];
    private final long[] leftAt = new long[LadderStep.COUNT];

    private int step;
    private int goodBeats;
    private int trial;
    private int trialBeats;
    private int trialTurn;
    private long trialNs;
    private boolean warned;
    private boolean clean = true;
    private int lateInARow;
    private long beats;
    private long changes;
    private int dictated = -1;

    private int beatStep;
    private boolean wholeBeat;
    private long sealNs;
    private long lateNs;
    private long lateBeforeNs;
    private int skipTurn;
    private int rank;
    private int ran;
    private int sessions = 1;

    /**
     * The ladder of a slot whose beats are sealed every {@code periodNs}.
     *
     * @param allowanceNs how much of the period passes between the end of a beat and its nominal seal
     */
    public Ladder(final MissedTickPolicy policy, final long periodNs, final long allowanceNs) {
        this.policy = policy;
        this.periodNs = periodNs;
        this.wholeNs = periodNs - allowanceNs;
        this.submitNs = policy.submitNs(wholeNs);
        this.rungNs = wholeNs / RUNGS;
        this.doneNs = policy.doneNs(wholeNs);
        this.emitNs = policy.emitNs(wholeNs);
        Arrays.fill(waits, policy.goodBeats());
        Arrays.fill(leftAt, Long.MIN_VALUE / 2);
    }

    /**
     * The slot is being sealed: decides what its beat does without.
     *
     * @param nominalSealNs when it was to be sealed
     * @param nowNs when it is
     * @return the step; sessions take it, or a lesser one, as {@link #stepOf} says
     */
    public LadderStep atSeal(final long nominalSealNs, final long nowNs) {
        beats++;
        sealNs = nowNs;
        lateBeforeNs = lateNs;
        lateNs = Math.max(0, nowNs - nominalSealNs);
        sessions = Math.max(1, rank);
        rank = 0;
        ran = 0;
        wholeBeat = lateNs >= periodNs;
        if (wholeBeat) {
            beatStep = SKIP;
        } else if (dictated >= 0) {
            beatStep = dictated;
            wholeBeat = dictated == SKIP;
        } else if (policy.isOn()) {
            decide();
        } else {
            beatStep = LadderStep.NONE.code();
        }
        dictated = -1;
        if (beatStep == SKIP) {
            skipTurn ^= 1;
        }
        return LadderStep.of(beatStep);
    }

    private void decide() {
        final int needed = needed();
        if (needed > step) {
            climb(needed);
        } else if (step > 0) {
            goDown();
        }
        beatStep = step;
        if (warned) {
            final double longest = Math.max(load.last(), load.longest(SlotLoad.WINDOW));
            beatStep = Math.max(step, lateNs + longest * load.share(HOLD) <= wholeNs ? HOLD : SKIP);
        }
        if (lateInARow == 1 && beatStep == SKIP && lateNs + load.mean() * load.share(HOLD) <= wholeNs) {
            // who was late must not be skipped as well: more likely than not all are in time
            beatStep = HOLD;
        } else if (beatStep > step && beatStep == SKIP) {
            climb(SKIP);
        }
        // not even a half of the sessions would be in time; after a beat like this one they all run, late or not
        wholeBeat = beatStep == SKIP && clean && lateNs + predicted(SKIP) > wholeNs;
    }

    /** The least step that lateness and the predicted end allow. */
    private int needed() {
        int least = 0;
        while (least < HOLD && lateNs > submitNs + least * rungNs) {
            least++;
        }
        if (lateNs > submitNs + SKIP * rungNs && lateNs > lateBeforeNs) {
            least = SKIP;
        }
        while (least < SKIP && lateNs + predicted(least) > doneNs) {
            least++;
        }
        return least;
    }

    private long predicted(final int atStep) {
        return (long) (load.longest(SlotLoad.WINDOW) * load.share(atStep));
    }

    private void climb(final int to) {
        final int above = step + 1;
        final boolean early = beats - leftAt[above] <= (long) TOO_EARLY * waits[above];
        waits[above] = early ? Math.min(2 * waits[above], policy.mostGoodBeats()) : policy.goodBeats();
        load.mark(above);
        take(to);
    }

    private void take(final int to) {
        step = to;
        goodBeats = 0;
        trial = 0;
        changes++;
    }

    private void goDown() {
        final boolean isLess = load.isLess(step);
        if (isLess) {
            // what made the last try fail is no more
            waits[step] = policy.goodBeats();
        }
        if (goodBeats < waits[step]) {
            return;
        }
        if (fits(shareBelow(), isLess)) {
            leave(isLess);
        } else if (trial > 0 && ++trialBeats > TRIAL_BEATS) {
            endStage(isLess);
        } else if (trial == 0 && goodBeats >= WAITS_BEFORE_TRIAL * policy.goodBeats()) {
            if (lateNs + predictedOfTrial(1) <= doneNs) {
                beginStage(1);
                trialTurn++;
            } else {
                // what was found long ago is believed less and less
                load.found(step - 1, step, load.share(step), FORGETS);
            }
        }
        if (trial > 0 && lateNs + predictedOfTrial(trial) > doneNs) {
            failTrial();
        }
    }

    /** Whether none of the last beats would have been late at that step; when the load is another, of the very last. */
    private boolean fits(final double atShare, final boolean isLess) {
        return lateNs + load.longest(isLess ? policy.goodBeats() : SlotLoad.WINDOW) * atShare <= doneNs;
    }

    /**
     * What is left at the step below. Whoever was skipped last time must not be late this time, so before all sessions
     * run again they are taken to cost twice what a half of them does.
     */
    private double shareBelow() {
        final double below = load.share(step - 1);
        return step < SKIP ? below : Math.max(below, 2 * load.share(SKIP));
    }

    private void leave(final boolean isLess) {
        leftAt[step] = beats;
        take(step - 1);
        if (isLess) {
            load.keep(policy.goodBeats());
        }
    }

    private void beginStage(final int stage) {
        trial = stage;
        trialBeats = 1;
        trialNs = 0;
    }

    private void endStage(final boolean isLess) {
        final double own = load.share(step);
        final double mixed = (double) trialNs / TRIAL_BEATS / load.mean();
        load.found(step - 1, step, own + (mixed - own) / part(trial), trial == 1 ? 0.5 : 1);
        if (trial == 1) {
            beginStage(2);
        } else if (fits(load.share(step - 1), isLess)) {
            leave(isLess);
        } else {
            failTrial();
        }
    }

    private long predictedOfTrial(final int stage) {
        final double own = load.share(step);
        final double below = stage == 1 ? shareBelow() : load.share(step - 1);
        return (long) (load.longest(SlotLoad.WINDOW) * (own + (below - own) * part(stage)));
    }

    /** The part of the sessions that tries the step below: a quarter, then a half. */
    private double part(final int stage) {
        return Math.ceil(sessions * (stage == 1 ? 0.25 : 0.5)) / sessions;
    }

    private void failTrial() {
        trial = 0;
        goodBeats = 0;
        waits[step] = Math.min(2 * waits[step], policy.mostGoodBeats());
        load.mark(step);
    }

    /**
     * What the next session of the beat does without; called once for each, in an order that stays the same from beat
     * to beat. At {@link LadderStep#SKIP_TICK} every second session skips, the others the next time.
     *
     * @param skippedInARow ticks that the session skipped just before
     */
    public LadderStep stepOf(final int skippedInARow) {
        final int number = rank++;
        if (wholeBeat) {
            return LadderStep.SKIP_TICK;
        }
        int own = beatStep;
        if (trial > 0 && beatStep == step && (number + trialTurn) % sessions < sessions * part(trial)) {
            own--;
        }
        if (own == SKIP && ((number + skipTurn & 1) != 0 || skippedInARow > 0)) {
            own--;
        }
        ran += own == SKIP ? 0 : 1;
        return LadderStep.of(own);
    }

    /**
     * The beat is over.
     *
     * @param nominalSealNs as told to {@link #atSeal}
     * @param lastEmitNs when its last session was emitted; anything when none ran
     * @param deadlineNs when its output was due
     */
    public void atEnd(final long nominalSealNs, final long lastEmitNs, final long deadlineNs) {
        if (rank == 0) {
            startAnew();
            return;
        }
        final boolean skipped = beatStep == SKIP;
        if (ran == 0) {
            clean = false;
            lateInARow = 0;
            warned = false;
            goodBeats = wholeBeat ? 0 : goodBeats + 1;
            return;
        }
        final long tookNs = lastEmitNs - sealNs;
        if (trial > 0 && beatStep == step) {
            trialNs += tookNs;
            load.measuredTrial(step, part(trial), tookNs);
        } else {
            load.measured(beatStep, tookNs);
        }
        lateInARow = lastEmitNs > deadlineNs ? lateInARow + 1 : 0;
        clean = lateInARow == 0 && !skipped;
        warned = lastEmitNs - nominalSealNs > emitNs;
        final boolean isGood = !warned && lateNs <= submitNs / 2;
        if (trial > 0 && !isGood) {
            failTrial();
        }
        goodBeats = isGood ? goodBeats + 1 : 0;
    }

    /** A slot without sessions has no load, and whoever comes next finds it on no step. */
    private void startAnew() {
        load.clear();
        Arrays.fill(waits, policy.goodBeats());
        if (step > 0) {
            take(0);
        }
        warned = false;
        clean = true;
        lateInARow = 0;
    }

    /** Makes the next beat take a step whatever the times are: a replay does what a record says. */
    public void dictate(final LadderStep next) {
        dictated = next.code();
    }

    /** The step that the slot stands on. */
    public LadderStep step() {
        return LadderStep.of(step);
    }

    /** How often the slot went to another step. */
    public long changes() {
        return changes;
    }
}
