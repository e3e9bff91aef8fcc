package dev.tactus.scenario.speech;

import dev.tactus.espeak.EspeakVoice;
import java.util.List;

/** Makes words audible. A pure function of its arguments, for any thread. */
public interface SpeechSource {
    /**
     * Words spoken in one go.
     *
     * @param voice who speaks
     * @param words at least one, of {@link dev.tactus.scenario.language.Vocabulary}
     */
    Utterance speak(EspeakVoice voice, List<String> words);
}
