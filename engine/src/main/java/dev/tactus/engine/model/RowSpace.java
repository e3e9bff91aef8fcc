package dev.tactus.engine.model;

/** What the rows of a buffer, and so the row count of an op, follow. */
public enum RowSpace {
    /** Every position of the pass. */
    PASS,
    /** Positions whose logits are wanted. */
    OUTPUT,
    /** Audio sources of the tick; none in a decode pass. */
    AUDIO,
    /** Patch sources of the tick; none in a decode pass. */
    PATCH,
    /** Blocks of speech that the pass takes in. */
    SPEECH,
    /** Positions that a block of speech is made of. */
    VOICE
}
