package dev.tactus.scenario;

import dev.tactus.scenario.speech.SpeechSource;

/** Speech for tests of other packages. */
public final class TestSpeech {
    private TestSpeech() {}

    /** Words as tones. */
    public static SpeechSource tones() {
        return new ToneSpeech();
    }
}
