package dev.tactus.kernel.vocoder;

/** Where things are in the vocoder's memory, in float32: the structs of {@code vocoder.h}, field by field. */
final class VocoderLayout {
    static final int LANES = 8;
    static final int MELS = 80;
    static final int WINDOW = 640;
    static final int HALF = 320;
    static final int BINS = 321;
    static final int HOP = 160;
    static final int KEPT = 3;
    static final int STRIP = 24;
    static final int NOISE_ROWS = 1021;

    // tables
    static final int ANALYSIS = 0;
    static final int SYNTHESIS = ANALYSIS + WINDOW;
    static final int NORM = SYNTHESIS + WINDOW;
    static final int TURN1 = NORM + HOP * STRIP;
    static final int TURN2 = TURN1 + 80 * 6;
    static final int TURN3 = TURN2 + 20 * 6;
    static final int SPLIT = TURN3 + 5 * 6;
    static final int RISING = SPLIT + HALF;
    static final int FALLING = RISING + BINS;
    static final int RISING_SHARE = FALLING + BINS;
    static final int FALLING_SHARE = RISING_SHARE + BINS;
    static final int EXCITATION = FALLING_SHARE + BINS;
    static final int NOISE = EXCITATION + MELS;
    static final int FIRST_BIN = NOISE + 2 * (NOISE_ROWS + BINS);
    static final int TABLE_FLOATS = FIRST_BIN + MELS + 2;

    // state
    static final int KEPT_OVERLAP = 0;
    static final int KEPT_RE = KEPT_OVERLAP + HOP * KEPT;
    static final int KEPT_IM = KEPT_RE + BINS * KEPT;
    static final int KEPT_MEL = KEPT_IM + BINS * KEPT;
    static final int FRAME = KEPT_MEL + MELS * KEPT;
    static final int STATE_FLOATS = FRAME + 1;

    // scratch, where all but the last field are vectors of 8 lanes
    static final int TIME_RE = 0;
    static final int TIME_IM = TIME_RE + HALF * LANES;
    static final int OTHER_RE = TIME_IM + HALF * LANES;
    static final int OTHER_IM = OTHER_RE + HALF * LANES;
    static final int RE = OTHER_IM + HALF * LANES;
    static final int IM = RE + HALF * LANES;
    static final int LAST_RE = IM + HALF * LANES;
    static final int LAST_IM = LAST_RE + HALF * LANES;
    static final int OVERLAP = LAST_IM + HALF * LANES;
    static final int TARGET = OVERLAP + HOP * LANES;
    static final int WANTED = TARGET + MELS * LANES;
    static final int RATIO = WANTED + MELS * LANES;
    static final int MEL = RATIO + (MELS + 2) * LANES;
    static final int SCRATCH_FLOATS = MEL + 5 * MELS;

    private VocoderLayout() {}
}
