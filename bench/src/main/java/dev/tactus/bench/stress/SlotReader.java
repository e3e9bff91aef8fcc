package dev.tactus.bench.stress;

import dev.tactus.scheduler.SealedBeat;
import dev.tactus.scheduler.TickRecord;

/** A device that reads every word of the first media slot of each beat, and the producer's pen for that slot. */
final class SlotReader implements StressLoop.Device {
    /** There was no media. */
    static final long NOTHING = 0;

    /** The words of the slot were not of one writing. */
    static final long TORN = -1;

    private final long[] media = new long[StressLoop.WORDS];
    private final long[] read;
    private long accounted;
    private int next;

    /** A reader of so many beats. */
    SlotReader(final int beats) {
        read = new long[beats];
    }

    /** Writes {@code value} into every word. The producer, between claim and commit. */
    void write(final int word, final long value) {
        for (int i = 0; i < StressLoop.WORDS; i++) {
            media[word + i] = value;
        }
    }

    @Override
    public void run(final SealedBeat beat) {
        final int slot = TickRecord.audioSlot(beat.records(), beat.recordOffset(0), 0);
        if (next < read.length) {
            read[next] = slot == TickRecord.GAP ? NOTHING : whole();
        }
        next++;
    }

    private long whole() {
        for (int i = 1; i < StressLoop.WORDS; i++) {
            if (media[i] != media[0]) {
                return TORN;
            }
        }
        return media[0];
    }

    @Override
    public void account(final SealedBeat beat) {
        accounted = beat.beat() + 1;
    }

    /** What beat {@code b} read, as a plain field holds it. */
    long read(final int b) {
        return read[b];
    }

    /** Beats whose account is closed, as a plain field holds it. */
    long accounted() {
        return accounted;
    }

    /** What beat {@code b} read, in a word. */
    String told(final int b) {
        return read[b] == NOTHING ? "-" : read[b] == TORN ? "torn" : Long.toString(read[b]);
    }
}
