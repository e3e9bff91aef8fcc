package dev.tactus.scenario.eval;

import dev.tactus.scenario.Episode;
import dev.tactus.scenario.Timeline;
import dev.tactus.scenario.Timeline.Reason;
import dev.tactus.scenario.Timeline.Role;
import dev.tactus.scenario.Timeline.Speech;
import dev.tactus.scenario.language.Command;
import dev.tactus.scenario.language.CommandKind;
import dev.tactus.scenario.language.Grammar;
import dev.tactus.scenario.language.Vocabulary;
import java.util.List;
import java.util.Optional;

/** What is said because it was asked for, at once or later. Stateless. */
final class ReplyScore {
    private static final int NEAR_MS = 400;
    /** What begins later is not put down to the command. */
    private static final int AFTER_COMMAND_MS = 3000;
    /** Where a perfect model needs longer, it had to say something else first. */
    private static final int FREE_REPLY_MS = 600;

    private static final int FREE_DELAYED_MS = 200;

    private ReplyScore() {}

    static void add(final EpisodeRun run, final Answers answers, final Tally tally) {
        final List<Speech> speeches = run.episode().timeline().speeches();
        for (final int i : answers.judged(Reason.REPLY)) {
            final Speech speech = speeches.get(i);
            tally.rate(Measure.ANSWERED, answers.remark(i).isPresent());
            tally.rate(Measure.RIGHT_REPLY, answers.isRight(i));
            tally.rate(Measure.WRONG_REMARK, hasWrongRemark(run, answers, speech));
            if (speech.sayTicks() > 0) {
                tally.mayRate(Measure.SPOKEN_ALOUD);
                answers.remark(i).ifPresent(remark -> tally.rate(Measure.SPOKEN_ALOUD, remark.sayTicks() > 0));
            }
            tally.mayTime(Measure.RESPONSE_LATENCY);
            if (answers.remark(i).isPresent() && speech.startMs() - speech.causeMs() < FREE_REPLY_MS) {
                tally.time(Measure.RESPONSE_LATENCY, answers.remark(i).get().startMs() - speech.causeMs());
            }
        }
        for (final int i : answers.judged(Reason.DELAYED)) {
            final Speech speech = speeches.get(i);
            if (isFree(speech)) {
                tally.mayTime(Measure.TIMED_ERROR);
                tally.rate(Measure.TIMED_NEAR, isOnTime(answers, i, speech));
                if (answers.isRight(i)) {
                    tally.time(Measure.TIMED_ERROR, Math.abs(error(answers, i, speech)));
                }
            }
        }
        for (final Timeline.Turn turn : run.episode().timeline().turns()) {
            if (turn.role() == Role.COMMAND && turn.complete()) {
                correction(run.episode(), answers, turn.text(), turn.endMs(), tally);
            }
        }
        for (final Timeline.TypedText typed : run.episode().timeline().typed()) {
            correction(run.episode(), answers, typed.text(), typed.atMs(), tally);
        }
    }

    /** Whether something that is not due begins after the command, before the next one is over. */
    private static boolean hasWrongRemark(final EpisodeRun run, final Answers answers, final Speech reply) {
        final int nextMs = run.episode().timeline().speeches().stream()
                .filter(speech -> speech.reason() == Reason.REPLY && speech.causeMs() > reply.causeMs())
                .mapToInt(Speech::causeMs)
                .min()
                .orElse(Integer.MAX_VALUE);
        final int toMs = Math.min(reply.causeMs() + AFTER_COMMAND_MS, nextMs - 1);
        return run.remarks().stream()
                .anyMatch(remark ->
                        remark.startMs() >= reply.causeMs() && remark.startMs() <= toMs && !answers.isRight(remark));
    }

    private static boolean isFree(final Speech speech) {
        return Math.abs(speech.startMs() - speech.causeMs()) <= FREE_DELAYED_MS;
    }

    private static boolean isOnTime(final Answers answers, final int index, final Speech speech) {
        return answers.isRight(index) && Math.abs(error(answers, index, speech)) <= NEAR_MS;
    }

    private static int error(final Answers answers, final int index, final Speech speech) {
        return answers.remark(index).orElseThrow().startMs() - speech.causeMs();
    }

    private static void correction(
            final Episode episode, final Answers answers, final String text, final int atMs, final Tally tally) {
        final List<String> words = Vocabulary.split(text);
        final Optional<Command> command = Grammar.parse(words).command();
        if (command.isEmpty() || !words.contains(Vocabulary.NO)) {
            return;
        }
        final Optional<Integer> reply = find(episode, answers, Reason.REPLY, atMs);
        if (reply.isEmpty()) {
            return;
        }
        boolean obeyed = answers.isRight(reply.get());
        if (command.get().kind() == CommandKind.DELAYED) {
            final Optional<Integer> later =
                    find(episode, answers, Reason.DELAYED, atMs + command.get().delayMs());
            if (later.isEmpty() || !isFree(episode.timeline().speeches().get(later.get()))) {
                return;
            }
            obeyed &=
                    isOnTime(answers, later.get(), episode.timeline().speeches().get(later.get()));
        }
        tally.rate(Measure.CORRECTION_OBEYED, obeyed);
    }

    private static Optional<Integer> find(
            final Episode episode, final Answers answers, final Reason reason, final int causeMs) {
        return answers.judged(reason).stream()
                .filter(i -> episode.timeline().speeches().get(i).causeMs() == causeMs)
                .findFirst();
    }
}
