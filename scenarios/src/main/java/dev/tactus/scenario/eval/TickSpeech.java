package dev.tactus.scenario.eval;

import dev.tactus.engine.TickEvent;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The samples that a tick brings. Stateless. */
final class TickSpeech {
    private static final float[] NONE = {};

    private TickSpeech() {}

    static float[] of(final TickEvent event) {
        if (event.speechSamples() == 0) {
            return NONE;
        }
        final float[] out = new float[event.speechSamples()];
        MemorySegment.copy(event.speech(), ValueLayout.JAVA_FLOAT, 0, out, 0, out.length);
        return out;
    }
}
