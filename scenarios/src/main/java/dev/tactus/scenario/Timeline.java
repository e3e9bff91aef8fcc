package dev.tactus.scenario;

import java.util.List;

/**
 * What happens in an episode, in milliseconds from its start. Lists are in the order of time. Immutable.
 *
 * @param words every word the user side says
 * @param typed text that is typed
 * @param turns what is said in one go
 * @param pauses silences inside commands, and after turns
 * @param interruptions words that end the model's speech
 * @param flashes flashes
 * @param crossings moments at which the shape crosses the line
 * @param speeches what the model must say
 */
public record Timeline(
        List<HeardWord> words,
        List<TypedText> typed,
        List<Turn> turns,
        List<Pause> pauses,
        List<Interruption> interruptions,
        List<Flash> flashes,
        List<Crossing> crossings,
        List<Speech> speeches) {
    /** Copies the lists. */
    public Timeline {
        words = List.copyOf(words);
        typed = List.copyOf(typed);
        turns = List.copyOf(turns);
        pauses = List.copyOf(pauses);
        interruptions = List.copyOf(interruptions);
        flashes = List.copyOf(flashes);
        crossings = List.copyOf(crossings);
        speeches = List.copyOf(speeches);
    }

    /** Why something is said to the model, or within its hearing. */
    public enum Role {
        /** Words in no order. */
        RANDOM,
        /** A command, complete or not. */
        COMMAND,
        /** The word that ends what the model does. */
        STOP,
        /** A sign that somebody listens. */
        BACKCHANNEL,
        /** Said to somebody else. */
        SIDE_TALK
    }

    /** Why the model speaks. */
    public enum Reason {
        /** The answer to a command. */
        REPLY,
        /** What a command asked for after some seconds. */
        DELAYED,
        /** The number of a flash. */
        FLASH,
        /** The shape crosses the line. */
        CROSSING
    }

    /**
     * A word that is heard.
     *
     * @param startMs its first sample
     * @param endMs after its last sample
     * @param text one of the sixty
     * @param voice who says it, such as {@code en-us+m3}
     * @param role why
     */
    public record HeardWord(int startMs, int endMs, String text, String voice, Role role) {}

    /**
     * Text that is typed.
     *
     * @param atMs when it arrives
     * @param text words of the sixty
     */
    public record TypedText(int atMs, String text) {}

    /**
     * Words said in one go, pauses included.
     *
     * @param startMs the first word's start
     * @param endMs the last word's end
     * @param text the words
     * @param role why
     * @param complete whether a command is one
     */
    public record Turn(int startMs, int endMs, String text, Role role, boolean complete) {}

    /**
     * A silence of the user.
     *
     * @param startMs the end of the word before
     * @param endMs the start of the next word, or the episode's end
     * @param hesitation whether the words before it are the beginning of a command, so that nothing may be answered
     */
    public record Pause(int startMs, int endMs, boolean hesitation) {}

    /**
     * A word that ends the model's speech.
     *
     * @param startMs the word's start
     * @param knownMs the word's end, when it can be known
     * @param tick the first tick at which the model speaks no more; the tick after it has the cut
     */
    public record Interruption(int startMs, int knownMs, int tick) {}

    /**
     * A flash.
     *
     * @param startMs its first moment
     * @param endMs after its last moment
     * @param number how many there were with it, or 0 if nobody counts
     */
    public record Flash(int startMs, int endMs, int number) {}

    /**
     * The shape's centre is on the line.
     *
     * @param atMs when
     * @param announced whether the model must say so
     */
    public record Crossing(int atMs, boolean announced) {}

    /**
     * What the model must say.
     *
     * @param reason why
     * @param text the words
     * @param causeMs the end of the turn, the flash, the crossing, or the moment that was asked for
     * @param tick the tick that puts out its first word
     * @param sayTicks ticks of speech, from {@code tick} on; fewer than the words take when it is interrupted
     * @param interrupted whether it ends early
     */
    public record Speech(Reason reason, String text, int causeMs, int tick, int sayTicks, boolean interrupted) {
        /** When the listener hears the first sample: the end of the tick. */
        public int startMs() {
            return (tick + 1) * Episode.TICK_MS;
        }

        /** When the listener has heard the last block. */
        public int endMs() {
            return startMs() + sayTicks * Episode.TICK_MS;
        }
    }
}
