package dev.tactus.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.engine.model.SafetensorsWriter;
import dev.tactus.engine.model.Tensor;
import dev.tactus.memory.MemoryLedger;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogitsCommandTest {
    private static final double BOUND = 1e-5;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"text-dense", "multimodal-moe", "long-context", "patch40"})
    void shouldAgreeWithTheGoldens(final String name) throws IOException {
        final Path golden = Fixture.golden(name);
        final Path out = folder.resolve("l.safetensors");
        final Path inputs = golden.resolve("inputs.safetensors");
        final Outcome outcome = Outcome.good(
                "logits", "--model", golden, "--inputs", inputs, "--out", out, "--kernels", "reference", "--rows", 17);
        assertEquals(1, outcome.out().lines().count(), outcome.out());
        final Path expected = golden.resolve("expected.safetensors");
        try (SafetensorsFile got = SafetensorsFile.open(out, new MemoryLedger());
                SafetensorsFile want = SafetensorsFile.open(expected, new MemoryLedger())) {
            assertEquals(List.of("logits"), List.copyOf(got.names()));
            final double error = relativeError(got.tensor("logits"), want.tensor("logits"));
            System.out.printf("%s: relative error of the logits %.2e%n", name, error);
            assertTrue(error <= BOUND, () -> "relative error " + error);
        }
    }

    private static double relativeError(final Tensor got, final Tensor want) {
        assertTrue(got.hasShape(want.shape()), () -> got + " instead of " + want);
        double difference = 0;
        double norm = 0;
        for (long i = 0; i < want.elements(); i++) {
            final double w = want.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, i * Float.BYTES);
            final double g = got.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, i * Float.BYTES);
            difference += (g - w) * (g - w);
            norm += w * w;
        }
        return Math.sqrt(difference / norm);
    }

    @Test
    void shouldRefuseSequencesThatDoNotFit() throws IOException {
        final Path text = Fixture.golden("text-dense");
        refuse(text, "ids", DType.I32, new long[] {3}, "tensor input_ids: missing");
        refuse(text, "input_ids", DType.F32, new long[] {3}, "tensor input_ids: found F32, allowed I32 or I64");
        refuse(text, "input_ids", DType.I32, new long[] {3, 1}, "tensor input_ids: found [3, 1], allowed [T]");
        refuse(text, "input_ids", DType.I32, new long[] {0}, "tensor input_ids: found [0]");
        final Path seeing = Fixture.golden("multimodal-moe");
        final Path other = Fixture.golden("patch40").resolve("inputs.safetensors");
        final Outcome outcome =
                Outcome.of("logits", "--model", seeing, "--inputs", other, "--out", folder.resolve("l.safetensors"));
        outcome.assertBadInput("inputs.safetensors", "found", "allowed");
        assertFalse(Files.exists(folder.resolve("l.safetensors")));
    }

    @Test
    void shouldRefuseIdsOutsideTheVocabulary() throws IOException {
        final Path inputs = write("input_ids", DType.I32, new long[] {2}, 100_000);
        final Path out = folder.resolve("l.safetensors");
        Outcome.of("logits", "--model", Fixture.golden("text-dense"), "--inputs", inputs, "--out", out)
                .assertBadInput("i.safetensors", "input_ids[0]", "100000", "expected 0 to");
        assertFalse(Files.exists(out));
        try (var entries = Files.list(folder)) {
            assertEquals(List.of(inputs), entries.toList(), "no partial file");
        }
    }

    private void refuse(final Path model, final String name, final DType dtype, final long[] shape, final String part)
            throws IOException {
        final Path inputs = write(name, dtype, shape, 1);
        final Path out = folder.resolve("l.safetensors");
        Outcome.of("logits", "--model", model, "--inputs", inputs, "--out", out).assertBadInput("i.safetensors", part);
        assertFalse(Files.exists(out));
    }

    private Path write(final String name, final DType dtype, final long[] shape, final int value) throws IOException {
        final Path file = folder.resolve("i.safetensors");
        final SafetensorsWriter.Declared declared = new SafetensorsWriter.Declared(name, dtype, shape);
        try (Arena arena = Arena.ofConfined();
                SafetensorsWriter writer = SafetensorsWriter.create(file, List.of(declared), Map.of())) {
            final MemorySegment data = arena.allocate(declared.bytes(), 8);
            for (long i = 0; i < data.byteSize() / Integer.BYTES; i++) {
                data.setAtIndex(ValueLayout.JAVA_INT, i, value);
            }
            if (data.byteSize() > 0) {
                writer.write(name, data);
            }
            writer.commit();
        }
        return file;
    }
}
