package dev.tactus.scenario;

import dev.tactus.espeak.EspeakVoice;
import dev.tactus.scenario.Timeline.HeardWord;
import dev.tactus.scenario.Timeline.Role;
import dev.tactus.scenario.render.Mixer;
import dev.tactus.scenario.render.Stretched;
import dev.tactus.scenario.speech.SpeechSource;
import dev.tactus.scenario.speech.VoiceBook;
import java.util.ArrayList;
import java.util.List;

/** Puts what is said onto a script's timeline. One thread. */
final class ScriptWriter {
    private static final double MIN_GAIN_DB = -20;
    private static final double MAX_GAIN_DB = 6;
    /** After the last word: so that it is shown, and a short answer said, within the episode. */
    static final int TAIL_MS = 1000;

    final Script script;
    final Draws draws;
    final GeneratorSettings settings;
    private final SpeechSource source;
    private final ModelVoice modelVoice;
    private final boolean whole;
    private EspeakVoice user;

    ScriptWriter(final Script script, final Draws draws, final GeneratorSettings settings, final SpeechSource source) {
        this.script = script;
        this.draws = draws;
        this.settings = settings;
        this.source = source;
        modelVoice = new ModelVoice(settings.voice() ? source : null);
        whole = draws.chance(settings.wholePhrases());
        changeUser();
    }

    /** Somebody else speaks from here on. */
    void changeUser() {
        user = otherVoice();
    }

    /** A voice of the split, for one turn. */
    EspeakVoice otherVoice() {
        return VoiceBook.draw(settings.split(), settings.ownVoice(), draws);
    }

    /** The voice of the user. */
    EspeakVoice user() {
        return user;
    }

    /** What a perfect model does up to now. */
    Behaviour behaviour() {
        return Oracle.run(script, settings.timing(), modelVoice);
    }

    /** Words that are ready to be put anywhere: each piece with its milliseconds from the turn's start. */
    record Prepared(List<String> words, List<Piece> pieces, List<Timeline.Pause> pauses, EspeakVoice voice) {
        int lengthMs() {
            final Piece last = pieces.get(pieces.size() - 1);
            return last.startMs + last.utterance.lengthMs();
        }
    }

    private record Piece(Stretched utterance, List<String> words, int startMs, double gainDb) {}

    /**
     * Makes words audible.
     *
     * @param words what is said
     * @param voice by whom
     * @param hesitations numbers of words, 1 to the last, before which there is a pause
     */
    Prepared prepare(final List<String> words, final EspeakVoice voice, final List<Integer> hesitations) {
        final List<Piece> pieces = new ArrayList<>();
        final List<Timeline.Pause> pauses = new ArrayList<>();
        final double turnGain = draws.uniform(MIN_GAIN_DB, MAX_GAIN_DB);
        final double turnFactor = draws.uniform(0.9, 1.12);
        int at = 0;
        for (int from = 0; from < words.size(); ) {
            int to = from + 1;
            while (whole && to < words.size() && !hesitations.contains(to)) {
                to++;
            }
            if (hesitations.contains(from)) {
                final int pauseMs = draws.between(200, 2000);
                pauses.add(new Timeline.Pause(at, at + pauseMs, true));
                at += pauseMs;
            } else if (from > 0) {
                at += draws.between(20, 220);
            }
            final List<String> said = List.copyOf(words.subList(from, to));
            final double factor = whole ? turnFactor : draws.uniform(0.9, 1.12);
            final double gain = whole ? turnGain : turnGain + draws.uniform(-3, 3);
            final Stretched utterance = Stretched.by(factor, source.speak(voice, said));
            pieces.add(new Piece(utterance, said, at, Math.max(MIN_GAIN_DB, Math.min(MAX_GAIN_DB, gain))));
            at += utterance.lengthMs();
            from = to;
        }
        return new Prepared(List.copyOf(words), pieces, pauses, voice);
    }

    /** Whether the words end early enough before the episode does. */
    boolean fits(final Prepared prepared, final int startMs) {
        return startMs + prepared.lengthMs() + TAIL_MS <= script.lengthMs();
    }

    /**
     * Says prepared words.
     *
     * @param complete whether this is a complete command
     * @return the end of the last word, in milliseconds
     */
    int say(final Prepared prepared, final int startMs, final Role role, final boolean complete) {
        for (final Piece piece : prepared.pieces) {
            final int at = startMs + piece.startMs;
            script.speech.add(new Mixer.Placed(piece.utterance, at, piece.gainDb));
            final int[] starts = piece.utterance.startsMs();
            final int[] ends = piece.utterance.endsMs();
            for (int i = 0; i < piece.words.size(); i++) {
                script.words.add(
                        new HeardWord(at + starts[i], at + ends[i], piece.words.get(i), prepared.voice.name(), role));
            }
        }
        prepared.pauses.forEach(pause ->
                script.hesitations.add(new Timeline.Pause(startMs + pause.startMs(), startMs + pause.endMs(), true)));
        final int endMs = startMs + prepared.lengthMs();
        script.turns.add(new Timeline.Turn(startMs, endMs, String.join(" ", prepared.words), role, complete));
        return endMs;
    }
}
