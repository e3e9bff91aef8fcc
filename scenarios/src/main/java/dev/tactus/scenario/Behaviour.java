package dev.tactus.scenario;

import java.util.List;

/**
 * What a perfect model does, as {@link Oracle} finds it.
 *
 * @param targets tick by tick
 * @param speeches what it says
 * @param interruptions what ends it
 * @param flashes the script's flashes, numbered
 * @param crossings the script's crossings, with those that it announces
 * @param modelSound its voice, tick by tick
 */
record Behaviour(
        Targets targets,
        List<Timeline.Speech> speeches,
        List<Timeline.Interruption> interruptions,
        List<Timeline.Flash> flashes,
        List<Timeline.Crossing> crossings,
        float[] modelSound) {
    /** When the listener has heard all that is said, in milliseconds; 0 when nothing is. */
    int quietFromMs() {
        return speeches.stream().mapToInt(Timeline.Speech::endMs).max().orElse(0);
    }
}
