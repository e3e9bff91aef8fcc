package dev.tactus.scheduler;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * One beat of a cohort: the sessions that tick, their {@link TickRecord}s, and when each step happened.
 *
 * <p>Owned by the loop, reused for every beat, valid for an executor until {@link TickExecutor#account} returns.
 */
public final class SealedBeat {
    final int[] sessions;
    int count;
    int cohort;
    long beat;
    long sealStartNs;
    long sealEndNs;
    long submittedNs;
    long deadlineNs;
    long emittedNs;
    long ticket;
    private final UnsafeBuffer records;
    private final int recordLength;

    SealedBeat(final int maxSessions, final UnsafeBuffer records, final int recordLength) {
        this.sessions = new int[maxSessions];
        this.records = records;
        this.recordLength = recordLength;
    }

    /** Sessions in this beat. */
    public int count() {
        return count;
    }

    /** Session index of entry {@code i}. */
    public int session(final int i) {
        return sessions[i];
    }

    /** The buffer that holds all tick records. */
    public UnsafeBuffer records() {
        return records;
    }

    /** Where in {@link #records()} the record of a session lies. */
    public int recordOffset(final int session) {
        return session * recordLength;
    }

    /** The cohort. */
    public int cohort() {
        return cohort;
    }

    /** The beat's number since the engine started. */
    public long beat() {
        return beat;
    }

    /** When the seal began. */
    public long sealStartNs() {
        return sealStartNs;
    }

    /** When the seal ended. */
    public long sealEndNs() {
        return sealEndNs;
    }

    /** When planning and submitting ended. */
    public long submittedNs() {
        return submittedNs;
    }

    /** When output is due. */
    public long deadlineNs() {
        return deadlineNs;
    }

    /**
     * Tells when the output of the session that is being emitted was out, so that a miss is counted by the same reading
     * of the clock that its reason goes by.
     */
    public void emitted(final long atNs) {
        emittedNs = atNs;
    }
}
