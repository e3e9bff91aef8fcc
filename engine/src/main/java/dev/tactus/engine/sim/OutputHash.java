package dev.tactus.engine.sim;

import dev.tactus.engine.TickEvent;
import dev.tactus.kernel.vocoder.Vocoder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The bits that a tick put out: tokens, what they are, their log-probabilities, and the ends of every 50 ms of sound.
 */
final class OutputHash {
    private OutputHash() {}

    /** Of what a consumer was handed. */
    static long of(final TickEvent event, final boolean logProbabilities) {
        long hash = event.tick();
        for (int i = 0; i < event.tokens(); i++) {
            hash = Mix.fold(hash, event.tokenId(i));
            hash = Mix.fold(hash, event.isCaption(i) ? 1 : event.isSpoken(i) ? 2 : 0);
            if (logProbabilities) {
                hash = Mix.fold(hash, Float.floatToRawIntBits(event.logProbability(i)));
            }
        }
        hash = Mix.fold(hash, event.speechSamples());
        if (event.speechSamples() > 0) {
            final MemorySegment speech = event.speech();
            for (int at = 0; at < event.speechSamples(); at += Vocoder.BLOCK_SAMPLES) {
                final int last = at + Vocoder.BLOCK_SAMPLES - 1;
                hash = Mix.fold(hash, Float.floatToRawIntBits(speech.getAtIndex(ValueLayout.JAVA_FLOAT, at)));
                hash = Mix.fold(hash, Float.floatToRawIntBits(speech.getAtIndex(ValueLayout.JAVA_FLOAT, last)));
            }
        }
        return hash;
    }
}
