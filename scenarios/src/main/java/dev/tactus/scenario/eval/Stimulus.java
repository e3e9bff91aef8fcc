package dev.tactus.scenario.eval;

import java.util.List;

/** What a session is given, tick by tick. One thread. */
interface Stimulus {
    /** Ticks of 200 ms. */
    int ticks();

    /** Whether the session sees. */
    boolean hasVideo();

    /** Whether the engine would skip the tick: its input is lost and nothing may be put out. */
    boolean isSkipped(int tick);

    /** Whether slot 0 to 3 of the tick is there. */
    boolean hasAudio(int tick, int slot);

    /** Copies the 800 samples of a slot to {@code target}, from 0. */
    void copyAudio(int tick, int slot, float[] target);

    /** Whether the tick has a frame. */
    boolean hasFrame(int tick);

    /** Copies the frame, RGB8 [120, 160, 3], to {@code target}. */
    void copyFrame(int tick, byte[] target);

    /** The ids of text that arrives. */
    int[] textIds(int tick);

    /** Whether the listener missed something that the model said in the ticks before this one. */
    boolean isCut(int tick, List<ModelTick> before);
}
