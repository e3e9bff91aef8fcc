package dev.tactus.scheduler;

/**
 * Port: what runs a sealed beat. All calls come from the tick thread; none may block or allocate.
 *
 * <p>The life of a beat: {@link #submit} once, {@link #poll} until it is not {@link #PENDING}, meanwhile and afterwards
 * {@link #isComplete} and {@link #emit} once per session, then {@link #account} once.
 */
public interface TickExecutor {
    /** The device works. */
    int PENDING = 0;

    /** Every session's output is complete. */
    int DONE = 1;

    /** The device failed; sessions that are not complete have no output. */
    int FAILED = 2;

    /** Plans all records of {@code beat} and hands them to the device; returns a ticket. */
    long submit(SealedBeat beat);

    /** How the ticket stands. In INVOKER mode a call does a bounded piece of the work. */
    int poll(long ticket);

    /** Whether the output of the session at {@code index} of the beat is complete. */
    boolean isComplete(long ticket, int index);

    /**
     * Writes the session's output and ledger row to its egress ring.
     *
     * @param failed whether the device failed before the session was complete
     * @return null while the session lives, else why the model ended it
     */
    EndReason emit(SealedBeat beat, int index, boolean failed);

    /** Tells a session of a tick that was skipped: it has a record and a ledger row, no output. */
    void emitSkipped(SealedBeat beat, int index);

    /** Writes the session's last record. After this its index may be reused. */
    void end(int session, int generation, EndReason reason);

    /**
     * The listener of a session was interrupted. Called before a seal, between two beats, so that all that was said is
     * known. An executor without speech has nothing that could be cut.
     *
     * @param untilSample how far the speech was heard, on the session's timeline of 16 kHz; {@link Long#MIN_VALUE} when
     *     nobody knows
     * @return whether anything was said behind that place since the last interruption
     */
    default boolean heard(final int session, final long untilSample) {
        return false;
    }

    /** Closes the beat's account. */
    void account(SealedBeat beat);
}
