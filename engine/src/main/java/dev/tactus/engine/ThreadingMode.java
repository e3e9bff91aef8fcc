package dev.tactus.engine;

/** Which threads an engine starts. */
public enum ThreadingMode {
    /** None: the caller drives the beat and does all work, through {@link Engine#invoker()}. */
    INVOKER,
    /** A tick thread, and the device's threads. */
    SHARED,
    /** A thread that seals and submits, one that polls and emits, one that accounts, and the device's threads. */
    DEDICATED
}
