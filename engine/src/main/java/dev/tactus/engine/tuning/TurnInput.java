package dev.tactus.engine.tuning;

import java.util.ArrayList;
import java.util.List;

/**
 * What a tick brings in (MODEL.md 2.2), as a producer would commit it. Arrays are not copied: they stay as they are
 * until the sequence that takes them is built, or the prompt they belong to has been sampled.
 *
 * @param skippedBefore ticks between the last one that ran and this one, 0 to 5
 * @param cut whether the listener did not hear all of the speech
 * @param audio 4 slots in order, or none where nothing was heard
 * @param frame RGB8 [rows·patch, cols·patch, 3], letterboxed; null for no frame
 * @param text ids that arrived, at most {@code text_in_max}; empty for none
 */
public record TurnInput(int skippedBefore, boolean cut, List<AudioSlot> audio, byte[] frame, int[] text) {
    /** A tick in which nothing arrived. */
    public static final TurnInput NOTHING = new TurnInput(0, false, List.of(), null, new int[0]);

    /** Makes the list unmodifiable. */
    public TurnInput {
        audio = List.copyOf(audio);
    }

    /** A tick in which text arrived. */
    public static TurnInput ofText(final int... ids) {
        return NOTHING.withText(ids);
    }

    /**
     * The same with sound.
     *
     * @param slots [4][800], null for a gap
     */
    public TurnInput withSamples(final float[]... slots) {
        final List<AudioSlot> heard = new ArrayList<>();
        for (final float[] samples : slots) {
            heard.add(samples == null ? AudioSlot.GAP : new AudioSlot.Samples(samples));
        }
        return withAudio(heard);
    }

    /**
     * The same with sound that is quantised already.
     *
     * @param slots [4][mels], null for a gap
     */
    public TurnInput withBins(final int[]... slots) {
        final List<AudioSlot> heard = new ArrayList<>();
        for (final int[] bins : slots) {
            heard.add(bins == null ? AudioSlot.GAP : new AudioSlot.Bins(bins));
        }
        return withAudio(heard);
    }

    /** The same with these slots. */
    public TurnInput withAudio(final List<AudioSlot> slots) {
        return new TurnInput(skippedBefore, cut, slots, frame, text);
    }

    /** The same with a frame. */
    public TurnInput withFrame(final byte... pixels) {
        return new TurnInput(skippedBefore, cut, audio, pixels, text);
    }

    /** The same with text. */
    public TurnInput withText(final int... ids) {
        return new TurnInput(skippedBefore, cut, audio, frame, ids);
    }

    /** The same, and the listener did not hear all of the speech. */
    public TurnInput withCut() {
        return new TurnInput(skippedBefore, true, audio, frame, text);
    }

    /** The same after ticks that did not run. */
    public TurnInput after(final int skippedTicks) {
        return new TurnInput(skippedTicks, cut, audio, frame, text);
    }
}
