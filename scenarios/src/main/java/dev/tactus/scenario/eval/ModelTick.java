package dev.tactus.scenario.eval;

import java.util.List;

/**
 * What a model put out in one tick. Heard and seen from the end of the tick on, 200·(tick + 1) ms.
 *
 * @param hear words of captions
 * @param speak words that it says, as text
 * @param say whether the tick ended in speech
 * @param cut whether {@code <cut>} stood in the tick's input
 * @param speech the samples of that speech, 16 kHz, or none when they are not known; not to be written to
 */
public record ModelTick(List<String> hear, List<String> speak, boolean say, boolean cut, float[] speech) {
    private static final float[] NO_SAMPLES = {};
    /** A tick without output. */
    public static final ModelTick QUIET = new ModelTick(List.of(), List.of(), false, false, NO_SAMPLES);

    /** Copies the lists, and shares the samples. */
    public ModelTick {
        hear = List.copyOf(hear);
        speak = List.copyOf(speak);
    }

    /** A tick whose samples are not known. */
    public ModelTick(final List<String> hear, final List<String> speak, final boolean say, final boolean cut) {
        this(hear, speak, say, cut, NO_SAMPLES);
    }
}
