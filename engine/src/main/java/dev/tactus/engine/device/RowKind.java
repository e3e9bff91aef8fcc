package dev.tactus.engine.device;

/** What stands at a position. Plain ints, since they live in plans. */
public final class RowKind {
    /** A token id: value is the id. */
    public static final int TOKEN = 0;

    /** 50 ms of audio: value is the index of the audio source. */
    public static final int AUDIO = 1;

    /** A patch of a frame: value is the index of the patch source. */
    public static final int PATCH = 2;

    /** A block of the model's own speech: value is the index of the speech source. */
    public static final int SPEECH = 3;

    private RowKind() {}
}
