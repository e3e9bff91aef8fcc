package dev.tactus.memory;

/** What a byte of engine memory is for. Every allocation names one, so that a leak or a surprise has an address. */
public enum MemoryTag {
    /** Weights: mapped from the checkpoint, or widened beside it. */
    WEIGHTS,
    /** Keys and values of all sessions, in pages. */
    KV,
    /** Constant per-session state other than keys and values: convolution carries, rows waiting for the next tick. */
    STATE,
    /** Buffers of the step program, shared by all sessions of a pass. */
    ACTIVATION,
    /** Media slots that producers write and kernels read in place. */
    MEDIA,
    /** Ingress and egress rings. */
    RING,
    /** Tick records and tick plans. */
    PLAN,
    /** Ledger rows. */
    LEDGER,
    /** Constant tables: windows, DFT bases, mel filters, sampling masks. */
    TABLE,
    /** Working space of one worker thread. */
    SCRATCH,
    /** Memory of a test. */
    TEST
}
