package dev.tactus.scenario.training;

import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.Tensor;
import dev.tactus.engine.model.VoiceTensors;
import dev.tactus.engine.tuning.recipe.RecipeFields;
import dev.tactus.engine.tuning.recipe.VoiceStatistics;
import dev.tactus.kernel.vocoder.LogMelExtractor;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scenario.Draws;
import dev.tactus.scenario.Episode;
import dev.tactus.scenario.language.CommandKind;
import dev.tactus.scenario.language.Grammar;
import dev.tactus.scenario.language.Vocabulary;
import dev.tactus.scenario.speech.SpeechSource;
import dev.tactus.scenario.speech.VoiceBook;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What the model's voice is like: measured on what it has to say, or read from a model that speaks already. */
final class VoiceSurvey {
    /** Answers of each kind of command that are listened to. */
    private static final int ANSWERS = 6;

    /** A band that never changes still needs something to be divided by. */
    private static final double LEAST_DEVIATION = 0.1;

    private static final int STREAM = 0x53555256;

    private VoiceSurvey() {}

    /**
     * Mean and deviation of the log mel over whole ticks of speech, the silence that fills the last tick included: two
     * passes over the same answers every time.
     */
    static VoiceStatistics measure(final SpeechSource source, final LogMelExtractor extractor) {
        final List<float[]> frames = new ArrayList<>();
        for (final List<String> words : answers()) {
            final float[] spoken = source.speak(VoiceBook.MODEL, words).samples();
            final int ticks = Math.ceilDiv(spoken.length, Episode.TICK_SAMPLES);
            frames.add(extractor.logMels(java.util.Arrays.copyOf(spoken, ticks * Episode.TICK_SAMPLES)));
        }
        final double[] sums = new double[Vocoder.MELS];
        final double[] squares = new double[Vocoder.MELS];
        long count = 0;
        for (final float[] logMel : frames) {
            for (int i = 0; i < logMel.length; i++) {
                sums[i % Vocoder.MELS] += logMel[i];
            }
            count += logMel.length / Vocoder.MELS;
        }
        for (final float[] logMel : frames) {
            for (int i = 0; i < logMel.length; i++) {
                final double off = logMel[i] - sums[i % Vocoder.MELS] / count;
                squares[i % Vocoder.MELS] += off * off;
            }
        }
        final float[] mean = new float[Vocoder.MELS];
        final float[] deviation = new float[Vocoder.MELS];
        for (int m = 0; m < mean.length; m++) {
            mean[m] = (float) (sums[m] / count);
            deviation[m] = (float) Math.max(LEAST_DEVIATION, Math.sqrt(squares[m] / count));
        }
        return new VoiceStatistics(mean, deviation);
    }

    private static Set<List<String>> answers() {
        final Set<List<String>> answers = new LinkedHashSet<>();
        final Draws draws = new Draws(0, STREAM);
        for (final CommandKind kind : CommandKind.values()) {
            for (int i = 0; i < ANSWERS; i++) {
                answers.add(Grammar.random(kind, draws, 0).reply());
            }
        }
        Vocabulary.NUMBERS.forEach(number -> answers.add(List.of(number)));
        return answers;
    }

    /** Those of the model in the folder of {@code config}; null when there are no weights yet. */
    static VoiceStatistics read(final RecipeFields fields, final ModelConfig config, final MemoryLedger ledger) {
        final Path folder = Path.of(config.file()).toAbsolutePath().getParent();
        if (!Files.exists(folder.resolve(Checkpoint.SINGLE_FILE))
                && !Files.exists(folder.resolve(Checkpoint.INDEX_FILE))) {
            return null;
        }
        try (Checkpoint checkpoint = Checkpoint.open(folder, ledger)) {
            return new VoiceStatistics(
                    values(checkpoint.tensor(VoiceTensors.MEL_MEAN)), values(checkpoint.tensor(VoiceTensors.MEL_STD)));
        } catch (final IllegalArgumentException ex) {
            throw fields.invalid("voice", folder + " with " + ex.getMessage(), "a model whose voice has statistics");
        }
    }

    private static float[] values(final Tensor tensor) {
        final float[] out = new float[(int) tensor.elements()];
        for (int i = 0; i < out.length; i++) {
            out[i] = tensor.floatAt(i);
        }
        return out;
    }
}
