package dev.tactus.scenario.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.SafetensorsWriter;
import dev.tactus.engine.model.VoiceTensors;
import dev.tactus.engine.tuning.recipe.RecipeException;
import dev.tactus.engine.tuning.recipe.VoiceStatistics;
import dev.tactus.kernel.vocoder.Vocoder;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VoiceSurveyTest {
    @TempDir
    private Path folder;

    /** Statistics as a model keeps them: band b has mean -b and deviation b + 1, exact in every type. */
    private VoiceStatistics read(final DType dtype) throws IOException {
        try (ScenarioFixture fixture = new ScenarioFixture(folder)) {
            final long[] shape = {Vocoder.MELS};
            try (SafetensorsWriter writer = SafetensorsWriter.create(
                    fixture.model.resolve("model.safetensors"),
                    List.of(
                            new SafetensorsWriter.Declared(VoiceTensors.MEL_MEAN, dtype, shape),
                            new SafetensorsWriter.Declared(VoiceTensors.MEL_STD, dtype, shape)),
                    Map.of())) {
                writer.write(VoiceTensors.MEL_MEAN, values(dtype, -1, 0));
                writer.write(VoiceTensors.MEL_STD, values(dtype, 1, 1));
                writer.commit();
            }
            return VoiceSurvey.read(fixture.recipe.data(), ModelConfig.read(fixture.model), fixture.ledger);
        }
    }

    private static MemorySegment values(final DType dtype, final int slope, final int first) {
        final ByteBuffer bytes = ByteBuffer.allocate(Vocoder.MELS * dtype.bytes());
        bytes.order(ByteOrder.LITTLE_ENDIAN);
        for (int band = 0; band < Vocoder.MELS; band++) {
            final float value = first + slope * band;
            switch (dtype) {
                case F16 -> bytes.putShort(Float.floatToFloat16(value));
                case BF16 -> bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
                case F32 -> bytes.putFloat(value);
                default -> bytes.putInt(band);
            }
        }
        return MemorySegment.ofArray(bytes.array());
    }

    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16", "F32"})
    void shouldReadStatisticsOfEveryType(final DType dtype) throws IOException {
        final VoiceStatistics voice = read(dtype);
        for (int band = 0; band < Vocoder.MELS; band++) {
            assertEquals(-band, voice.mean()[band], 0f);
            assertEquals(band + 1, voice.deviation()[band], 0f);
        }
    }

    @Test
    void shouldRefuseStatisticsThatAreNoNumbers() {
        final RecipeException ex = assertThrows(RecipeException.class, () -> read(DType.I32));
        assertTrue(ex.getMessage().contains("expected BF16, F16 or F32"), ex.getMessage());
    }
}
