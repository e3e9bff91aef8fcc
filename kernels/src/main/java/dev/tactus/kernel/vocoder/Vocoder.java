package dev.tactus.kernel.vocoder;

import dev.tactus.memory.OffHeap;

/**
 * Makes sound of a session's speech: blocks of 5 log-mel frames in, 800 samples at 16 kHz out.
 *
 * <p><b>Frames.</b> Frame i of a signal is the natural logarithm of max(mel, 1e-5) for 80 Slaney mels (0 to 8 kHz) of
 * the magnitudes of samples [160 i - 240, 160 i + 400) under a periodic Hann window: its centre is the centre of hop i,
 * which is samples [160 i, 160 i + 160). {@link LogMelExtractor} computes them. So block b is 50 ms of sound, samples
 * [800 b, 800 b + 800), with 15 ms of what is before it and after it.
 *
 * <p><b>Delay.</b> The phases of the last {@value #LOOK_AHEAD_FRAMES} frames stay open until the next block is there
 * (30 ms of look-ahead), and a frame begins 240 samples before its hop. So call b returns samples [800 b -
 * {@value #DELAY_SAMPLES}, 800 b + 800 - {@value #DELAY_SAMPLES}) of the signal that the frames describe: the output is
 * the signal delayed by 45 ms. {@value #FLUSH_BLOCKS} blocks of {@link #LOG_FLOOR} bring out all that is left when
 * speech ends.
 *
 * <p><b>Arithmetic</b> (EXACT class, the steps are those of {@link VocoderReference}): iterative spectrogram inversion
 * with look-ahead (Zhu, Beauregard and Wyse 2007) over the frames at work, the 5 of the block and the 3 still open,
 * accelerated (Perraudin, Balazs and Søndergaard 2013), where an iteration corrects mels rather than magnitudes: it
 * scales each bin by what the mels that hear it lack, so that the detail within a mel is the signal's own. The number
 * of iterations and the order of every sum are fixed, so a block costs the same whatever it holds.
 *
 * <p><b>Input</b> is clamped to [-11.6, 4], far above any speech; NaN counts as silence. Output is clipped to [-1, 1]
 * and never NaN.
 *
 * <p>A vocoder holds no state. Any thread may call, one at a time for each state and each scratch. Nothing is
 * allocated.
 */
public interface Vocoder {
    /** Samples per second. */
    int SAMPLE_RATE_HZ = 16_000;
    /** Samples from one frame to the next. */
    int HOP_SAMPLES = 160;
    /** Samples of a frame's window. */
    int WINDOW_SAMPLES = 640;
    /** Samples by which a frame's window begins before its hop. */
    int LEAD_SAMPLES = (WINDOW_SAMPLES - HOP_SAMPLES) / 2;
    /** Mels of a frame. */
    int MELS = 80;
    /** Frames of a block. */
    int BLOCK_FRAMES = 5;
    /** Samples of a block. */
    int BLOCK_SAMPLES = BLOCK_FRAMES * HOP_SAMPLES;
    /** Log mels of a block. */
    int BLOCK_MELS = BLOCK_FRAMES * MELS;
    /** Frames that are held back at the end of a block, for those that follow to settle their phases. */
    int LOOK_AHEAD_FRAMES = 3;
    /** Samples by which the output is later than the signal of the frames. */
    int DELAY_SAMPLES = LEAD_SAMPLES + LOOK_AHEAD_FRAMES * HOP_SAMPLES;
    /** Silent blocks after which the output is silent too. */
    int FLUSH_BLOCKS = 2;
    /** The log mel of silence, ln(1e-5). */
    float LOG_FLOOR = -11.512925f;
    /** Float32 of a session's state. */
    int STATE_FLOATS = VocoderLayout.STATE_FLOATS;
    /** Float32 of the working memory of a call. */
    int SCRATCH_FLOATS = VocoderLayout.SCRATCH_FLOATS;
    /** Alignment of scratch, in bytes. */
    int ALIGNMENT = 64;

    /** The name of the implementation, for reports. */
    String name();

    /**
     * Makes the sound of a block. Memory may not overlap.
     *
     * @param state address of float32 [{@value #STATE_FLOATS}], 4-byte aligned; see {@link #reset}
     * @param logMel address of float32 [5, 80], natural logarithms
     * @param out address of float32 [800], samples
     * @param scratch address of float32 [{@value #SCRATCH_FLOATS}], 64-byte aligned; its contents do not matter
     */
    void block(long state, long logMel, long out, long scratch);

    /**
     * Makes a state that of a session which has been silent so far. What it had not yet said is lost.
     *
     * @param state address of float32 [{@value #STATE_FLOATS}]
     */
    static void reset(final long state) {
        OffHeap.zero(state, (long) STATE_FLOATS * Float.BYTES);
    }
}
