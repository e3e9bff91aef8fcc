package dev.tactus.scheduler;

/** Why a session ended. The last record of every session carries one. */
public enum EndReason {
    /** The application closed it. */
    CLOSED,
    /** It was told to stop. */
    STOPPED,
    /** Too many ticks in a row were skipped. */
    STALLED,
    /** The model produced a NaN or an infinity. */
    NOT_FINITE,
    /** The device failed. */
    DEVICE_FAILED,
    /** The device did not return from a tick. */
    DEVICE_STUCK;

    private static final EndReason[] BY_CODE = values();

    /** The value that records carry. */
    public int code() {
        return ordinal();
    }

    /** The reason with that code. */
    public static EndReason of(final int code) {
        return BY_CODE[code];
    }
}
