package dev.tactus.engine.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.SafetensorsWriter;
import dev.tactus.engine.model.TensorSpec;
import dev.tactus.memory.MemoryLedger;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoraBaseTest {
    private static final TensorSpec TENSOR =
            new TensorSpec("model.llm.unembed.weight", TensorSpec.Use.MATRIX, new long[] {3, 2});

    @TempDir
    private Path directory;

    @Test
    void shouldTellWeightsOfTheSameShapeApart() throws IOException {
        final String first = fingerprint("a", DType.F32, 0);
        assertEquals(32, first.length());
        assertEquals(first, fingerprint("b", DType.F32, 0));
        assertNotEquals(first, fingerprint("c", DType.F32, 1));
        assertNotEquals(first, fingerprint("d", DType.I32, 0));
    }

    @Test
    void shouldTellConfigurationsOfTheSameWeightsApart() throws IOException {
        final String first = fingerprint("a", DType.F32, 0);
        assertNotEquals(first, fingerprint("b", DType.F32, 0, "{\"text_config\": {\"rms_norm_eps\": 0.5}}"));
        assertNotEquals(first, fingerprint("c", DType.F32, 0, "{\"text_config\": {\"sliding_window_size\": 8}}"));
        assertEquals(first, fingerprint("d", DType.F32, 0, " {\n\"text_config\": {\"hidden_act\": \"silu\"} }"));
    }

    private String fingerprint(final String name, final DType dtype, final int value) throws IOException {
        return fingerprint(name, dtype, value, "{\"text_config\": {}}");
    }

    private String fingerprint(final String name, final DType dtype, final int value, final String config)
            throws IOException {
        final Path model = Files.createDirectory(directory.resolve(name));
        Files.writeString(model.resolve("config.json"), config);
        final SafetensorsWriter.Declared declared =
                new SafetensorsWriter.Declared(TENSOR.name(), dtype, TENSOR.shape());
        final byte[] bytes = new byte[(int) declared.bytes()];
        bytes[20] = (byte) value;
        try (SafetensorsWriter writer =
                SafetensorsWriter.create(model.resolve("model.safetensors"), List.of(declared), Map.of())) {
            writer.write(TENSOR.name(), MemorySegment.ofArray(bytes));
            writer.commit();
        }
        try (Checkpoint checkpoint = Checkpoint.open(model, new MemoryLedger())) {
            return LoraBase.of(name, checkpoint, List.of(TENSOR)).fingerprint();
        }
    }
}
