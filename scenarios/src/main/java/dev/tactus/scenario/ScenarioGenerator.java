package dev.tactus.scenario;

import dev.tactus.scenario.render.Mixer;
import dev.tactus.scenario.speech.SpeechSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Makes episodes. An episode is a function of its seed, its family and the settings: two runs, two machines with the
 * same espeak-ng, and any threads make the same bits. Immutable; any thread, and several at once as far as the
 * {@link SpeechSource} lets them.
 */
public final class ScenarioGenerator {
    private static final int FAMILY = 0;
    private static final int SCRIPT = 1;
    private static final int SCENE = 2;
    private static final int FAULTS = 3;
    private static final int SOUND = 4;

    private final GeneratorSettings settings;
    private final SpeechSource source;

    /** A generator of what {@code settings} describe, spoken by {@code source}. */
    public ScenarioGenerator(final GeneratorSettings settings, final SpeechSource source) {
        this.settings = settings;
        this.source = source;
    }

    /** What the episodes are like. */
    public GeneratorSettings settings() {
        return settings;
    }

    /** Who speaks. */
    SpeechSource source() {
        return source;
    }

    /** The family that {@link #episode(long)} draws for a seed. */
    public Family family(final long seed) {
        final double sum = settings.weights().values().stream()
                .mapToDouble(weight -> weight)
                .sorted()
                .sum();
        double left = new Draws(seed, FAMILY).uniform() * sum;
        Family last = null;
        for (final Family family : Family.values()) {
            final double weight = settings.weights().getOrDefault(family, 0.0);
            last = weight > 0 ? family : last;
            left -= weight;
            if (left < 0 && weight > 0) {
                return family;
            }
        }
        return last;
    }

    /** The episode of a seed, of a family drawn by weight. */
    public Episode episode(final long seed) {
        return episode(family(seed), seed);
    }

    /** The episode of a family and a seed. */
    public Episode episode(final Family family, final long seed) {
        return episode(family, seed, false);
    }

    /**
     * The same with a camera that runs, though there is nothing to be said about what it sees.
     *
     * @param filmed whether there are pictures in families without any, too
     */
    public Episode episode(final Family family, final long seed, final boolean filmed) {
        final boolean video = filmed || family.hasVideo();
        final Draft draft = draft(family, seed, video);
        final Script script = draft.script;
        final float[] sound = Mixer.mix(
                script.speech, script.ticks * Episode.TICK_SAMPLES, settings.acoustics(), new Draws(seed, SOUND));
        return new Episode(
                seed,
                family,
                settings.split(),
                sound,
                video ? pictures(script, draft.scene) : null,
                draft.behaviour.modelSound(),
                draft.timeline,
                script.faults,
                draft.behaviour.targets());
    }

    /** All of an episode but its sound and its pictures. */
    record Draft(Script script, Scene scene, Behaviour behaviour, Timeline timeline) {}

    /** What happens in the episode of a family and a seed, and what should be put out. */
    Draft draft(final Family family, final long seed) {
        return draft(family, seed, family.hasVideo());
    }

    private Draft draft(final Family family, final long seed, final boolean video) {
        final Script script = new Script(settings.ticks(family));
        final Draws sceneDraws = new Draws(seed, SCENE);
        final Scene scene =
                new Scene(sceneDraws, family == Family.CROSSING || family == Family.TOUR || sceneDraws.chance(0.3));
        final ScriptWriter writer = new ScriptWriter(script, new Draws(seed, SCRIPT), settings, source);
        new Families(writer).write(family, scene);
        script.words.sort(Comparator.comparingInt(Timeline.HeardWord::startMs));
        script.turns.sort(Comparator.comparingInt(Timeline.Turn::startMs));
        Behaviour behaviour = writer.behaviour();
        final Draws faultDraws = new Draws(seed, FAULTS);
        if (faultDraws.chance(settings.faults())) {
            script.faults = new FaultMaker(script, behaviour, faultDraws).make(video);
            behaviour = writer.behaviour();
        }
        return new Draft(script, scene, behaviour, timeline(script, behaviour));
    }

    private static byte[][] pictures(final Script script, final Scene scene) {
        final byte[][] out = new byte[script.ticks][];
        for (int tick = 0; tick < script.ticks; tick++) {
            out[tick] = scene.draw(tick, script.flashes);
        }
        return out;
    }

    static Timeline timeline(final Script script, final Behaviour behaviour) {
        final List<Timeline.Pause> pauses = new ArrayList<>(script.hesitations);
        for (final Timeline.Turn turn : script.turns) {
            final int endMs = script.turns.stream()
                    .mapToInt(Timeline.Turn::startMs)
                    .filter(ms -> ms > turn.startMs())
                    .min()
                    .orElse(script.lengthMs());
            final boolean beginning = turn.role() == Timeline.Role.COMMAND && !turn.complete();
            if (!beginning && endMs > turn.endMs()) {
                pauses.add(new Timeline.Pause(turn.endMs(), endMs, false));
            }
        }
        pauses.sort(Comparator.comparingInt(Timeline.Pause::startMs));
        return new Timeline(
                script.words,
                script.typed,
                script.turns,
                pauses,
                behaviour.interruptions(),
                behaviour.flashes(),
                behaviour.crossings(),
                behaviour.speeches());
    }
}
