package dev.tactus.scenario;

import dev.tactus.scenario.Timeline.Role;
import dev.tactus.scenario.language.Command;
import dev.tactus.scenario.language.CommandKind;
import dev.tactus.scenario.language.Grammar;
import dev.tactus.scenario.language.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** Writes the script of an episode, family by family. One thread. */
final class Families {
    /** Commands that are answered at once and begin nothing else. */
    private static final List<CommandKind> SHORT = List.of(
            CommandKind.SAY,
            CommandKind.ADD,
            CommandKind.AFTER,
            CommandKind.BEFORE,
            CommandKind.MOVE,
            CommandKind.PAINT);

    private static final List<CommandKind> CORRECTABLE =
            List.of(CommandKind.ADD, CommandKind.MOVE, CommandKind.PAINT, CommandKind.DELAYED);
    /** Words for no one: neither the wake word nor the one that stops. */
    private static final List<String> HARMLESS = Vocabulary.all().stream()
            .filter(word -> !word.equals(Vocabulary.WAKE) && !word.equals(Vocabulary.STOP))
            .toList();

    private static final List<String> WITHOUT_WAKE = Vocabulary.all().stream()
            .filter(word -> !word.equals(Vocabulary.WAKE))
            .toList();
    private static final int MAX_TRIES = 4;

    private final ScriptWriter writer;
    private final Script script;
    private final Draws draws;
    private int cursorMs;

    Families(final ScriptWriter writer) {
        this.writer = writer;
        script = writer.script;
        draws = writer.draws;
        cursorMs = draws.between(200, 1200);
    }

    /** Writes a family's script; the scene tells where the shape of {@link Family#CROSSING} is. */
    void write(final Family family, final Scene scene) {
        switch (family) {
            case CAPTIONS -> captions();
            case HESITATION -> commands(0.85, 0.12, 0);
            case ANSWER -> commands(0, 0, 0.25);
            case INTERRUPTION -> interruptions();
            case BACKCHANNEL -> backchannels();
            case CORRECTION -> corrections();
            case FLASHES -> flashes();
            case CROSSING -> crossing(scene);
            case TIMED -> timed();
            case SILENCE -> silence();
            case TOUR -> tour(scene);
        }
    }

    private void captions() {
        for (int tries = 0; tries < MAX_TRIES; ) {
            if (draws.chance(0.3)) {
                writer.changeUser();
            }
            tries = words(WITHOUT_WAKE, draws.between(2, 8), Role.RANDOM) ? 0 : tries + 1;
        }
    }

    private void commands(final double hesitation, final double abandoned, final double typed) {
        for (int tries = 0; tries < MAX_TRIES; ) {
            final Command command = command();
            final boolean done;
            if (draws.chance(0.15)) {
                done = words(HARMLESS, draws.between(1, 4), Role.RANDOM);
            } else if (draws.chance(typed)) {
                done = type(command);
            } else if (draws.chance(abandoned)) {
                done = abandon(command);
            } else {
                done = speak(command, draws.chance(hesitation));
            }
            afterSpeech(0.85);
            tries = done ? 0 : tries + 1;
        }
    }

    /** A long one now and then, so that long answers are not a sign of what is to come. */
    private Command command() {
        final CommandKind kind = draws.chance(0.08) ? CommandKind.COUNT_UNTIL : draws.pick(SHORT);
        return Grammar.random(kind, draws, 0.12);
    }

    private void interruptions() {
        for (int tries = 0; tries < MAX_TRIES; ) {
            final Timeline.Speech speech = longSpeech();
            if (speech == null) {
                tries++;
                continue;
            }
            tries = 0;
            final boolean stop = draws.chance(0.55);
            final List<String> words = stop
                    ? List.of(Vocabulary.STOP)
                    : Grammar.random(draws.pick(SHORT), draws, 0).words();
            final ScriptWriter.Prepared prepared = writer.prepare(words, writer.user(), List.of());
            final int firstTick = speech.startMs() / Episode.TICK_MS;
            // mostly early enough to be known before the speech ends by itself
            final int before = draws.chance(0.85) ? 9 : 4;
            final int lastTick = Math.max(firstTick, speech.endMs() / Episode.TICK_MS - before);
            final int startMs = draws.between(firstTick, lastTick) * Episode.TICK_MS + draws.below(Episode.TICK_MS);
            if (writer.fits(prepared, startMs) && startMs >= cursorMs) {
                cursorMs = writer.say(prepared, startMs, stop ? Role.STOP : Role.COMMAND, !stop);
            }
            afterSpeech(1);
        }
    }

    private void backchannels() {
        for (int tries = 0; tries < MAX_TRIES; ) {
            final Timeline.Speech speech = longSpeech();
            if (speech == null) {
                tries++;
                continue;
            }
            tries = 0;
            cursorMs = Math.max(cursorMs, speech.startMs() - draws.below(300));
            for (int i = draws.between(1, 3); i > 0 && cursorMs < speech.endMs() - 300; i--) {
                final boolean listening = draws.chance(0.5);
                final List<String> words =
                        listening ? List.of(draws.pick(Vocabulary.BACKCHANNELS)) : some(HARMLESS, draws.between(1, 4));
                final ScriptWriter.Prepared prepared =
                        writer.prepare(words, listening ? writer.user() : writer.otherVoice(), List.of());
                final int startMs = cursorMs + draws.between(50, 900);
                if (writer.fits(prepared, startMs)) {
                    cursorMs = writer.say(prepared, startMs, listening ? Role.BACKCHANNEL : Role.SIDE_TALK, false);
                }
            }
            afterSpeech(1);
        }
    }

    /** A command with a long answer, and the answer; or null when there is no more room. */
    private Timeline.Speech longSpeech() {
        final Command command = Grammar.random(CommandKind.COUNT_UNTIL, draws, 0);
        final int before = writer.behaviour().speeches().size();
        if (!speakWithin(command, draws.chance(0.15), 4000)) {
            return null;
        }
        final List<Timeline.Speech> speeches = writer.behaviour().speeches();
        return speeches.size() > before ? speeches.get(speeches.size() - 1) : null;
    }

    private void corrections() {
        for (int tries = 0; tries < MAX_TRIES; ) {
            Command command = Grammar.random(draws.pick(CORRECTABLE), draws, 0.7);
            while (!command.words().contains(Vocabulary.NO)) {
                command = Grammar.random(command.kind(), draws, 0.7);
            }
            final int room = command.kind() == CommandKind.DELAYED ? command.delayMs() : 0;
            tries = speakWithin(command, draws.chance(0.3), room) ? 0 : tries + 1;
            afterSpeech(1);
        }
    }

    private void flashes() {
        final boolean asked = draws.chance(0.9);
        if (draws.chance(0.3)) {
            flash();
        }
        if (asked && !speak(Grammar.random(CommandKind.COUNT_FLASHES, draws, 0), false)) {
            return;
        }
        cursorMs += draws.between(1200, 2200);
        final int stopAfter = draws.chance(0.2) ? draws.between(1, 4) : Integer.MAX_VALUE;
        for (int i = 0; i < 10 && cursorMs + 1400 < script.lengthMs(); i++) {
            if (i == stopAfter) {
                final ScriptWriter.Prepared stop = writer.prepare(List.of(Vocabulary.STOP), writer.user(), List.of());
                if (writer.fits(stop, cursorMs + 700)) {
                    cursorMs = writer.say(stop, cursorMs + 700, Role.STOP, false) + draws.between(700, 1500);
                }
            }
            flash();
        }
    }

    /** A flash lasts so long that a frame shows it, and the next comes so late that a frame shows the dark between. */
    private void flash() {
        if (cursorMs + 1400 < script.lengthMs()) {
            final int endMs = cursorMs + draws.between(220, 400);
            script.flashes.add(new Timeline.Flash(cursorMs, endMs, 0));
            cursorMs += draws.between(900, 2000);
        }
    }

    private void crossing(final Scene scene) {
        final boolean asked = draws.chance(0.9);
        if (asked) {
            speak(Grammar.random(CommandKind.WATCH, draws, 0), draws.chance(0.2));
        }
        watch(scene, asked);
        for (int tries = 0; asked && tries < MAX_TRIES; ) {
            tries = askAgain(scene) ? 0 : tries + 1;
        }
    }

    /** After the next crossing, the same request, at a moment from which on another crossing is clear. */
    private boolean askAgain(final Scene scene) {
        final int saidMs = scene.crossings(script.lengthMs()).stream()
                .filter(atMs -> atMs > cursorMs)
                .findFirst()
                .orElse(script.lengthMs());
        final ScriptWriter.Prepared prepared =
                writer.prepare(Grammar.random(CommandKind.WATCH, draws, 0).words(), writer.user(), List.of());
        final int startMs = saidMs + draws.between(800, 2500);
        if (!scene.isClear(startMs + prepared.lengthMs(), script.lengthMs())) {
            return false;
        }
        cursorMs = writer.say(prepared, startMs, Role.COMMAND, true);
        return true;
    }

    /** From here on the shape crosses the line, at times that are known. */
    private void watch(final Scene scene, final boolean asked) {
        scene.aim(cursorMs, asked, script.lengthMs(), draws);
        for (final int atMs : scene.crossings(script.lengthMs())) {
            script.crossings.add(new Timeline.Crossing(atMs, false));
        }
    }

    private void timed() {
        for (int tries = 0; tries < MAX_TRIES; ) {
            final Command command = Grammar.random(CommandKind.DELAYED, draws, 0.1);
            final boolean done = speakWithin(command, draws.chance(0.2), command.delayMs());
            tries = done ? 0 : tries + 1;
            if (!done) {
                continue;
            }
            final int dueMs = cursorMs + command.delayMs();
            if (draws.chance(0.1)) {
                cursorMs += Math.max(1300, draws.below(command.delayMs()));
                final ScriptWriter.Prepared stop = writer.prepare(List.of(Vocabulary.STOP), writer.user(), List.of());
                cursorMs = writer.say(stop, cursorMs, Role.STOP, false);
            } else if (draws.chance(0.4)) {
                cursorMs += 600;
                words(HARMLESS, draws.between(1, 4), Role.SIDE_TALK);
                cursorMs = Math.max(cursorMs, dueMs + 700);
            } else {
                cursorMs = dueMs + 700;
            }
            afterSpeech(1);
        }
    }

    private void silence() {
        if (draws.chance(0.25)) {
            cursorMs = draws.between(cursorMs, Math.max(cursorMs, script.lengthMs() - 5000));
            words(HARMLESS, draws.between(1, 4), Role.RANDOM);
        }
    }

    /** In one order, each once: a model that loses the thread shows it. */
    private void tour(final Scene scene) {
        words(Vocabulary.CHAT, 3, Role.RANDOM);
        speak(Grammar.random(CommandKind.AFTER, draws, 0), true);
        afterSpeech(1);
        speak(Grammar.random(CommandKind.COUNT_FLASHES, draws, 0), false);
        cursorMs += draws.between(1200, 2200);
        for (int i = draws.between(2, 3); i > 0; i--) {
            flash();
        }
        final Timeline.Speech speech = longSpeech();
        if (speech != null) {
            final ScriptWriter.Prepared stop = writer.prepare(List.of(Vocabulary.STOP), writer.user(), List.of());
            final int startMs = Math.max(cursorMs, draws.between(speech.startMs() + 600, speech.endMs() - 1200));
            cursorMs = writer.say(stop, startMs, Role.STOP, false);
        }
        afterSpeech(1);
        speak(Grammar.random(CommandKind.PAINT, draws, 1), false);
        afterSpeech(1);
        watch(scene, speak(Grammar.random(CommandKind.WATCH, draws, 0), false));
    }

    private boolean words(final List<String> from, final int count, final Role role) {
        final ScriptWriter.Prepared prepared = writer.prepare(some(from, count), writer.user(), List.of());
        final int startMs = cursorMs + draws.between(200, 1800);
        if (!writer.fits(prepared, startMs)) {
            return false;
        }
        cursorMs = writer.say(prepared, startMs, role, false);
        return true;
    }

    private List<String> some(final List<String> from, final int count) {
        final List<String> out = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            out.add(draws.pick(from));
        }
        return out;
    }

    private boolean speak(final Command command, final boolean hesitant) {
        return speakWithin(command, hesitant, 0);
    }

    /** Says a command if it ends early enough for its answer, and {@code roomMs} more. */
    private boolean speakWithin(final Command command, final boolean hesitant, final int roomMs) {
        final List<Integer> hesitations = hesitant ? hesitations(command.words().size()) : List.of();
        final ScriptWriter.Prepared prepared = writer.prepare(command.words(), writer.user(), hesitations);
        final int startMs = cursorMs + draws.between(200, 1000);
        final int answerMs = 600 + 500 * command.reply().size();
        if (!writer.fits(prepared, startMs + answerMs + roomMs)) {
            return false;
        }
        cursorMs = writer.say(prepared, startMs, Role.COMMAND, true);
        return true;
    }

    private boolean type(final Command command) {
        final int atMs = cursorMs + draws.between(200, 1800);
        if (atMs + 600 + 500 * command.reply().size() + ScriptWriter.TAIL_MS > script.lengthMs()) {
            return false;
        }
        script.typed.add(new Timeline.TypedText(atMs, String.join(" ", command.words())));
        cursorMs = atMs;
        return true;
    }

    /** The beginning of a command, and nothing after it for two seconds and more. */
    private boolean abandon(final Command command) {
        final List<String> words = command.words();
        final ScriptWriter.Prepared prepared =
                writer.prepare(words.subList(0, draws.between(1, words.size() - 1)), writer.user(), List.of());
        final int startMs = cursorMs + draws.between(200, 1800);
        if (!writer.fits(prepared, startMs + 2500)) {
            return false;
        }
        final int endMs = writer.say(prepared, startMs, Role.COMMAND, false);
        cursorMs = endMs + draws.between(2000, 3000);
        script.hesitations.add(new Timeline.Pause(endMs, cursorMs, true));
        return true;
    }

    private List<Integer> hesitations(final int words) {
        final TreeSet<Integer> out = new TreeSet<>();
        out.add(draws.between(1, words - 1));
        if (draws.chance(0.3)) {
            out.add(draws.between(1, words - 1));
        }
        return List.copyOf(out);
    }

    /** With this probability nothing more is said before the listener has heard all that the model says. */
    private void afterSpeech(final double probability) {
        if (draws.chance(probability)) {
            cursorMs = Math.max(cursorMs, writer.behaviour().quietFromMs());
        }
    }
}
