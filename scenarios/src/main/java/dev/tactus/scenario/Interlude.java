package dev.tactus.scenario;

import dev.tactus.scenario.language.Vocabulary;
import dev.tactus.scenario.render.Mixer;
import java.util.List;

/**
 * What stands between two episodes of one session: the user says "stop", which ends all that was asked for. Stateless.
 */
public final class Interlude {
    private static final int TICKS = 20;
    private static final int START_MS = 1000;

    private Interlude() {}

    /**
     * Four seconds with a "stop" after the first.
     *
     * @param generator whose settings and voices are used
     * @param video whether it has pictures
     */
    public static Episode stop(final ScenarioGenerator generator, final long seed, final boolean video) {
        final Script script = new Script(TICKS);
        final ScriptWriter writer =
                new ScriptWriter(script, new Draws(seed, 0), generator.settings(), generator.source());
        writer.say(
                writer.prepare(List.of(Vocabulary.STOP), writer.user(), List.of()),
                START_MS,
                Timeline.Role.STOP,
                false);
        final Behaviour behaviour = writer.behaviour();
        final byte[][] pictures = new byte[TICKS][];
        final Scene scene = new Scene(new Draws(seed, 1), false);
        for (int tick = 0; tick < TICKS; tick++) {
            pictures[tick] = scene.draw(tick, script.flashes);
        }
        return new Episode(
                seed,
                video ? Family.FLASHES : Family.INTERRUPTION,
                generator.settings().split(),
                Mixer.mix(
                        script.speech,
                        TICKS * Episode.TICK_SAMPLES,
                        generator.settings().acoustics(),
                        new Draws(seed, 2)),
                video ? pictures : null,
                behaviour.modelSound(),
                ScenarioGenerator.timeline(script, behaviour),
                script.faults,
                behaviour.targets());
    }
}
