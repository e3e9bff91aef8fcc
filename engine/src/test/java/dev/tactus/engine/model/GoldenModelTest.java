package dev.tactus.engine.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.WeightType;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GoldenModelTest {
    @ParameterizedTest
    @ValueSource(strings = {"text-dense", "multimodal-moe", "long-context", "patch40"})
    void shouldResolveEveryTensorAndReleaseEveryByte(final String name) {
        final MemoryLedger ledger = new MemoryLedger();
        try (Checkpoint checkpoint = Checkpoint.open(GoldenModels.path(name), ledger);
                FreezableArena arena = new FreezableArena(ledger)) {
            final ModelConfig config = ModelConfig.read(GoldenModels.path(name));
            final InklingWeights weights = InklingWeights.load(config, checkpoint, arena);
            assertEquals(List.of(), weights.tensors().unknown());
            assertEquals(List.of(), weights.tensors().skipped());
            assertEquals(checkpoint.names().size(), weights.tensors().expected().size());
            assertEquals(config.text().layers().size(), weights.layers().size());
            assertTrue(weights.audio().isPresent() && weights.vision().isPresent());
            assertEquals(checkpoint.bytes() + arena.bytes(), ledger.liveBytes());
        }
        assertEquals(0, ledger.liveBytes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"text-dense", "multimodal-moe", "long-context", "patch40"})
    void shouldHoldInputsAndLogitsOfMatchingShapes(final String name) {
        final MemoryLedger ledger = new MemoryLedger();
        final ModelConfig config = ModelConfig.read(GoldenModels.path(name));
        try (SafetensorsFile inputs =
                        SafetensorsFile.open(GoldenModels.path(name).resolve("inputs.safetensors"), ledger);
                SafetensorsFile expected =
                        SafetensorsFile.open(GoldenModels.path(name).resolve("expected.safetensors"), ledger)) {
            final Tensor ids = inputs.tensor("input_ids").require(DType.I32);
            int audio = 0;
            int image = 0;
            for (long i = 0; i < ids.elements(); i++) {
                final int id = ids.data().get(ValueLayout.JAVA_INT_UNALIGNED, i * Integer.BYTES);
                audio += id == config.audioTokenId() ? 1 : 0;
                image += id == config.imageTokenId() ? 1 : 0;
            }
            assertTrue(
                    inputs.tensor("audio_bins").hasShape(audio, config.audio().mels()));
            assertEquals(
                    (long) image * config.vision().patchElements(),
                    inputs.tensor("pixels").elements());
            assertTrue(expected.tensor("logits")
                    .hasShape(ids.elements(), config.text().unpaddedVocab()));
        }
    }

    @Test
    void shouldReadTheMixedModelAsItsConfigSays() {
        final ModelConfig config = ModelConfig.read(GoldenModels.path("multimodal-moe"));
        assertEquals(
                new LayerConfig(0, true, true, 4, 4, 16, 12),
                config.text().layers().get(0));
        assertEquals(
                new LayerConfig(5, false, false, 4, 2, 16, 24),
                config.text().layers().get(5));
        final MemoryLedger ledger = new MemoryLedger();
        try (Checkpoint checkpoint = Checkpoint.open(GoldenModels.path("multimodal-moe"), ledger);
                FreezableArena arena = new FreezableArena(ledger)) {
            final InklingWeights weights = InklingWeights.load(config, checkpoint, arena);
            final DenseMlp dense = (DenseMlp) weights.layers().get(1).mlp();
            assertEquals(WeightType.BF16, dense.gateUp().type());
            assertEquals(192, dense.gateUp().rows());
            final ExpertsMlp experts = (ExpertsMlp) weights.layers().get(5).mlp();
            assertEquals(WeightType.F32, experts.gate().type());
            assertEquals(10, experts.gate().rows());
            assertEquals(8, experts.gateUp().count());
            final Tensor down = checkpoint.tensor("model.llm.layers.5.mlp.experts.w2_weight");
            assertEquals(
                    down.address() + 3 * 64 * 32 * 2, experts.down().matrix(3).address());
            assertEquals(2, experts.sharedDown().orElseThrow().count());
            assertEquals(24, weights.layers().get(5).attention().biasBank().cols());
        }
    }

    @Test
    void shouldCopyVectorsWidenedAndConvolutionsTransposed() {
        final MemoryLedger ledger = new MemoryLedger();
        try (Checkpoint checkpoint = Checkpoint.open(GoldenModels.path("text-dense"), ledger);
                FreezableArena arena = new FreezableArena(ledger)) {
            final InklingWeights weights =
                    InklingWeights.load(ModelConfig.read(GoldenModels.path("text-dense")), checkpoint, arena);
            final FloatTable conv = weights.layers().get(2).attention().kConv();
            final Tensor stored = checkpoint.tensor("model.llm.layers.2.attn.k_sconv.weight");
            assertEquals(4, conv.rows());
            assertEquals(32, conv.cols());
            for (int tap = 0; tap < 4; tap++) {
                for (int c = 0; c < 32; c++) {
                    assertEquals(
                            stored.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, (c * 4L + tap) * Float.BYTES),
                            OffHeap.getFloat(conv.rowAddress(tap) + (long) c * Float.BYTES));
                }
            }
            final Tensor norm = checkpoint.tensor("model.llm.norm.weight").require(DType.BF16);
            final float[] want = new float[64];
            final float[] got = new float[64];
            for (int i = 0; i < 64; i++) {
                want[i] = OffHeap.getBfloat16(norm.address() + i * 2L);
                got[i] = OffHeap.getFloat(weights.norm().address() + i * 4L);
            }
            assertArrayEquals(want, got);
            assertEquals(0, weights.norm().address() % 64);
        }
    }
}
