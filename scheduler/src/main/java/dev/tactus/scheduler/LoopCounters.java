package dev.tactus.scheduler;

import java.util.concurrent.atomic.AtomicLongArray;

/** What the loop counted since launch. Written by the tick thread, readable by any. */
public final class LoopCounters {
    /** Audio that came after its tick was sealed. */
    public static final int LATE = 0;
    /** Audio further ahead than may wait. */
    public static final int EARLY = 1;
    /** A second slot for the same audio position. */
    public static final int DUPLICATE = 2;
    /** Frames that a newer one of the same tick replaced. */
    public static final int SUPERSEDED = 3;
    /** Media for which no room was left. */
    public static final int OVERFLOW = 4;
    /** Media of a modality that the session did not declare. */
    public static final int UNDECLARED = 5;
    /** Records of sessions that are gone. */
    public static final int STALE = 6;
    /** Audio positions without a slot, those of skipped ticks included. */
    public static final int AUDIO_GAP = 7;
    /** Ticks without a frame: none came, the ladder took none, or the tick was skipped. */
    public static final int VIDEO_GAP = 8;
    /** Session ticks that ran. */
    public static final int TICKS = 9;
    /** Session ticks that were skipped. */
    public static final int SKIPPED = 10;
    /** Session ticks whose output came after the deadline, skipped ones included. */
    public static final int MISSED = 11;
    /** Beats on which the device failed. */
    public static final int DEVICE_FAILURES = 12;
    /** Corrections of a slow producer's clock: positions that it passed over. */
    public static final int DRIFT_GAP = 13;
    /** Corrections of a fast producer's clock: slots that it dropped. */
    public static final int DRIFT_DROP = 14;
    /** Session ticks that ran and did without something, see {@link LadderStep}. */
    public static final int LADDER_STEPS = 15;
    /** Session ticks that the ladder skipped; among the skipped ones as well. */
    public static final int LADDER_SKIPS = 16;

    private static final String[] NAMES = {
        "late audio",
        "early audio",
        "duplicate audio",
        "superseded frames",
        "queue overflow",
        "undeclared media",
        "stale records",
        "audio gaps",
        "video gaps",
        "ticks",
        "skipped ticks",
        "missed deadlines",
        "device failures",
        "drift gaps",
        "drift drops",
        "ladder steps",
        "ladder skips"
    };

    private final AtomicLongArray values = new AtomicLongArray(NAMES.length);

    void increment(final int counter) {
        add(counter, 1);
    }

    void add(final int counter, final int count) {
        values.setRelease(counter, values.getPlain(counter) + count);
    }

    /** The value of a counter. */
    public long get(final int counter) {
        return values.getAcquire(counter);
    }

    /** Number of counters. */
    public static int count() {
        return NAMES.length;
    }

    /** What a counter counts. */
    public static String name(final int counter) {
        return NAMES[counter];
    }
}
