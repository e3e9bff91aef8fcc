package dev.tactus.engine.device;

/**
 * A device that runs ticks. One tick at a time; submit and poll are called by the tick thread only, never block and
 * never allocate.
 */
public interface Backend extends AutoCloseable {
    /** The device works on the ticket. */
    int PENDING = 0;

    /** Every entry is complete. */
    int DONE = 1;

    /** The device failed; {@link #failure()} says how. */
    int FAILED = 2;

    /** A short name for reports: {@code cpu/vector}. */
    String name();

    /** Hands a plan to the device. It and {@code output} belong to the device until the ticket is not pending. */
    long submit(TickPlan plan, TickOutput output);

    /** How a ticket stands. Without threads of its own, a backend runs one op of the work per call. */
    int poll(long ticket);

    /**
     * Whether a tick is on the device that moves on only when it is polled, so that a pause of whoever polls is a pause
     * of the device. Any thread.
     */
    default boolean wantsPolls() {
        return false;
    }

    /** Why the device failed; null while it has not. */
    Throwable failure();

    /** Address of the logits of the last pass, float32 [output rows, vocabulary]: for teacher-forced plans. */
    long logits();

    /**
     * Address of what the flow head is told in the last pass, float32 [voice rows, hidden]: for teacher-forced plans; 0
     * where the model does not speak.
     */
    long conditions();

    /**
     * Waits until no tick is on the device, at most so long. Where it returns false the memory must stay, and
     * {@link #close()} must not be called: the device's threads end by themselves should they ever come back.
     */
    default boolean awaitIdle(final long ns) {
        return true;
    }

    /** Stops its threads. The memory it works on may be freed afterwards. */
    @Override
    void close();
}
