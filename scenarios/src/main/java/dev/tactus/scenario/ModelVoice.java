package dev.tactus.scenario;

import dev.tactus.scenario.render.Mixer;
import dev.tactus.scenario.speech.SpeechSource;
import dev.tactus.scenario.speech.VoiceBook;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the model says in one episode, as samples in {@link VoiceBook#MODEL}; or nothing, if it only writes. One thread.
 */
final class ModelVoice {
    private static final float[] SILENT = {};

    private final SpeechSource source;
    private final Map<List<String>, float[]> said = new HashMap<>();

    /** A voice from {@code source}, or none if that is null. */
    ModelVoice(final SpeechSource source) {
        this.source = source;
    }

    /** 16-bit samples, 16 kHz, not to be written to. */
    float[] say(final List<String> words) {
        return source == null ? SILENT : said.computeIfAbsent(words, this::make);
    }

    private float[] make(final List<String> words) {
        final float[] samples = source.speak(VoiceBook.MODEL, words).samples().clone();
        Mixer.quantise(samples);
        return samples;
    }
}
