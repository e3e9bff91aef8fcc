package dev.tactus.scenario.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.VoiceTensors;
import dev.tactus.engine.tuning.CheckpointFolder;
import dev.tactus.engine.tuning.Parameter;
import dev.tactus.engine.tuning.Trainer;
import dev.tactus.engine.tuning.TrainerSettings;
import dev.tactus.engine.tuning.recipe.InitialWeights;
import dev.tactus.engine.tuning.recipe.RecipeFields;
import dev.tactus.engine.tuning.recipe.StepReport;
import dev.tactus.engine.tuning.recipe.TrainingLoop;
import dev.tactus.engine.tuning.recipe.VoiceStatistics;
import dev.tactus.espeak.EspeakVoice;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run on episodes: losses of words and of speech apart, by family, the same after a resume; the voice is known. */
class ScenarioTrainingTest {
    @TempDir
    private Path folder;

    private static Trainer trainer(
            final ScenarioFixture fixture, final ScenarioSource data, final ScenarioSource held) {
        final VoiceStatistics voice = data.voice().orElseThrow();
        final TrainerSettings settings =
                new TrainerSettings(TrainingLoop.limits(data, held), fixture.recipe.adam(), 2, Thread::new);
        return Trainer.create(
                fixture.model, true, true, new InitialWeights(5).andThen(voice), settings, fixture.ledger);
    }

    private static ScenarioSource heldOut(final ScenarioFixture fixture) {
        final RecipeFields fields =
                fixture.recipe.evaluation().orElseThrow().data().orElseThrow();
        return ScenarioSource.open(fields, fixture.context(77, 1), new Tones());
    }

    /** The reports of steps up to {@code steps}. */
    private List<StepReport> run(
            final ScenarioFixture fixture, final Path checkpoints, final Path resumed, final Path export) {
        final List<StepReport> reports = new ArrayList<>();
        try (ScenarioSource data = fixture.data(9, 2);
                ScenarioSource held = heldOut(fixture);
                Trainer trainer = trainer(fixture, data, held)) {
            final TrainingLoop loop = new TrainingLoop(
                    fixture.recipe,
                    fixture.model,
                    trainer,
                    data,
                    held,
                    new CheckpointFolder(checkpoints, 9, fixture.ledger));
            if (resumed != null) {
                loop.resume(resumed, fixture.ledger);
            }
            assertTrue(loop.run(reports::add));
            if (export != null) {
                trainer.exportModel(export);
            }
            assertVoice(trainer, data.voice().orElseThrow());
        }
        return reports;
    }

    private static void assertVoice(final Trainer trainer, final VoiceStatistics voice) {
        final Parameter mean = trainer.parameters().get(VoiceTensors.MEL_MEAN);
        final Parameter deviation = trainer.parameters().get(VoiceTensors.MEL_STD);
        for (int i = 0; i < voice.mean().length; i++) {
            assertEquals(voice.mean()[i], OffHeap.getFloat(mean.value() + 4L * i));
            assertEquals(voice.deviation()[i], OffHeap.getFloat(deviation.value() + 4L * i));
        }
    }

    @Test
    void shouldTellLossesApartAndResume() throws IOException {
        final Path checkpoints = Files.createDirectory(folder.resolve("a"));
        final Path others = Files.createDirectory(folder.resolve("b"));
        final Path export = folder.resolve("made");
        try (ScenarioFixture fixture = new ScenarioFixture(folder)) {
            final List<StepReport> whole = run(fixture, checkpoints, null, export);
            assertEquals(3, whole.size());
            for (final StepReport report : whole) {
                assertTrue(report.loss() > 1 && report.loss() < 10, report.toString());
                final double speech = report.speech().orElseThrow();
                assertTrue(speech > 0.5 && speech < 10, report.toString());
                final boolean due = report.step() > 1;
                assertEquals(due, report.evaluationSpeech().isPresent(), report.toString());
                assertEquals(
                        due ? List.of("answer", "captions") : List.of(),
                        List.copyOf(report.evaluationBySort().keySet()));
            }
            final List<StepReport> rest = run(fixture, others, checkpoints.resolve("step-000002.state"), null);
            assertEquals(whole.subList(2, 3), rest);
            assertKnows(fixture, export);
        }
    }

    /** The statistics come from the weights where there are some, whoever speaks. */
    private static void assertKnows(final ScenarioFixture fixture, final Path export) throws IOException {
        final VoiceStatistics measured;
        try (ScenarioSource data = fixture.data(9, 1)) {
            measured = data.voice().orElseThrow();
        }
        Files.copy(export.resolve("model.safetensors"), fixture.model.resolve("model.safetensors"));
        try (ScenarioSource data = ScenarioSource.open(
                fixture.recipe.data(),
                fixture.context(9, 1),
                (voice, words) -> new Tones().speak(new EspeakVoice("en", "m1", 150, 70, 70), words))) {
            assertArrayEquals(measured.mean(), data.voice().orElseThrow().mean());
            assertArrayEquals(measured.deviation(), data.voice().orElseThrow().deviation());
        }
    }
}
