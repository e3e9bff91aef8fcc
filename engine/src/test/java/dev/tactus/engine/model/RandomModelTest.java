package dev.tactus.engine.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.ExactMath;
import dev.tactus.kernel.FlowShape;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.Philox;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RandomModelTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "false, true"})
    void shouldMeetAnyRequestWithin8Percent(final boolean experts, final boolean voice) {
        for (double request = RandomShape.FEWEST; request <= RandomShape.MOST; request *= 1.17) {
            final long parameters = (long) request;
            final RandomShape shape = RandomShape.of(parameters, experts, voice);
            final double ratio = (double) shape.count() / parameters;
            assertTrue(ratio > 0.92 && ratio < 1.08, parameters + " gave " + shape.count() + ' ' + shape);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldWriteAModelThatLoadsAndIsReadyToInteract(final boolean experts) throws IOException {
        final Path target = directory.resolve("deep/model");
        final RandomModel.Summary summary = RandomModel.write(target, 1_000_000, 7, experts);
        final MemoryLedger ledger = new MemoryLedger();
        try (Checkpoint checkpoint = Checkpoint.open(target, ledger);
                FreezableArena arena = new FreezableArena(ledger)) {
            final ModelConfig config = ModelConfig.read(target);
            final InklingWeights weights = InklingWeights.load(config, checkpoint, arena);
            assertEquals(InteractionConfig.defaults(), InteractionConfig.resolve(null, config));
            assertEquals(summary.parameters(), weights.parameters());
            assertEquals(summary.rows().size(), checkpoint.names().size());
            assertEquals(
                    summary.bytes(),
                    checkpoint.names().stream()
                            .mapToLong(name -> checkpoint.tensor(name).data().byteSize())
                            .sum());
            assertTrue(weights.audio().isPresent() && weights.vision().isPresent());
            assertEquals(experts, config.text().hasExperts());
        }
    }

    @Test
    void shouldWriteAVoiceWhereItIsAskedFor() throws IOException {
        final Path target = directory.resolve("m");
        final RandomModel.Summary summary = RandomModel.write(target, 1_000_000, 7, false, true);
        final MemoryLedger ledger = new MemoryLedger();
        try (Checkpoint checkpoint = Checkpoint.open(target, ledger);
                FreezableArena arena = new FreezableArena(ledger)) {
            final ModelConfig config = ModelConfig.read(target);
            final InklingWeights weights = InklingWeights.load(config, checkpoint, arena);
            assertTrue(weights.tensors().voice() && weights.tensors().skipped().isEmpty());
            assertEquals(summary.parameters(), weights.parameters());
            final VoiceWeights voice = weights.voice().orElseThrow();
            final int hidden = config.text().hidden();
            assertEquals(new FlowShape(hidden, 400, hidden, 3, 6), voice.shape());
            assertEquals(3, voice.blocks().size());
            assertEquals(80, voice.melStd().elements());
            assertEquals(-6, OffHeap.getFloat(voice.melMean().address() + 79 * 4));
            final KernelSet kernels = new ReferenceKernels();
            final long scratch = address(arena, kernels.flowScratchBytes(voice.shape()));
            final long c = address(arena, hidden * 4L);
            final long block = address(arena, 400 * 4L);
            Philox.normals(1, 0, 0, Philox.Purpose.FLOW, c, hidden);
            Philox.normals(2, 0, 0, Philox.Purpose.FLOW, block, 400);
            final float noise = OffHeap.getFloat(block);
            kernels.flow(voice.flow(), c, block, 1, scratch);
            final double squares = ExactMath.dot(block, block, 400);
            assertTrue(squares > 100 && squares < 4000 && noise != OffHeap.getFloat(block), squares + " of a block");
        }
    }

    private static long address(final FreezableArena arena, final long bytes) {
        return arena.allocate(MemoryTag.SCRATCH, bytes, 64).address();
    }

    @Test
    void shouldDrawValuesThatKeepLogitsSane() throws IOException {
        final Path target = directory.resolve("m");
        RandomModel.write(target, 5_000_000, 7, false);
        final MemoryLedger ledger = new MemoryLedger();
        try (Checkpoint checkpoint = Checkpoint.open(target, ledger)) {
            final double d = 192;
            assertEquals(1, deviation(checkpoint.tensor("model.llm.embed.weight")), 0.01);
            assertEquals(0.3 / Math.sqrt(d), deviation(checkpoint.tensor("model.llm.unembed.weight")), 3e-4);
            assertEquals(1 / Math.sqrt(d), deviation(checkpoint.tensor("model.llm.layers.3.attn.wq_du.weight")), 3e-3);
            assertEquals(
                    1 / Math.sqrt(d * 12), deviation(checkpoint.tensor("model.llm.layers.3.attn.wo_ud.weight")), 1e-3);
            assertEquals(0.1, deviation(checkpoint.tensor("model.llm.layers.5.attn.rel_logits_proj.proj")), 3e-3);
            assertEquals(
                    2.4,
                    OffHeap.getBfloat16(checkpoint
                            .tensor("model.llm.layers.5.attn.q_norm.weight")
                            .address()),
                    0.01);
        }
    }

    @Test
    void shouldGiveTheSameBytesForTheSameSeedOnly() throws IOException {
        RandomModel.write(directory.resolve("a"), 1_000_000, 7, false);
        RandomModel.write(directory.resolve("b"), 1_000_000, 7, false);
        RandomModel.write(directory.resolve("c"), 1_000_000, 8, false);
        final byte[] a = Files.readAllBytes(directory.resolve("a/model.safetensors"));
        assertArrayEquals(a, Files.readAllBytes(directory.resolve("b/model.safetensors")));
        assertFalse(Arrays.equals(a, Files.readAllBytes(directory.resolve("c/model.safetensors"))));
        assertArrayEquals(
                Files.readAllBytes(directory.resolve("a/config.json")),
                Files.readAllBytes(directory.resolve("c/config.json")));
    }

    @Test
    void shouldRefuseAnExistingModelAndImpossibleRequests() throws IOException {
        final Path target = directory.resolve("a");
        Files.createDirectory(target);
        Files.createFile(target.resolve("mine"));
        assertRefused("exists already", () -> RandomModel.write(target, 1_000_000, 7, false));
        assertRefused("found 999, allowed 1000000", () -> RandomModel.write(directory.resolve("b"), 999, 7, false));
        assertRefused("allowed 1000000 to", () -> RandomModel.write(directory.resolve("b"), 1L << 40, 7, false));
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of(target), files.toList());
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenItFails() throws IOException {
        final Path blocked = directory.resolve("file");
        Files.createFile(blocked);
        assertThrows(IOException.class, () -> RandomModel.write(blocked.resolve("m"), 1_000_000, 7, false));
        final Path empty = Files.createDirectory(directory.resolve("empty"));
        RandomModel.write(empty, 1_000_000, 7, false);
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of(empty, blocked), files.sorted().toList());
        }
    }

    @Test
    void shouldReadParameterCounts() {
        assertEquals(25_000_000, RandomModel.parameterCount("25M"));
        assertEquals(1_500_000_000, RandomModel.parameterCount("1.5b"));
        assertEquals(800_000, RandomModel.parameterCount(" 800k"));
        assertEquals(123, RandomModel.parameterCount("123"));
        for (final String wrong : List.of("", "M", "25MM", "-3M", "1e6", "25G", "٣M")) {
            assertRefused("allowed a number", () -> RandomModel.parameterCount(wrong));
        }
    }

    @Test
    void shouldRoundToBfloat16AsNearestEven() {
        assertEquals((short) 0x3F80, DType.bfloat16(1));
        assertEquals((short) 0x3F80, DType.bfloat16(Float.intBitsToFloat(0x3F80_8000)));
        assertEquals((short) 0x3F82, DType.bfloat16(Float.intBitsToFloat(0x3F81_8000)));
        assertEquals((short) 0xBF81, DType.bfloat16(Float.intBitsToFloat(0xBF80_8001)));
    }

    private static void assertRefused(final String message, final Executable call) {
        final InvalidModelException e = assertThrows(InvalidModelException.class, call);
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    private static double deviation(final Tensor tensor) {
        double squares = 0;
        for (long i = 0; i < tensor.elements(); i++) {
            final double value = OffHeap.getBfloat16(tensor.address() + 2 * i);
            squares += value * value;
        }
        return Math.sqrt(squares / tensor.elements());
    }
}
