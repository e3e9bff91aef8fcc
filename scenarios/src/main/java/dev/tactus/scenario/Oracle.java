package dev.tactus.scenario;

import dev.tactus.scenario.Timeline.HeardWord;
import dev.tactus.scenario.Timeline.Reason;
import dev.tactus.scenario.language.Command;
import dev.tactus.scenario.language.CommandKind;
import dev.tactus.scenario.language.Grammar;
import dev.tactus.scenario.language.Vocabulary;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The rules of the game: what a perfect model puts out at every tick, from what it can have heard and seen by then.
 *
 * <ul>
 *   <li>Every word is shown, whoever says it and whatever the model does.
 *   <li>A complete command is answered: text in SPEAK at once, then speech until the words are used up. Words without
 *       the wake word, and commands that stay incomplete, are not.
 *   <li>What the model speaks waits until what it spoke before is over.
 *   <li>"stop" ends the model's speech, what waits to be said, and every task (counting, watching, waiting). The wake
 *       word ends speech and what waits to be said, and no task. Nothing else that is said ends anything.
 *   <li>Speech that is ended so has no SAY from the first tick on whose end lies {@code interruptLagMs} after the
 *       word's end; the input of the tick after has the cut. When the listener's side cuts, speech ends in the tick
 *       that has the cut.
 * </ul>
 *
 * <p>One object for one script, one thread.
 */
final class Oracle {
    private final Script script;
    private final TargetTiming timing;
    private final ModelVoice voice;
    private final List<HeardWord> words;
    private final Targets targets;
    private final float[] sound;
    private final List<Timeline.Speech> speeches = new ArrayList<>();
    private final List<Timeline.Interruption> interruptions = new ArrayList<>();
    private final List<Timeline.Flash> flashes;
    private final List<Timeline.Crossing> crossings;

    private final Deque<Integer> captions = new ArrayDeque<>();
    private final Deque<Planned> waiting = new ArrayDeque<>();
    private final List<Planned> delayed = new ArrayList<>();
    private final List<String> phrase = new ArrayList<>();
    private int captioned;
    private int controlled;
    private int understood;
    private int typedRead;
    private int seen;
    private int crossed;
    private int cancelledBeforeMs = -1;
    private int tasksEndedBeforeMs = -1;
    private int counted = -1;
    private boolean watching;
    private Planned current;
    private int currentTick;
    private int spoken;
    private int said;

    private Oracle(final Script script, final TargetTiming timing, final ModelVoice voice) {
        this.script = script;
        this.timing = timing;
        this.voice = voice;
        words = script.wordsByEnd();
        targets = Targets.quiet(script.ticks);
        sound = new float[script.ticks * Episode.TICK_SAMPLES];
        flashes = new ArrayList<>(script.flashes);
        crossings = new ArrayList<>(script.crossings);
    }

    /** Something to say: what, why, and what it was that made it due. */
    private record Planned(Reason reason, List<String> words, int causeMs, float[] samples) {
        int sayTicks() {
            return Math.ceilDiv(samples.length, Episode.TICK_SAMPLES);
        }
    }

    /** What a perfect model does with {@code script}. */
    static Behaviour run(final Script script, final TargetTiming timing, final ModelVoice voice) {
        final Oracle oracle = new Oracle(script, timing, voice);
        for (int tick = 0; tick < script.ticks; tick++) {
            oracle.input(tick);
            if (!script.faults.skippedTicks().get(tick)) {
                oracle.react(tick);
                oracle.output(tick);
            }
        }
        oracle.endSpeech(false);
        return new Behaviour(
                oracle.targets, oracle.speeches, oracle.interruptions, oracle.flashes, oracle.crossings, oracle.sound);
    }

    private void input(final int tick) {
        final List<Integer> ids = new ArrayList<>();
        for (final Timeline.TypedText text : script.typed) {
            if (text.atMs() / Episode.TICK_MS == tick) {
                Vocabulary.split(text.text()).forEach(word -> ids.add(Vocabulary.id(word)));
            }
        }
        targets.typed()[tick] = ids.stream().mapToInt(Integer::intValue).toArray();
    }

    private void react(final int tick) {
        final int endMs = (tick + 1) * Episode.TICK_MS;
        hear(endMs);
        control(tick, endMs);
        if (script.faults.cuts().get(tick) && isTalking(tick)) {
            targets.cuts().set(tick);
            endSpeech(true);
        }
        understand(endMs);
        see(tick);
        // the listener hears the first sample at the end of the tick: half a tick early is as near as half a tick late
        delayed.removeIf(plan -> {
            final boolean due = endMs >= plan.causeMs - Episode.TICK_MS / 2;
            if (due) {
                waiting.add(plan);
            }
            return due;
        });
    }

    private void hear(final int endMs) {
        while (captioned < words.size() && words.get(captioned).endMs() + timing.captionLagMs() <= endMs) {
            captions.add(Vocabulary.id(words.get(captioned++).text()));
        }
    }

    private void control(final int tick, final int endMs) {
        while (controlled < words.size() && words.get(controlled).endMs() + timing.interruptLagMs() <= endMs) {
            final HeardWord word = words.get(controlled++);
            final boolean stop = word.text().equals(Vocabulary.STOP);
            if (!stop && !word.text().equals(Vocabulary.WAKE)) {
                continue;
            }
            cancelledBeforeMs = word.endMs();
            waiting.clear();
            if (stop) {
                tasksEndedBeforeMs = word.endMs();
                delayed.clear();
                counted = -1;
                watching = false;
            }
            if (isTalking(tick)) {
                interruptions.add(new Timeline.Interruption(word.startMs(), word.endMs(), tick));
                if (tick + 1 < script.ticks) {
                    targets.cuts().set(tick + 1);
                }
            }
            endSpeech(current != null);
        }
    }

    /** Whether speech began before this tick and is not over. */
    private boolean isTalking(final int tick) {
        return current != null && tick > currentTick && said < current.sayTicks();
    }

    private void understand(final int endMs) {
        while (understood < words.size() && words.get(understood).endMs() + timing.replyLagMs() <= endMs) {
            final HeardWord word = words.get(understood++);
            if (word.text().equals(Vocabulary.WAKE)) {
                phrase.clear();
                phrase.add(word.text());
            } else if (!phrase.isEmpty()) {
                phrase.add(word.text());
                final Grammar.Parse parse = Grammar.parse(phrase);
                parse.command().ifPresent(command -> obey(command, word.endMs()));
                if (parse.status() != Grammar.Status.INCOMPLETE) {
                    phrase.clear();
                }
            }
        }
        while (typedRead < script.typed.size() && script.typed.get(typedRead).atMs() + timing.replyLagMs() <= endMs) {
            final Timeline.TypedText text = script.typed.get(typedRead++);
            Grammar.parse(Vocabulary.split(text.text())).command().ifPresent(command -> obey(command, text.atMs()));
        }
    }

    private void obey(final Command command, final int endMs) {
        if (endMs > cancelledBeforeMs) {
            waiting.add(plan(Reason.REPLY, command.reply(), endMs));
        }
        if (endMs <= tasksEndedBeforeMs) {
            return;
        }
        if (command.kind() == CommandKind.DELAYED) {
            delayed.add(plan(Reason.DELAYED, List.of(command.delayedWord()), endMs + command.delayMs()));
        }
        counted = command.kind() == CommandKind.COUNT_FLASHES ? 0 : counted;
        watching |= command.kind() == CommandKind.WATCH;
    }

    private void see(final int tick) {
        for (; seen < flashes.size() && isVisible(flashes.get(seen).startMs(), tick); seen++) {
            final Timeline.Flash flash = flashes.get(seen);
            if (counted >= 0 && counted < Vocabulary.NUMBERS.size()) {
                counted++;
                flashes.set(seen, new Timeline.Flash(flash.startMs(), flash.endMs(), counted));
                waiting.add(plan(Reason.FLASH, List.of(Command.number(counted)), flash.startMs()));
            }
        }
        for (; crossed < crossings.size() && isVisible(crossings.get(crossed).atMs(), tick); crossed++) {
            if (watching) {
                final int atMs = crossings.get(crossed).atMs();
                watching = false;
                crossings.set(crossed, new Timeline.Crossing(atMs, true));
                waiting.add(plan(Reason.CROSSING, List.of(Vocabulary.NOW), atMs));
            }
        }
    }

    private boolean isVisible(final int ms, final int tick) {
        return visibleTick(ms) + timing.visualLagTicks() <= tick;
    }

    /** The first tick whose frame, taken at its start, shows what happens at {@code ms}. */
    static int visibleTick(final int ms) {
        return Math.ceilDiv(ms, Episode.TICK_MS);
    }

    private Planned plan(final Reason reason, final List<String> text, final int causeMs) {
        return new Planned(reason, text, causeMs, voice.say(text));
    }

    private void output(final int tick) {
        int budget = Episode.TEXT_OUT_MAX;
        final int[] hear = new int[Math.min(budget, captions.size())];
        for (int i = 0; i < hear.length; i++) {
            hear[i] = captions.remove();
        }
        targets.hear()[tick] = hear;
        budget -= hear.length;
        if (current == null && budget > 0 && !waiting.isEmpty()) {
            current = waiting.remove();
            currentTick = tick;
            spoken = 0;
            said = 0;
        }
        if (current == null) {
            return;
        }
        final List<String> text = current.words;
        final int to = Math.min(text.size(), spoken + budget);
        targets.speak()[tick] = Vocabulary.ids(text.subList(spoken, to));
        spoken = to;
        if (said < current.sayTicks()) {
            targets.say().set(tick);
            final int from = said * Episode.TICK_SAMPLES;
            final int count = Math.min(Episode.TICK_SAMPLES, current.samples.length - from);
            System.arraycopy(current.samples, from, sound, tick * Episode.TICK_SAMPLES, count);
            said++;
        }
        if (spoken == text.size() && said == current.sayTicks()) {
            endSpeech(false);
        }
    }

    private void endSpeech(final boolean interrupted) {
        if (current != null) {
            speeches.add(new Timeline.Speech(
                    current.reason,
                    String.join(" ", current.words),
                    current.causeMs,
                    currentTick,
                    said,
                    interrupted && said < current.sayTicks()));
            current = null;
        }
    }
}
