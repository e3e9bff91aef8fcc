package dev.tactus.app.eval;

import dev.tactus.app.cli.BadInputException;
import dev.tactus.app.cli.Failures;
import dev.tactus.app.cli.OutputPath;
import dev.tactus.app.cli.Units;
import dev.tactus.scenario.Episode;
import dev.tactus.scenario.EpisodeFolder;
import dev.tactus.scenario.Family;
import dev.tactus.scenario.eval.GeneratedTrials;
import dev.tactus.scenario.eval.Trial;
import dev.tactus.scenario.speech.SpeechSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Writes the episodes of an evaluation as folders, instead of playing them to a model. */
public final class EpisodeExport {
    private EpisodeExport() {}

    /**
     * Writes a folder per episode, {@code captions-00000} and so on, below {@code folder}.
     *
     * @param settings which episodes
     * @param folder made if it is not there; none of the episodes may be in it
     * @param source who speaks
     * @param stop asked before each episode
     * @return whether all were written
     * @throws BadInputException in one line when something cannot be written, or is there already
     */
    public static boolean write(
            final EvalSettings settings,
            final Path folder,
            final SpeechSource source,
            final PrintWriter out,
            final BooleanSupplier stop) {
        OutputPath.requireDirectory("--write", folder);
        final List<Family> families =
                settings.families().isEmpty() ? Arrays.asList(Family.values()) : settings.families();
        final GeneratedTrials trials = new GeneratedTrials(
                EvalJob.generator(settings, true, source),
                families.stream().distinct().toList(),
                settings.seed(),
                settings.episodes(),
                settings.words());
        String group = "";
        int number = 0;
        while (trials.hasNext()) {
            if (stop.getAsBoolean()) {
                return false;
            }
            final Trial trial = trials.next();
            number = trial.group().equals(group) ? number + 1 : 0;
            group = trial.group();
            final Path target = folder.resolve(String.format("%s-%05d", group, number));
            write(trial.episode(), target);
            out.println(target + ": "
                    + Units.plural(trial.episode().timeline().words().size(), "word") + " in "
                    + trial.episode().ticks() * Episode.TICK_MS / 1000 + " s, seed "
                    + trial.episode().seed());
            out.flush();
        }
        return true;
    }

    private static void write(final Episode episode, final Path target) {
        if (Files.exists(target)) {
            throw BadInputException.of("--write " + target, "something there already", "a new folder");
        }
        try {
            EpisodeFolder.write(episode, target);
        } catch (final IOException ex) {
            throw new BadInputException("--write " + target + ": cannot be written: " + Failures.reason(ex), ex);
        }
    }
}
