package dev.tactus.engine.tuning.recipe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.VoiceTensors;
import dev.tactus.engine.tuning.Parameter;
import dev.tactus.engine.tuning.Parameters;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VoiceStatisticsTest {
    private static final int MELS = 80;
    private static final String CUT = "\"cut_token_id\": 13";

    @TempDir
    private Path folder;

    private static float[] all(final float value) {
        final float[] values = new float[MELS];
        Arrays.fill(values, value);
        return values;
    }

    private static float at(final Parameters parameters, final String name, final int index) {
        return OffHeap.getFloat(parameters.get(name).value() + 4L * index);
    }

    /** Root of the mean square of a matrix times the root of its inputs. */
    private static double size(final Parameters parameters, final String name) {
        final Parameter parameter = parameters.get(name);
        double sum = 0;
        for (long i = 0; i < parameter.elements(); i++) {
            final double value = OffHeap.getFloat(parameter.value() + i * Float.BYTES);
            sum += value * value;
        }
        return Math.sqrt(sum / parameter.elements() * parameter.shape()[1]);
    }

    @Test
    void shouldStartAModelThatSpeaks() throws IOException {
        try (RecipeFixture fixture = new RecipeFixture(folder);
                FreezableArena arena = new FreezableArena(new MemoryLedger())) {
            final Recipe recipe = fixture.recipe(
                    CUT, CUT + ", \"audio_out\": {\"flow_width\": 32, \"flow_layers\": 2, \"time_embedding\": 8}");
            final ModelConfig config = ModelConfig.read(fixture.model(recipe));
            final Parameters parameters = Parameters.zeros(config, false, false, arena);
            new InitialWeights(3).accept(parameters);
            assertEquals(0f, at(parameters, VoiceTensors.MEL_MEAN, 79));
            assertEquals(1f, at(parameters, VoiceTensors.MEL_STD, 79));
            assertEquals(1f, at(parameters, VoiceTensors.PREFIX + "flow.norm.weight", 5));
            assertEquals(1f, at(parameters, VoiceTensors.PREFIX + "final_norm.weight", 5));
            assertEquals(1, size(parameters, VoiceTensors.PREFIX + "flow.x.weight"), 0.05);
            assertEquals(1, size(parameters, VoiceTensors.PREFIX + "encoder.weight"), 0.05);
            assertEquals(0.1, size(parameters, VoiceTensors.PREFIX + "flow.out.weight"), 0.005);
            final float before = at(parameters, "model.llm.embed.weight", 7);
            new VoiceStatistics(all(-4f), all(2f)).accept(parameters);
            assertEquals(-4f, at(parameters, VoiceTensors.MEL_MEAN, 79));
            assertEquals(2f, at(parameters, VoiceTensors.MEL_STD, 0));
            assertEquals(before, at(parameters, "model.llm.embed.weight", 7));
            final VoiceStatistics few = new VoiceStatistics(new float[] {1}, new float[] {1});
            assertTrue(assertThrows(IllegalArgumentException.class, () -> few.accept(parameters))
                    .getMessage()
                    .contains("1 bands"));
        }
    }

    @Test
    void shouldNormaliseByBand() {
        final VoiceStatistics statistics = new VoiceStatistics(new float[] {1, -2}, new float[] {0.5f, 4});
        final float[] frames = {1, -2, 2, 2, 0, -6};
        statistics.normalise(frames);
        assertArrayEquals(new float[] {0, 0, 2, 1, -2, -1}, frames);
    }

    @Test
    void shouldRefuseWhatNothingCanBeDividedBy() {
        for (final float bad : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
            final IllegalArgumentException ex = assertThrows(
                    IllegalArgumentException.class, () -> new VoiceStatistics(new float[1], new float[] {bad}));
            assertTrue(ex.getMessage().contains("band 0"), ex.getMessage());
        }
        assertThrows(IllegalArgumentException.class, () -> new VoiceStatistics(new float[2], new float[] {1}));
    }
}
