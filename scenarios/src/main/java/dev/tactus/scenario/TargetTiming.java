package dev.tactus.scenario;

/**
 * When a model should react. What it puts out at tick k is heard and seen from the end of that tick on, 200·(k + 1) ms;
 * the target is the first tick whose end lies at least so long after the event.
 *
 * @param captionLagMs from a word's end to the word in HEAR; 200 is one tick after the tick in which it ends
 * @param replyLagMs from the end of a turn, or the arrival of typed text, to the answer; 400 is two ticks after
 * @param interruptLagMs from the end of "stop" or of the wake word, by which an interruption is known, to the first
 *     tick without speech
 * @param visualLagTicks ticks from the first frame that shows a flash or a crossing to what is said about it
 */
public record TargetTiming(int captionLagMs, int replyLagMs, int interruptLagMs, int visualLagTicks) {
    /** What TRAINING found to be learnt well. */
    public static final TargetTiming DEFAULT = new TargetTiming(200, 400, 200, 0);

    /** Checks that no reaction comes before its cause. */
    public TargetTiming {
        if (captionLagMs < 0 || replyLagMs < captionLagMs || interruptLagMs < 0 || visualLagTicks < 0) {
            throw new IllegalArgumentException("lags " + captionLagMs + ", " + replyLagMs + ", " + interruptLagMs
                    + " ms and " + visualLagTicks + " ticks: expected none negative, and replies not before captions");
        }
    }
}
