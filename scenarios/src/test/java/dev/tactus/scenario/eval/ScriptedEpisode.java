package dev.tactus.scenario.eval;

import dev.tactus.engine.audio.WavWriter;
import dev.tactus.scenario.Episode;
import dev.tactus.scenario.EpisodeFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** An episode of ten seconds whose timeline a test writes by hand, and what a model puts out in it. */
final class ScriptedEpisode {
    static final int TICKS = 50;

    private final List<String> words = new ArrayList<>();
    private final List<String> typed = new ArrayList<>();
    private final List<String> turns = new ArrayList<>();
    private final List<String> pauses = new ArrayList<>();
    private final List<String> interruptions = new ArrayList<>();
    private final List<String> speeches = new ArrayList<>();
    private final List<String> targets = new ArrayList<>();
    private final Map<Integer, ModelTick> output = new TreeMap<>();

    ScriptedEpisode word(final int startMs, final int endMs, final String text) {
        return word(startMs, endMs, text, "RANDOM");
    }

    ScriptedEpisode word(final int startMs, final int endMs, final String text, final String role) {
        words.add("{\"start_ms\": %d, \"end_ms\": %d, \"text\": \"%s\", \"role\": \"%s\"}"
                .formatted(startMs, endMs, text, role));
        return this;
    }

    ScriptedEpisode typed(final int atMs, final String text) {
        typed.add("{\"at_ms\": %d, \"text\": \"%s\"}".formatted(atMs, text));
        return this;
    }

    ScriptedEpisode turn(final int startMs, final int endMs, final String text, final String role) {
        turns.add("{\"start_ms\": %d, \"end_ms\": %d, \"text\": \"%s\", \"role\": \"%s\", \"complete\": %b}"
                .formatted(startMs, endMs, text, role, role.equals("COMMAND")));
        return this;
    }

    ScriptedEpisode pause(final int startMs, final int endMs) {
        pauses.add("{\"start_ms\": %d, \"end_ms\": %d, \"hesitation\": true}".formatted(startMs, endMs));
        return this;
    }

    ScriptedEpisode interruption(final int startMs, final int knownMs, final int tick) {
        interruptions.add("{\"start_ms\": %d, \"known_ms\": %d, \"tick\": %d}".formatted(startMs, knownMs, tick));
        return this;
    }

    ScriptedEpisode speech(
            final String reason, final String text, final int causeMs, final int tick, final int sayTicks) {
        return speech(reason, text, causeMs, tick, sayTicks, false);
    }

    ScriptedEpisode speech(
            final String reason,
            final String text,
            final int causeMs,
            final int tick,
            final int sayTicks,
            final boolean interrupted) {
        speeches.add(("{\"reason\": \"%s\", \"text\": \"%s\", \"cause_ms\": %d, \"tick\": %d, \"say_ticks\": %d,"
                        + " \"interrupted\": %b}")
                .formatted(reason, text, causeMs, tick, sayTicks, interrupted));
        return this;
    }

    /** The listener's side cuts before this tick. */
    ScriptedEpisode cut(final int tick) {
        targets.add("{\"tick\": %d, \"hear\": \"\", \"speak\": \"\", \"cut\": true}".formatted(tick));
        return this;
    }

    ScriptedEpisode hears(final int tick, final String text) {
        return puts(tick, text, "", false, false);
    }

    ScriptedEpisode speaks(final int tick, final String text) {
        return puts(tick, "", text, false, false);
    }

    /** Text at {@code tick}, and speech in {@code sayTicks} ticks from it on. */
    ScriptedEpisode says(final int tick, final String text, final int sayTicks) {
        puts(tick, "", text, true, false);
        for (int t = tick + 1; t < tick + sayTicks; t++) {
            puts(t, "", "", true, false);
        }
        return this;
    }

    ScriptedEpisode puts(final int tick, final String hear, final String speak, final boolean say, final boolean cut) {
        output.put(tick, new ModelTick(list(hear), list(speak), say, cut));
        return this;
    }

    private static List<String> list(final String text) {
        return text.isEmpty() ? List.of() : List.of(text.split(" "));
    }

    /** The episode, by way of a folder. */
    Episode episode() {
        try {
            final Path folder = Files.createTempDirectory("episode");
            try (WavWriter wav = new WavWriter(folder.resolve("input.wav"))) {
                wav.write(new float[TICKS * Episode.TICK_SAMPLES], 0, TICKS * Episode.TICK_SAMPLES);
            }
            Files.writeString(folder.resolve("timeline.json"), """
                    {"ticks": %d, "words": %s, "typed": %s, "turns": %s, "pauses": %s, "interruptions": %s,
                     "speeches": %s, "targets": %s}
                    """.formatted(
                            TICKS, words, typed, turns, pauses, interruptions, speeches, targets));
            final Episode out = EpisodeFolder.read(folder);
            Files.delete(folder.resolve("timeline.json"));
            Files.delete(folder.resolve("input.wav"));
            Files.delete(folder);
            return out;
        } catch (final IOException ex) {
            throw new AssertionError(ex);
        }
    }

    EpisodeRun run() {
        final List<ModelTick> ticks = new ArrayList<>();
        for (int t = 0; t < TICKS; t++) {
            ticks.add(output.getOrDefault(t, ModelTick.QUIET));
        }
        return new EpisodeRun(episode(), ticks, Episode.TEXT_OUT_MAX);
    }

    Map<Measure, Result> results() {
        final Tally tally = new Tally();
        Scorer.add(run(), tally);
        return tally.results();
    }
}
