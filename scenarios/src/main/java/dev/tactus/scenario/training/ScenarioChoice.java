package dev.tactus.scenario.training;

import dev.tactus.engine.tuning.recipe.RecipeFields;
import dev.tactus.scenario.Acoustics;
import dev.tactus.scenario.Family;
import dev.tactus.scenario.GeneratorSettings;
import dev.tactus.scenario.speech.Split;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a recipe says of its data of kind {@code scenario}.
 *
 * @param settings of the generator
 * @param byTurns whether families come by turns instead of being drawn
 * @param voices how many users there are
 * @param filmed share of episodes without anything to see that have pictures all the same
 * @param filmedFrom the first batch with such episodes
 * @param quietWeight what an output of {@code <quiet>} counts
 * @param speechFactor what a block of speech counts
 */
record ScenarioChoice(
        GeneratorSettings settings,
        boolean byTurns,
        int voices,
        double filmed,
        long filmedFrom,
        float quietWeight,
        float speechFactor) {
    private static final double LARGEST_WEIGHT = 1000;
    private static final int MOST_VOICES = 4096;
    private static final int USUAL_VOICES = 400;
    private static final String CLEAN = "clean";

    /** Reads the fields of a model that has a voice or none. */
    static ScenarioChoice read(final RecipeFields fields, final boolean speaks) {
        final GeneratorSettings standard = GeneratorSettings.training();
        final int least = GeneratorSettings.MIN_TICKS;
        final int most = GeneratorSettings.MAX_TICKS;
        final int ticks = (int) fields.integer("ticks", standard.ticks(), least, most);
        final boolean voice = fields.flag("voice", speaks);
        if (voice && !speaks) {
            throw fields.invalid("voice", "true", "false, as the model has no audio_out");
        }
        final String split = fields.choice(
                "split",
                name(standard.split()),
                Stream.of(Split.values()).map(ScenarioChoice::name).toList());
        final boolean clean =
                fields.choice("acoustics", "varied", List.of("varied", CLEAN)).equals(CLEAN);
        final GeneratorSettings settings = new GeneratorSettings(
                ticks,
                (int) fields.integer("silence_ticks", ticks, least, most),
                Split.valueOf(split.toUpperCase(Locale.ROOT)),
                families(fields, standard.weights()),
                fields.number("whole_phrases", standard.wholePhrases(), 0, 1),
                fields.number("own_voice", standard.ownVoice(), 0, 1),
                fields.number("faults", standard.faults(), 0, 1),
                voice,
                clean ? Acoustics.CLEAN : Acoustics.VARIED,
                standard.timing());
        return new ScenarioChoice(
                settings,
                fields.flag("by_turns", false),
                (int) fields.integer("voices", USUAL_VOICES, 1, MOST_VOICES),
                fields.number("filmed", 0, 0, 1),
                fields.integer("filmed_from", 0, 0, Long.MAX_VALUE),
                (float) fields.number("quiet_weight", 0.5, 0, LARGEST_WEIGHT),
                (float) fields.number("speech_factor", 0.5, 0.001, LARGEST_WEIGHT));
    }

    private static Map<Family, Double> families(final RecipeFields fields, final Map<Family, Double> standard) {
        if (!fields.has("families")) {
            return standard;
        }
        final RecipeFields named = fields.object("families");
        final Map<Family, Double> weights = new EnumMap<>(Family.class);
        double sum = 0;
        for (final Family family : Family.values()) {
            final double weight = named.number(name(family), 0, 0, LARGEST_WEIGHT);
            sum += weight;
            if (weight > 0) {
                weights.put(family, weight);
            }
        }
        named.done();
        if (!(sum > 0)) {
            throw fields.invalid("families", "no weight above 0", "at least one");
        }
        return weights;
    }

    /** The families that are drawn, in their order. */
    List<Family> families() {
        return Stream.of(Family.values())
                .filter(family -> settings.weights().getOrDefault(family, 0.0) > 0)
                .toList();
    }

    /** Whether any episode has pictures. */
    boolean sees() {
        return filmed > 0 || families().stream().anyMatch(Family::hasVideo);
    }

    /** Ticks of the longest episode. */
    int mostTicks() {
        return families().stream().mapToInt(settings::ticks).max().orElseThrow();
    }

    /** As recipes write it. */
    static String name(final Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
