package dev.tactus.scheduler;

/**
 * What is given up, and when, so that the beats of a slot hold their deadline. One {@link Ladder} per phase slot acts
 * by it. Its steps are those of {@link LadderStep}: skip video → cap text → hold speech → skip the tick.
 *
 * <p>Budgets are parts of the time from a beat's nominal seal to its deadline, which is the period less the allowance
 * for late media. With the defaults, a period of 200 ms and no allowance:
 *
 * <pre>
 *   0 ms            80      90     100              120                       184  188       200
 *   |---------------|-------|-------|----------------|-------------------------|----|---------|
 *   nominal seal    submit  +1 rung +2 rungs         +4 rungs                  done emit      deadline
 *                   sealed later than this: a step each                        |    |
 *                             predicted to end later: as many steps as it takes'    '-- ended later: a warning
 * </pre>
 *
 * <h2>The device falls behind: video, text, speech, then ticks</h2>
 *
 * A slot whose seals come late shares a device that has too much to do. Each step leaves it less, and no deadline has
 * been missed yet. From 120 ms on, and if it was less the beat before, ticks are skipped.
 *
 * <pre>
 *   beat             0     1     2     3     4     5     6     7
 *   sealed late by   0    40    78    86    94   104   112   124 ms
 *   took            50    50    50    48    47    45    45    25
 *   step             -     -     -   video  text speech speech skip
 * </pre>
 *
 * <h2>The slot's own beats grow: what is needed, at once</h2>
 *
 * The longest of the last 32 beats is expected again. At beat 3 that is 188 ms without a step. What a step leaves is
 * learned; before it was ever measured, hardly anything is expected of it. Here it is known that a beat without frames
 * and long texts takes 9 parts of 10, so that beat 3 goes two steps at once.
 *
 * <pre>
 *   beat             0     1     2     3     4
 *   sealed late by   0     0     0     0     0 ms
 *   took           150   165   188   160   165
 *   step             -     -     -   text  text
 * </pre>
 *
 * <h2>One beat is hit by something: one beat of caution</h2>
 *
 * Beat 2 took 4 times as long as those before and ended after 188 ms. It may have been an accident, so the load is what
 * it was; but two misses in a row must not be, so the next beat holds speech.
 *
 * <pre>
 *   beat             0     1     2     3     4
 *   sealed late by   0     0     0     0     0 ms
 *   took            50    50   195    40    50
 *   step             -     -     -  speech   -
 * </pre>
 *
 * <h2>Not even without speech: half of the ticks, in turn</h2>
 *
 * At {@link LadderStep#SKIP_TICK} every second session of the slot skips its tick and the others hold their speech; the
 * next time it is the others. So no session is skipped twice in a row, and nearly twice what the device can do is
 * borne.
 *
 * <pre>
 *   beat             0       1       2       3
 *   sessions a, c   speech  skip    speech  skip
 *   sessions b, d   skip    speech  skip    speech
 *   took           105     110     105     110 ms of the 200 that all of them would
 * </pre>
 *
 * When even that would end after the deadline, and nobody was late or skipped the beat before, all of them skip this
 * one and the device catches up. The next beat runs, with all of them.
 *
 * <h2>A whole beat is gone: nothing else is possible</h2>
 *
 * A beat that is sealed a whole period late or later is skipped by all, however many were before it, also by
 * {@link #OFF}. This is how a machine that stood still finds its place again.
 *
 * <pre>
 *   beat             0     1     2     3
 *   sealed late by   0   450   250    50 ms
 *   step             -   skip  skip    -
 * </pre>
 *
 * <h2>Recovery: a step at a time, and slower each time it was too early</h2>
 *
 * A beat is good when it was sealed late by at most half of the budget for that and gave no warning. After 5 good
 * beats, if the longest of the last beats would have been in time with one step less, one step less is taken: 4 seconds
 * from the top to the bottom. A slot that needs the step again within 8 waits left too early, and waits 10 beats then,
 * 20, 40, at most 64 (13 s); a load that fell by a quarter forgets that.
 *
 * <pre>
 *   beat           0 ..... 4 5 ..... 9 10 .... 14 15 16 17 18 .......... 27 28
 *   late, ms      20  20  20 0   0   0  0   0   0  0 60 85  0   0   0   0  0
 *   step          speech    text       video       -  -   video             -
 *                                                        '--- waits 10 ---'
 * </pre>
 *
 * A slot whose beats say that one step less does not fit would never know that what was costly is no more. So after 20
 * good beats a quarter of its sessions tries it for 4 beats, then a half for 4, then all: at no time does more than
 * that depend on a guess.
 *
 * <p>With few slots, all of them short of time, a load that jumps to more than the device can do is seen only when the
 * first beat took too long; no ladder could have known. With more slots lateness tells of it earlier.
 *
 * @param isOn whether the ladder acts; if not, only whole missed beats are skipped
 * @param submitPerMille how much may pass until the beat is sealed and submitted
 * @param donePerMille how much may pass until the device is done, as predicted from the last beats
 * @param emitPerMille how much may pass until the last session was emitted
 * @param goodBeats good beats in a row before a step less is taken
 * @param mostGoodBeats the most that this may grow to
 * @param textPerMille what {@link LadderStep#CAP_TEXT} leaves of the text ids that a tick may read and write
 */
public record MissedTickPolicy(
        boolean isOn,
        int submitPerMille,
        int donePerMille,
        int emitPerMille,
        int goodBeats,
        int mostGoodBeats,
        int textPerMille) {
    /** The ladder that the timelines show. */
    public static final MissedTickPolicy DEFAULT = new MissedTickPolicy(true, 400, 920, 940, 5, 64, 250);

    /** No ladder: beats that were missed as a whole are skipped, all others run as they are. */
    public static final MissedTickPolicy OFF = new MissedTickPolicy(false, 400, 920, 940, 5, 64, 250);

    private static final int THOUSAND = 1000;

    /** Checks that the budgets follow one another and that there is something to wait for. */
    public MissedTickPolicy {
        if (submitPerMille < 0
                || donePerMille <= submitPerMille
                || emitPerMille < donePerMille
                || emitPerMille > THOUSAND) {
            throw new IllegalArgumentException("budgets of " + submitPerMille + ", " + donePerMille + " and "
                    + emitPerMille + " per mille: expected 0 ≤ submit < done ≤ emit ≤ 1000");
        }
        if (goodBeats < 1 || mostGoodBeats < goodBeats) {
            throw new IllegalArgumentException(
                    goodBeats + " to " + mostGoodBeats + " good beats: expected 1 ≤ least ≤ most");
        }
        if (textPerMille < 0 || textPerMille > THOUSAND) {
            throw new IllegalArgumentException(textPerMille + " per mille of text: expected 0 to 1000");
        }
    }

    /** How late a seal may be, of {@code wholeNs} from the nominal seal to the deadline. */
    public long submitNs(final long wholeNs) {
        return wholeNs * submitPerMille / THOUSAND;
    }

    /** When the device should be done, likewise. */
    public long doneNs(final long wholeNs) {
        return wholeNs * donePerMille / THOUSAND;
    }

    /** When the last session should be emitted, likewise. */
    public long emitNs(final long wholeNs) {
        return wholeNs * emitPerMille / THOUSAND;
    }

    /** Text ids that a tick at {@code step} may read or write when it is {@code most} without a step. */
    public int text(final LadderStep step, final int most) {
        return step.includes(LadderStep.CAP_TEXT) ? Math.ceilDiv(most * textPerMille, THOUSAND) : most;
    }
}
