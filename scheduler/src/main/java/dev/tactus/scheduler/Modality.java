package dev.tactus.scheduler;

/**
 * What a session listens to. The code is what records carry; the bit is what a set of modalities carries.
 *
 * <p>What becomes of media that is late, early, doubled, out of order or too much; all of it is counted in
 * {@link LoopCounters}, or by the producer's own input where a commit or a claim is refused. Nothing here waits without
 * a limit, and nobody is blocked.
 *
 * <pre>
 *              audio                        video                        text
 *  tick        by number: ⌊n/4⌋             by capture time              by capture time
 *  late        dropped                      next tick                    next tick
 *  doubled     the first one stays          both are frames              both are text
 *  reordered   put in order                 as committed                 as committed
 *  too many    beyond 16 positions from     the newest is shown, others  what exceeds text_in_max
 *  in a tick   the next tick: dropped       superseded                   ids waits, none is lost
 *  queue full  never: a place per position  the oldest waiting is lost   never: as many places as slots
 *  pool empty  claim refused                claim refused                offer takes fewer ids
 *  ring full   commit refused, slot kept    commit refused, slot kept    offer takes fewer ids
 * </pre>
 *
 * <p>Late is what was not committed by the seal, or for video and text by the tick's end plus their own allowance where
 * that is shorter. A pool holds three ticks of media at their usual rate (12 slots of audio and the left context, 18
 * frames and the one shown, 12 chunks), so a claim is refused only when the tick thread is behind or a producer is
 * beyond that rate; all slots but those that still wait for their tick are back after each tick.
 *
 * <p>A capture stamp that lies ahead of its commit holds back what was committed after it, until then: by a period at
 * most, for by the clock a stamp further ahead is replaced by the time of its commit. Stepped, a tick takes whatever
 * was committed before its step, whatever the stamps say.
 */
public enum Modality {
    /** 16 kHz mono, 50 ms slots. */
    AUDIO,
    /** Letterboxed RGB frames. */
    VIDEO,
    /** Chunks of token ids. */
    TEXT;

    /** Number of modalities. */
    public static final int COUNT = 3;

    private static final Modality[] BY_CODE = values();

    /** The value that records carry. */
    public int code() {
        return ordinal();
    }

    /** The bit in a set of modalities. */
    public int bit() {
        return 1 << ordinal();
    }

    /** Whether {@code set} has this modality. */
    public boolean in(final int set) {
        return (set & bit()) != 0;
    }

    /** The modality with that code. */
    public static Modality of(final int code) {
        return BY_CODE[code];
    }
}
