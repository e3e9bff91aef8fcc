package dev.tactus.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.GoldenModels.Content;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class InklingWeightsTest {
    private static final String WQ = "model.llm.layers.0.attn.wq_du.weight";

    @TempDir
    Path directory;

    private final MemoryLedger ledger = new MemoryLedger();
    private Arena memory;
    private Checkpoint golden;
    private Map<String, Content> contents;

    @BeforeEach
    void openGolden() {
        memory = Arena.ofConfined();
        golden = Checkpoint.open(GoldenModels.path("text-dense"), new MemoryLedger());
        contents = GoldenModels.contents(golden);
    }

    @AfterEach
    void close() {
        golden.close();
        memory.close();
        assertEquals(0, ledger.liveBytes());
    }

    @Test
    void shouldTakeATextOnlyCheckpoint() throws IOException {
        contents.keySet().removeIf(name -> name.startsWith("model.audio.") || name.startsWith("model.visual."));
        load(weights -> assertTrue(weights.audio().isEmpty()
                && weights.vision().isEmpty()
                && !weights.tensors().audio()));
    }

    @Test
    void shouldWantAllOfAnEncoderIfThereIsAnyOfIt() throws IOException {
        contents.remove("model.visual.layers.linear_1.weight");
        contents.remove("model.audio.final_norm.weight");
        assertRefused("2 tensors missing, 0 unfit: model.audio.final_norm.weight: missing, expected [64];"
                + " model.visual.layers.linear_1.weight: missing, expected [192, 1024]");
    }

    @Test
    void shouldSkipPredictionAndSpeechAndListTheUnknown() throws IOException {
        final Content some = GoldenModels.floats(memory, new long[] {1}, 1);
        contents.put("model.mtp.layers.0.x", some);
        contents.put("model.audio_out.mel_mean", some);
        contents.put("model.llm.extra", some);
        load(weights -> {
            assertEquals(List.of("model.llm.extra"), weights.tensors().unknown());
            assertEquals(
                    List.of("model.mtp.layers.0.x", "model.audio_out.mel_mean"),
                    weights.tensors().skipped());
            assertTrue(!weights.tensors().voice() && weights.voice().isEmpty());
        });
    }

    @Test
    void shouldWantAllOfAVoiceIfThereIsAnyOfIt() throws IOException {
        final Path target = directory.resolve("voice");
        RandomModel.write(target, 1_000_000, 1, false, true);
        final Path file = target.resolve(Checkpoint.SINGLE_FILE);
        try (Checkpoint whole = Checkpoint.open(target, ledger)) {
            contents = GoldenModels.contents(whole);
            final Content std = contents.remove(VoiceTensors.MEL_STD);
            contents.put("model.audio_out.flow.x.weight", GoldenModels.floats(memory, new long[] {1}, 1));
            GoldenModels.write(file, contents);
            assertRefused(
                    () -> load(target, weights -> {}),
                    "1 tensors missing, 1 unfit: model.audio_out.flow.x.weight: found [1], allowed [48, 400];"
                            + " model.audio_out.mel_std: missing, expected [80]");
            contents = GoldenModels.contents(whole);
            contents.put(VoiceTensors.MEL_STD, new Content(DType.F32, std.shape(), memory.allocate(80 * 4, 8)));
            GoldenModels.write(file, contents);
            assertRefused(
                    () -> load(target, weights -> {}),
                    "tensor model.audio_out.mel_std: element 0: found 0.0, allowed above 0");
            contents.keySet().removeIf(name -> name.startsWith(VoiceTensors.PREFIX));
            GoldenModels.write(file, contents);
            load(target, weights -> assertTrue(weights.voice().isEmpty()));
        }
    }

    @Test
    void shouldTakeAConvolutionWithoutTheMiddleDimension() throws IOException {
        final Content conv = contents.get("model.llm.layers.1.mlp_sconv.weight");
        contents.put("model.llm.layers.1.mlp_sconv.weight", new Content(DType.F32, new long[] {64, 4}, conv.data()));
        load(weights -> assertEquals(
                conv.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, (9 * 4 + 3) * 4L),
                OffHeap.getFloat(weights.layers().get(1).mlpConv().rowAddress(3) + 9 * 4)));
    }

    @Test
    void shouldWidenHalvesBesideTheFile() throws IOException {
        final MemorySegment halves = memory.allocate(64 * 64 * 2, 8);
        for (int i = 0; i < 64 * 64; i++) {
            halves.set(ValueLayout.JAVA_SHORT, i * 2L, Float.floatToFloat16(i / 64f));
        }
        contents.put(WQ, new Content(DType.F16, new long[] {64, 64}, halves));
        load(weights -> {
            final Matrix query = weights.layers().get(0).attention().query();
            assertEquals(WeightType.F32, query.type());
            assertEquals(65 / 64f, OffHeap.getFloat(query.rowAddress(1) + 4));
        });
    }

    @Test
    void shouldReadFloat32MatricesInPlace() throws IOException {
        final MemorySegment floats = memory.allocate(64 * 64 * 4, 8);
        floats.setAtIndex(ValueLayout.JAVA_FLOAT, 70, 7);
        contents.put(WQ, new Content(DType.F32, new long[] {64, 64}, floats));
        load(weights -> {
            final Matrix query = weights.layers().get(0).attention().query();
            assertEquals(WeightType.F32, query.type());
            assertEquals(7, OffHeap.getFloat(query.rowAddress(1) + 6 * 4));
        });
    }

    @Test
    void shouldNameTheElementThatIsNotFinite() throws IOException {
        final MemorySegment copy =
                memory.allocate(64 * 64 * 2, 8).copyFrom(contents.get(WQ).data());
        copy.set(ValueLayout.JAVA_SHORT, 1234 * 2, (short) 0x7FC0);
        contents.put(WQ, new Content(DType.BF16, new long[] {64, 64}, copy));
        assertRefused("model.safetensors: tensor " + WQ + " BF16 [64, 64]: element 1234: found NaN or infinity");
    }

    @Test
    void shouldNameShapeAndTypeThatDoNotFit() throws IOException {
        contents.put(
                WQ,
                new Content(DType.BF16, new long[] {32, 128}, contents.get(WQ).data()));
        contents.put("model.llm.norm.weight", new Content(DType.I16, new long[] {64}, memory.allocate(128)));
        assertRefused("0 tensors missing, 2 unfit: " + WQ + ": found [32, 128], allowed [64, 64]; "
                + "model.llm.norm.weight: found I16, allowed BF16, F16, F32");
    }

    @Test
    void shouldListNoMoreThanSixteenProblems() throws IOException {
        contents.keySet().removeIf(name -> name.startsWith("model.llm.layers."));
        assertRefused("68 tensors missing, 0 unfit");
        assertRefused("; and 52 more");
    }

    private void load(final Consumer<InklingWeights> check) throws IOException {
        if (!Files.exists(directory.resolve(ModelConfig.FILE_NAME))) {
            GoldenModels.writeModel(directory, "text-dense", contents);
        }
        load(directory, check);
    }

    private void load(final Path model, final Consumer<InklingWeights> check) {
        try (Checkpoint checkpoint = Checkpoint.open(model, ledger);
                FreezableArena arena = new FreezableArena(ledger)) {
            check.accept(InklingWeights.load(ModelConfig.read(model), checkpoint, arena));
        }
    }

    private void assertRefused(final String message) {
        assertRefused(() -> load(weights -> {}), message);
    }

    private static void assertRefused(final Executable call, final String message) {
        final InvalidModelException e = assertThrows(InvalidModelException.class, call);
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }
}
