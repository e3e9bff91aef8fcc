package dev.tactus.scenario.eval;

import dev.tactus.scenario.Timeline.Reason;
import dev.tactus.scenario.Timeline.Speech;
import dev.tactus.scenario.language.Vocabulary;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which remark of a model stands for which speech of a perfect one: first those with the right words, each the earliest
 * within its time; then, for what is left, the earliest remark that is left. A remark stands for it as long as it is no
 * longer than the speech, with some tolerance. Immutable.
 */
final class Answers {
    private static final int LATEST_RIGHT_MS = 3000;
    private static final int LATEST_WRONG_MS = 2000;
    /** What is due at a moment may come so long before it. */
    private static final int EARLIEST_DELAYED_MS = 1500;

    private static final int EARLIEST_CROSSING_MS = 1000;
    /** A speech whose cause comes later than this before the episode's end is not judged. */
    private static final int TAIL_MS = 1000;
    /** The same words may take so many ticks more. */
    private static final int LONGER_TICKS = 2;

    private final EpisodeRun run;
    private final Map<Integer, Remark> bySpeech = new HashMap<>();
    private final Set<Integer> right = new HashSet<>();
    private final Set<Remark> used = new HashSet<>();
    private final BitSet answerTicks = new BitSet();
    private final BitSet rightTicks = new BitSet();

    Answers(final EpisodeRun run) {
        this.run = run;
        final List<Speech> speeches = run.episode().timeline().speeches();
        for (int i = 0; i < speeches.size(); i++) {
            if (assign(i, speeches.get(i), true)) {
                right.add(i);
            }
        }
        for (int i = 0; i < speeches.size(); i++) {
            if (!bySpeech.containsKey(i)) {
                assign(i, speeches.get(i), false);
            }
        }
        bySpeech.forEach((index, remark) -> {
            final BitSet ticks = ticks(speeches.get(index), remark);
            answerTicks.or(ticks);
            if (right.contains(index)) {
                rightTicks.or(ticks);
            }
        });
    }

    /** The ticks of a remark in which a perfect model might still say the speech. */
    private BitSet ticks(final Speech speech, final Remark remark) {
        final int end = speech.tick() + speech.sayTicks();
        // how long it takes is not known where a perfect model is interrupted, where the episode ends, or without a
        // voice: there only the moment counts
        final boolean ends = end < run.ticks().size() && speech.sayTicks() > 0;
        final BitSet out = new BitSet();
        int said = 0;
        for (int t = remark.tick(); t <= remark.lastTick(); t++) {
            said += run.says(t) ? 1 : 0;
            if (!ends || said <= speech.sayTicks() + LONGER_TICKS || speech.interrupted() && t < end + LONGER_TICKS) {
                out.set(t);
            }
        }
        return out;
    }

    private boolean assign(final int index, final Speech speech, final boolean rightWords) {
        final int fromMs = speech.causeMs() - earliest(speech.reason());
        final int toMs = speech.causeMs() + (rightWords ? LATEST_RIGHT_MS : LATEST_WRONG_MS);
        for (final Remark remark : run.remarks()) {
            final boolean inTime = remark.startMs() >= fromMs && remark.startMs() <= toMs;
            if (inTime && !used.contains(remark) && (!rightWords || isRight(speech, remark))) {
                bySpeech.put(index, remark);
                used.add(remark);
                return true;
            }
        }
        return false;
    }

    private static int earliest(final Reason reason) {
        return switch (reason) {
            case REPLY, FLASH -> 0;
            case DELAYED -> EARLIEST_DELAYED_MS;
            case CROSSING -> EARLIEST_CROSSING_MS;
        };
    }

    /** Whether these are the words; of an interrupted speech, or remark, a beginning suffices. */
    private static boolean isRight(final Speech speech, final Remark remark) {
        final List<String> words = Vocabulary.split(speech.text());
        final int count = remark.words().size();
        final boolean part = speech.interrupted() && count > 0 && count <= words.size();
        return remark.words().equals(part ? words.subList(0, count) : words);
    }

    /** The numbers of the speeches of a reason that begin early enough to be judged. */
    List<Integer> judged(final Reason reason) {
        final List<Speech> speeches = run.episode().timeline().speeches();
        final List<Integer> out = new ArrayList<>();
        for (int i = 0; i < speeches.size(); i++) {
            if (speeches.get(i).reason() == reason
                    && speeches.get(i).causeMs() + TAIL_MS <= run.episode().lengthMs()) {
                out.add(i);
            }
        }
        return out;
    }

    /** The remark that stands for speech {@code index}, right or wrong. */
    Optional<Remark> remark(final int index) {
        return Optional.ofNullable(bySpeech.get(index));
    }

    /** Whether the remark for speech {@code index} has the right words. */
    boolean isRight(final int index) {
        return right.contains(index);
    }

    /** Whether text or speech comes out in a tick that belongs to no answer, right or wrong. */
    boolean isBeside(final int tick) {
        return run.talks(tick) && !answerTicks.get(tick);
    }

    /** Whether text or speech comes out in a tick that belongs to no right answer. */
    boolean isWrong(final int tick) {
        return run.talks(tick) && !rightTicks.get(tick);
    }

    /** Whether a right answer begins in a tick, to something that a perfect model says then or later. */
    boolean isDue(final int tick, final int fromTick) {
        return right.stream()
                .anyMatch(index -> bySpeech.get(index).tick() == tick
                        && run.episode().timeline().speeches().get(index).tick() >= fromTick);
    }

    /** Whether a remark is an answer, right or wrong, to a command that ends at {@code fromMs} or later. */
    boolean isReply(final Remark remark, final int fromMs) {
        return bySpeech.entrySet().stream()
                .filter(one -> one.getValue() == remark)
                .map(one -> run.episode().timeline().speeches().get(one.getKey()))
                .anyMatch(speech -> speech.reason() == Reason.REPLY && speech.causeMs() >= fromMs);
    }

    /** Whether a remark is what a perfect model would say, whatever its moment. */
    boolean isRight(final Remark remark) {
        return right.stream().anyMatch(index -> bySpeech.get(index) == remark);
    }

    /**
     * Whether a remark is, with the right words, what a perfect model would say for another reason than {@code reason}.
     */
    boolean isOther(final Remark remark, final Reason reason) {
        return right.stream()
                .anyMatch(index -> bySpeech.get(index) == remark
                        && run.episode().timeline().speeches().get(index).reason() != reason);
    }
}
