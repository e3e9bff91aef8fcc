package dev.tactus.engine.sim;

/**
 * What happens to an engine in a run. Rates are per thousand of what they are about; all else is in the unit of its
 * name. A scenario sets a few and leaves the others at calm.
 */
final class Workload {
    int leastSessions = 1;
    int mostSessions = 4;
    boolean endless;
    int lifeTicks = 80;
    int openEveryMs = 150;
    int overLimit;
    int allowanceMs = 10;
    int phases = 1;

    int late;
    int lost;
    int duplicated;
    int reordered;
    int bursts;
    int floods;
    int storms;
    int skewMs;
    int diesMidClaim;
    int diesInRing;

    int ghosts;
    int lazy;
    int longestNapMs = 20_000;
    int controls = 10;
    int stops = 200;

    int prefillUs = 6_000;
    int passUs = 2_000;
    int slow;
    int hangs;
    int neverReturns;
    int fails;
    int notFinite;

    int drifting;
    int mostDriftPpm;

    int clockPauses;
    int clockPauseUs = 1_000;
    int jumps;
    int longestJumpMs = 1_500;

    /** A workload in which each fault has a drawn rate, or is absent. */
    static Workload drawn(final SimDraws draws) {
        final Workload drawn = new Workload();
        drawn.sessions(draws.between(1, 10), draws.between(4, 150), draws.between(10, 300), draws.below(1000));
        drawn.late(rate(draws, 300), draws.below(120));
        drawn.losses(rate(draws, 300), rate(draws, 200), rate(draws, 200));
        drawn.bursts(rate(draws, 100));
        drawn.floods(rate(draws, 80), rate(draws, 100));
        drawn.deaths(rate(draws, 10), rate(draws, 10));
        drawn.ghosts(rate(draws, 1000));
        drawn.lazy(rate(draws, 1000), draws.between(1_000, 40_000));
        drawn.controls(rate(draws, 500), draws.below(1000));
        drawn.device(rate(draws, 300), rate(draws, 40), rate(draws, 3));
        drawn.failures(rate(draws, 8), rate(draws, 8));
        drawn.clock(rate(draws, 5), draws.between(100, 150_000), rate(draws, 100), rate(draws, 1_500));
        drawn.prefillUs = draws.between(500, 60_000);
        drawn.passUs = draws.between(100, 20_000);
        drawn.phases = draws.below(2) == 0 ? 1 : draws.between(2, 8);
        drawn.drift(rate(draws, 1000), draws.between(100, ProducerClock.MOST_PPM));
        return drawn;
    }

    private static int rate(final SimDraws draws, final int most) {
        return draws.below(2) == 0 ? 0 : 1 + draws.below(most);
    }

    /** Sessions at the limit, and how long they live; attempts beyond the limit per thousand openings. */
    Workload sessions(final int most, final int ticks, final int everyMs, final int beyond) {
        mostSessions = most;
        lifeTicks = ticks;
        openEveryMs = everyMs;
        overLimit = beyond;
        return this;
    }

    /** So many sessions, all of which live as long as the run. */
    Workload endless(final int count) {
        leastSessions = count;
        mostSessions = count;
        endless = true;
        openEveryMs = 20;
        return this;
    }

    /** Sessions are spread over so many slots of the period. */
    Workload phases(final int count) {
        phases = count;
        return this;
    }

    /** Input that arrives late, and how long the seal waits for it. */
    Workload late(final int rate, final int waitMs) {
        late = rate;
        allowanceMs = waitMs;
        return this;
    }

    /** Input that is lost, comes twice, or out of order. */
    Workload losses(final int lostRate, final int twice, final int outOfOrder) {
        lost = lostRate;
        duplicated = twice;
        reordered = outOfOrder;
        return this;
    }

    /** Input that is held back and comes at once. */
    Workload bursts(final int rate) {
        bursts = rate;
        return this;
    }

    /** Producers that commit until they are refused, and callers that fill the ring with controls. */
    Workload floods(final int rate, final int controlStorms) {
        floods = rate;
        storms = controlStorms;
        return this;
    }

    /** Producers that die with a slot claimed, or inside a claim of the ring. */
    Workload deaths(final int midClaim, final int inRing) {
        diesMidClaim = midClaim;
        diesInRing = inRing;
        return this;
    }

    /** Records of sessions that are gone. */
    Workload ghosts(final int rate) {
        ghosts = rate;
        return this;
    }

    /** Sessions whose consumer does not poll for a long time. */
    Workload lazy(final int rate, final int napMs) {
        lazy = rate;
        longestNapMs = napMs;
        return this;
    }

    /** Holds, mutes and interruptions; stops per thousand ends of a session. */
    Workload controls(final int rate, final int stopRate) {
        controls = rate;
        stops = stopRate;
        return this;
    }

    /** A device that is slow in so many ticks, hangs in so many, or hangs for ever. */
    Workload device(final int slowRate, final int hangRate, final int never) {
        slow = slowRate;
        hangs = hangRate;
        neverReturns = never;
        return this;
    }

    /** A device that fails, and a model whose logits are not finite. */
    Workload failures(final int deviceRate, final int notFiniteRate) {
        fails = deviceRate;
        notFinite = notFiniteRate;
        return this;
    }

    /**
     * Sessions per thousand whose microphone has a clock of its own, which runs slow or fast by up to so many parts in
     * a million, and which leaves it to the engine to number what it hears.
     */
    Workload drift(final int rate, final int mostPpm) {
        drifting = rate;
        mostDriftPpm = mostPpm;
        return this;
    }

    /** A clock whose reader is paused, jumps ahead, and producers whose stamps are off by up to {@code skew}. */
    Workload clock(final int pauses, final int pauseUs, final int jumpRate, final int skew) {
        clockPauses = pauses;
        clockPauseUs = pauseUs;
        jumps = jumpRate;
        skewMs = skew;
        return this;
    }
}
