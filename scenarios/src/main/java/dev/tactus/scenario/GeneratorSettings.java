package dev.tactus.scenario;

import dev.tactus.scenario.speech.Split;
import java.util.EnumMap;
import java.util.Map;

/**
 * What episodes are like. Immutable.
 *
 * @param ticks length of an episode, {@value #MIN_TICKS} to {@value #MAX_TICKS}
 * @param silenceTicks length of an episode of {@link Family#SILENCE}
 * @param split whose voices are heard
 * @param weights how often each family is drawn, in proportion; a family that is not named is not drawn
 * @param wholePhrases share of episodes whose phrases are spoken in one go; in the others, words are spoken one by one
 *     and joined
 * @param ownVoice share of the training split's speakers that have the model's own voice
 * @param faults share of episodes in which something goes wrong
 * @param voice whether the model speaks; if not it writes
 * @param acoustics how episodes sound
 * @param timing when the model should react
 */
public record GeneratorSettings(
        int ticks,
        int silenceTicks,
        Split split,
        Map<Family, Double> weights,
        double wholePhrases,
        double ownVoice,
        double faults,
        boolean voice,
        Acoustics acoustics,
        TargetTiming timing) {
    /** Shortest: a long command, its answer, and room around. */
    public static final int MIN_TICKS = 60;
    /** An episode of {@link Family#TOUR}: 45 s. */
    public static final int TOUR_TICKS = 225;
    /** Longest: an hour. */
    public static final int MAX_TICKS = 18_000;

    /** Checks and copies. */
    public GeneratorSettings {
        if (ticks < MIN_TICKS || ticks > MAX_TICKS || silenceTicks < MIN_TICKS || silenceTicks > MAX_TICKS) {
            throw new IllegalArgumentException("episodes of " + ticks + " and, of silence, " + silenceTicks
                    + " ticks: expected " + MIN_TICKS + " to " + MAX_TICKS);
        }
        final double sum =
                weights.values().stream().mapToDouble(weight -> weight).sum();
        if (!(sum > 0) || weights.values().stream().anyMatch(weight -> !(weight >= 0))) {
            throw new IllegalArgumentException("family weights " + weights + ": expected none negative, one positive");
        }
        weights = Map.copyOf(weights);
    }

    /** Episodes of 13 s as TRAINING had them, all families, all that varies. */
    public static GeneratorSettings training() {
        return new GeneratorSettings(
                65, 150, Split.TRAIN, mixture(), 0.3, 0.02, 0.15, true, Acoustics.VARIED, TargetTiming.DEFAULT);
    }

    /** The same with another split. */
    public GeneratorSettings with(final Split other) {
        return new GeneratorSettings(
                ticks, silenceTicks, other, weights, wholePhrases, ownVoice, faults, voice, acoustics, timing);
    }

    /** The same with other lengths. */
    public GeneratorSettings withTicks(final int length, final int lengthOfSilence) {
        return new GeneratorSettings(
                length, lengthOfSilence, split, weights, wholePhrases, ownVoice, faults, voice, acoustics, timing);
    }

    /** The same with another share of phrases spoken in one go. */
    public GeneratorSettings withWholePhrases(final double share) {
        return new GeneratorSettings(
                ticks, silenceTicks, split, weights, share, ownVoice, faults, voice, acoustics, timing);
    }

    /** The same with another share of episodes in which something goes wrong. */
    public GeneratorSettings withFaults(final double share) {
        return new GeneratorSettings(
                ticks, silenceTicks, split, weights, wholePhrases, ownVoice, share, voice, acoustics, timing);
    }

    /** The same with or without the model's voice. */
    public GeneratorSettings withVoice(final boolean speaks) {
        return new GeneratorSettings(
                ticks, silenceTicks, split, weights, wholePhrases, ownVoice, faults, speaks, acoustics, timing);
    }

    /** The same with another sound. */
    public GeneratorSettings withAcoustics(final Acoustics others) {
        return new GeneratorSettings(
                ticks, silenceTicks, split, weights, wholePhrases, ownVoice, faults, voice, others, timing);
    }

    /** Ticks of an episode of {@code family}. */
    public int ticks(final Family family) {
        return switch (family) {
            case SILENCE -> silenceTicks;
            case TOUR -> TOUR_TICKS;
            default -> ticks;
        };
    }

    private static Map<Family, Double> mixture() {
        final Map<Family, Double> out = new EnumMap<>(Family.class);
        out.put(Family.CAPTIONS, 0.40);
        out.put(Family.HESITATION, 0.14);
        out.put(Family.ANSWER, 0.12);
        out.put(Family.INTERRUPTION, 0.07);
        out.put(Family.BACKCHANNEL, 0.06);
        out.put(Family.CORRECTION, 0.05);
        out.put(Family.FLASHES, 0.05);
        out.put(Family.CROSSING, 0.03);
        out.put(Family.TIMED, 0.05);
        out.put(Family.SILENCE, 0.03);
        return out;
    }
}
