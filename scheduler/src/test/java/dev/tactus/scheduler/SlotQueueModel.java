package dev.tactus.scheduler;

import java.util.Random;

/**
 * Phase slots on one device that does one beat after the other, with costs as a real one has them: so much per beat,
 * per session, per session that sees, per session that reads, and per session that speaks. Drives one {@link Ladder}
 * per slot as the loop does, on a clock of its own, and keeps what happened to every session.
 */
final class SlotQueueModel {
    static final long T = 200_000_000L;
    static final long ALLOWANCE = 10_000_000L;

    /** What a beat costs, in parts of a whole. */
    record Costs(double perBeat, double perSession, double perFrame, double perText, double perSpeech) {
        /** A third of the sessions speaks at a time, all see. */
        static final Costs SPEAKING = new Costs(2, 1, 1.5, 0.5, 4);
        /** Nothing but listening: no step but skipping helps. */
        static final Costs QUIET = new Costs(2, 3, 0, 0, 0);
    }

    /** Session ticks by what became of them. */
    long ticks;

    long stepped;
    long skipped;
    long late;

    /** The most ticks that one session missed one after the other, skipped or late. */
    int mostInARow;

    /** The last beat on which any session did without anything. */
    long lastStepBeat;

    private final int phases;
    private final int perSlot;
    private final Ladder[] ladders;
    private final int[][] inARow;
    private final int[][] skippedInARow;
    private final boolean[][] speaks;
    private final Costs costs;
    private final double noise;
    private final Random random;
    private long deviceFreeNs;
    private long beat;
    private double unitNs;

    SlotQueueModel(
            final int phases,
            final int perSlot,
            final Costs costs,
            final double noise,
            final long seed,
            final MissedTickPolicy policy) {
        this.phases = phases;
        this.perSlot = perSlot;
        this.costs = costs;
        this.noise = noise;
        this.random = new Random(seed);
        this.ladders = new Ladder[phases];
        for (int i = 0; i < phases; i++) {
            ladders[i] = new Ladder(policy, T, ALLOWANCE);
        }
        this.inARow = new int[phases][perSlot];
        this.skippedInARow = new int[phases][perSlot];
        this.speaks = new boolean[phases][perSlot];
        for (final boolean[] slot : speaks) {
            for (int i = 0; i < perSlot; i++) {
                slot[i] = i % 3 == 0;
            }
        }
    }

    /** Runs beats, on which a beat of all sessions without ladder takes {@code load} periods of all slots together. */
    void run(final long beats, final double load) {
        ramp(beats, load, load);
    }

    /** Likewise with a load that goes from one to another. */
    void ramp(final long beats, final double from, final double to) {
        final double meanSpeech = costs.perSpeech / 3;
        final double whole = costs.perBeat + perSlot * (costs.perSession + costs.perFrame + costs.perText + meanSpeech);
        final long begin = beat;
        for (final long end = beat + beats; beat < end; beat++) {
            unitNs = T * (from + (to - from) * (beat - begin) / beats) / phases / whole;
            for (int phase = 0; phase < phases; phase++) {
                runBeat(phase);
            }
        }
    }

    private void runBeat(final int phase) {
        final long endNs = (beat + 1) * T + T * phase / phases;
        final long nominalNs = endNs + ALLOWANCE;
        final long deadlineNs = endNs + T;
        final long sealNs = Math.max(nominalNs, deviceFreeNs);
        final Ladder ladder = ladders[phase];
        ladder.atSeal(nominalNs, sealNs);
        final LadderStep[] steps = new LadderStep[perSlot];
        double cost = 0;
        for (int i = 0; i < perSlot; i++) {
            steps[i] = ladder.stepOf(skippedInARow[phase][i]);
            // a sentence lasts two seconds; a third of the sessions speaks
            if (random.nextInt(10) == 0) {
                speaks[phase][i] = random.nextInt(3) == 0;
            }
            cost += cost(steps[i], speaks[phase][i]);
        }
        final long tookNs =
                cost == 0 ? 0 : (long) ((cost + costs.perBeat) * unitNs * (1 + noise * (2 * random.nextDouble() - 1)));
        deviceFreeNs = sealNs + tookNs;
        for (int i = 0; i < perSlot; i++) {
            account(phase, i, steps[i], deviceFreeNs > deadlineNs);
        }
        ladder.atEnd(nominalNs, deviceFreeNs, deadlineNs);
    }

    private double cost(final LadderStep step, final boolean speaking) {
        if (step == LadderStep.SKIP_TICK) {
            return 0;
        }
        return costs.perSession
                + (step.includes(LadderStep.SKIP_VIDEO) ? 0 : costs.perFrame)
                + (step.includes(LadderStep.CAP_TEXT) ? costs.perText / 4 : costs.perText)
                + (step.includes(LadderStep.HOLD_SPEECH) || !speaking ? 0 : costs.perSpeech);
    }

    private void account(final int phase, final int session, final LadderStep step, final boolean isLate) {
        final boolean skips = step == LadderStep.SKIP_TICK;
        final boolean missed = skips || isLate;
        ticks++;
        skipped += skips ? 1 : 0;
        late += !skips && isLate ? 1 : 0;
        stepped += !skips && step != LadderStep.NONE ? 1 : 0;
        lastStepBeat = step == LadderStep.NONE ? lastStepBeat : beat;
        inARow[phase][session] = missed ? inARow[phase][session] + 1 : 0;
        skippedInARow[phase][session] = skips ? skippedInARow[phase][session] + 1 : 0;
        mostInARow = Math.max(mostInARow, inARow[phase][session]);
    }

    /** Forgets what happened, not where it stands. */
    void forget() {
        ticks = 0;
        stepped = 0;
        skipped = 0;
        late = 0;
        mostInARow = 0;
        lastStepBeat = beat - 1;
    }

    long beat() {
        return beat;
    }

    long changes() {
        long sum = 0;
        for (final Ladder ladder : ladders) {
            sum += ladder.changes();
        }
        return sum;
    }

    /** The load at which one session tick of a thousand misses without a ladder, found by halving. */
    static double capacity(
            final int phases, final int perSlot, final Costs costs, final double noise, final long seed) {
        double holds = 0.3;
        double fails = 1.2;
        for (int i = 0; i < 9; i++) {
            final double load = (holds + fails) / 2;
            final SlotQueueModel model = new SlotQueueModel(phases, perSlot, costs, noise, seed, MissedTickPolicy.OFF);
            model.run(2_000, load);
            if ((model.late + model.skipped) * 1000 > model.ticks) {
                fails = load;
            } else {
                holds = load;
            }
        }
        return holds;
    }
}
