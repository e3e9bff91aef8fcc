package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Kernels;
import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.model.AudioOutConfig;
import dev.tactus.engine.model.Checkpoint;
import dev.tactus.engine.model.InklingWeights;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.VoiceTensors;
import dev.tactus.engine.model.VoiceWeights;
import dev.tactus.kernel.FlowHead;
import dev.tactus.kernel.FlowShape;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.Philox;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** A model learns to speak: a block it is shown, to the same bits for any workers, and the engine's arithmetic. */
class SpeechTrainingTest {
    private static final long SEED = 20_261_122L;
    private static final int SPEECH = TeacherForcing.Sequence.SPEECH;
    private static final TokenLoss CROSS_ENTROPY = new CrossEntropyLoss();
    private static final int HIDDEN = 16;
    private static final String CONFIG = """
            {"model_type": "inkling_mm_model", "audio_token_id": 7, "image_token_id": 4, "audio_bos_token_id": 6,
             "image_bos_token_id": 5,
             "text_config": {"model_type": "inkling_text", "vocab_size": 40, "unpadded_vocab_size": 32,
              "hidden_size": 16, "num_hidden_layers": 1, "local_layer_ids": [0], "num_attention_heads": 2,
              "num_key_value_heads": 1, "head_dim": 8, "swa_num_attention_heads": 2, "swa_num_key_value_heads": 1,
              "swa_head_dim": 8, "sliding_window_size": 8, "rel_extent": 16, "d_rel": 4, "dense_mlp_idx": 1,
              "dense_intermediate_size": 24, "moe_intermediate_size": 8, "n_routed_experts": 4,
              "n_shared_experts": 1, "num_experts_per_tok": 2, "route_scale": 1.0, "rms_norm_eps": 1e-5,
              "sconv_kernel_size": 3, "logits_mup_width_multiplier": 2.0},
             "audio_config": {"n_mel_bins": 5, "mel_vocab_size": 3},
             "vision_config": {"patch_size": 6, "temporal_patch_size": 2, "num_channels": 3, "num_hidden_layers": 3},
             "interaction_config": {"tick_ms": 200, "tick_token_id": 1, "quiet_token_id": 2, "speak_token_id": 3,
              "say_token_id": 8, "audio_gap_token_id": 9, "video_gap_token_id": 10, "text_in_token_id": 11,
              "hear_token_id": 12, "cut_token_id": 13, "text_in_max": 16, "text_out_max": 6, "video_rows": 3,
              "video_cols": 4, "sink_positions": 16, "global_window": 4096,
              "audio_out": {"frames": 5, "mels": 80, "flow_steps": 4, "flow_width": 24, "flow_layers": 1,
               "time_embedding": 6}}}
            """;

    private final MemoryLedger ledger = new MemoryLedger();
    private final KernelSet kernels =
            Kernels.of(KernelChoice.AUTO, null, NumericClass.EXACT).set();

    @TempDir
    Path directory;

    @AfterEach
    void shouldHaveFreedAllMemory() {
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private static void fill(final Parameters parameters) {
        final SplittableRandom random = new SplittableRandom(SEED);
        for (final Parameter parameter : parameters.all()) {
            final long[] shape = parameter.shape();
            final double deviation = shape.length == 1 ? 0.1 : 1 / Math.sqrt(shape[shape.length - 1]);
            for (long i = 0; i < parameter.elements(); i++) {
                final double value = (shape.length == 1 ? 1 : 0) + deviation * random.nextGaussian();
                OffHeap.putFloat(parameter.value() + i * Float.BYTES, (float) value);
            }
        }
    }

    private static long gaussians(final FreezableArena arena, final int count, final long seed) {
        final long address = memory(arena, count);
        Philox.normals(seed, 0, 0, 99, address, count);
        return address;
    }

    private static long memory(final FreezableArena arena, final long floats) {
        return arena.allocate(MemoryTag.TEST, floats * Float.BYTES, 64).address();
    }

    /** The configuration with blocks of 15 elements, which are learned in a moment. */
    private ModelConfig small() throws IOException {
        Files.writeString(directory.resolve(ModelConfig.FILE_NAME), CONFIG);
        final ModelConfig read = ModelConfig.read(directory);
        final AudioOutConfig voice = new AudioOutConfig(5, 3, 8, 48, 2, 8);
        return new ModelConfig(
                read.file(),
                read.text(),
                read.audio(),
                read.vision(),
                read.audioTokenId(),
                read.imageTokenId(),
                read.audioBosTokenId(),
                read.imageBosTokenId(),
                Optional.of(InteractionConfig.defaults().withAudioOut(Optional.of(voice))));
    }

    @Test
    void shouldSayTheBlockItLearned(final TestReporter reporter) throws IOException {
        try (FreezableArena arena = new FreezableArena(ledger);
                Crew crew = new Crew(2, Thread::new)) {
            final ModelConfig config = small();
            final Parameters parameters = Parameters.zeros(config, false, false, arena);
            fill(parameters);
            final int sequences = 24;
            final int n = 15;
            final TrainingPass pass =
                    new TrainingPass(parameters, kernels, crew, TrainingLimits.of(sequences, 2), arena);
            final long block = gaussians(arena, n, 5);
            final TeacherForcing.Sequence sequence =
                    TeacherForcing.Sequence.ofText(8, SPEECH).withSpeech(block, 1);
            final List<Example> batch = new ArrayList<>();
            for (int i = 0; i < sequences; i++) {
                batch.add(new Example(sequence, new int[] {0}));
            }
            final double[] losses = learn(parameters, pass, batch, arena);
            final double error = distance(parameters, pass.conditions(), block, n, arena);
            reporter.publishEntry(
                    "speech",
                    "loss " + losses[0] + " in the first 20 steps, " + losses[1] + " in the last; said it within "
                            + error);
            assertTrue(losses[0] > 1, "loss of the first steps is " + losses[0] + ", seed " + SEED);
            assertTrue(losses[1] < 0.1, "loss after is " + losses[1] + ", seed " + SEED);
            // rms of the difference; the block's own is near 1, as was the noise it is made from
            assertTrue(error < 0.15, "what it says is off by " + error + ", seed " + SEED);
        }
    }

    /** Trains with speech alone; the mean loss of the first and of the last 20 steps. */
    private double[] learn(
            final Parameters parameters,
            final TrainingPass pass,
            final List<Example> batch,
            final FreezableArena arena) {
        final int steps = 600;
        final AdamSlab slab = new AdamSlab(
                parameters.values(),
                parameters.gradients(),
                memory(arena, parameters.slabFloats()),
                memory(arena, parameters.slabFloats()),
                parameters.slabFloats());
        final AdamW adam = new AdamW(
                AdamSettings.standard(), slab, TrainedModel.whole(parameters).slices());
        final float[] weights = new float[batch.size()];
        Arrays.fill(weights, 1f);
        final double[] found = new double[2];
        for (int step = 0; step < steps; step++) {
            parameters.zeroGradients();
            pass.forward(batch);
            OffHeap.zero(pass.logitGradients(), (long) pass.outputs() * pass.vocabulary() * Float.BYTES);
            final SpeechTotals totals = pass.speech(new SpeechLoss(SEED, step, 1f), weights);
            pass.backward();
            adam.step(3e-3 * Math.min(1, 2.0 * (steps - step) / steps), totals.weight(), BlockSplit.INLINE);
            found[0] += step < 20 ? totals.meanLoss() / 20 : 0;
            found[1] += step >= steps - 20 ? totals.meanLoss() / 20 : 0;
        }
        return found;
    }

    /** The root of the mean square between a block and what the flow head makes of other noise. */
    private double distance(
            final Parameters parameters,
            final long condition,
            final long block,
            final int n,
            final FreezableArena arena) {
        final AudioOutConfig voice =
                parameters.config().interaction().orElseThrow().audioOut().orElseThrow();
        final FlowShape shape = VoiceTensors.shape(voice, HIDDEN);
        final long head = memory(arena, FlowHead.bytes(shape) / Float.BYTES);
        FlowHead.write(shape, flow(parameters, voice), memory(arena, voice.timeEmbedding()), head);
        final int said = 16;
        final long c = memory(arena, said * HIDDEN);
        for (int i = 0; i < said; i++) {
            OffHeap.copy(condition, c + (long) i * HIDDEN * Float.BYTES, (long) HIDDEN * Float.BYTES);
        }
        final long x = gaussians(arena, said * n, 77);
        kernels.flow(head, c, x, said, memory(arena, kernels.flowScratchBytes(shape) / Float.BYTES + 1));
        double squares = 0;
        for (int i = 0; i < said * n; i++) {
            final double off = Floats.get(x, i) - Floats.get(block, i % n);
            squares += off * off;
        }
        return Math.sqrt(squares / (said * n));
    }

    private static FlowHead.Weights flow(final Parameters parameters, final AudioOutConfig voice) {
        final List<FlowHead.Layer> layers = new ArrayList<>();
        for (int i = 0; i < voice.flowLayers(); i++) {
            final String p = VoiceTensors.blockPrefix(i);
            final long norm = parameters.get(p + "norm.weight").value();
            layers.add(new FlowHead.Layer(norm, weight(parameters, p + "a"), weight(parameters, p + "b")));
        }
        final String p = VoiceTensors.PREFIX + "flow.";
        return new FlowHead.Weights(
                weight(parameters, p + "x"),
                weight(parameters, p + "t"),
                weight(parameters, p + "c"),
                layers,
                parameters.get(p + "norm.weight").value(),
                weight(parameters, p + "out"),
                voice.timeEmbedding());
    }

    private static FlowHead.Weight weight(final Parameters parameters, final String name) {
        return new FlowHead.Weight(
                WeightType.F32, parameters.get(name + ".weight").value());
    }

    private Trainer trainer(final int workers) throws IOException {
        Files.writeString(directory.resolve(ModelConfig.FILE_NAME), CONFIG);
        final TrainingLimits limits = TrainingLimits.of(3, 9);
        final TrainerSettings settings = new TrainerSettings(limits, AdamSettings.standard(), workers, Thread::new);
        return Trainer.create(directory, false, false, SpeechTrainingTest::fill, settings, ledger);
    }

    /** Sentences with speech in them, and text alone. */
    private static List<TrainingExample> batch(final FreezableArena arena) {
        final int[] spoken = {14, 8, SPEECH, SPEECH, 15, 16, 8, SPEECH, 17};
        final TeacherForcing.Sequence sequence =
                TeacherForcing.Sequence.ofText(spoken).withSpeech(gaussians(arena, 3 * 400, 1), 3);
        final Example example = new Example(sequence, new int[] {0, 4, 5});
        final TeacherForcing.Sequence other =
                TeacherForcing.Sequence.ofText(8, SPEECH).withSpeech(gaussians(arena, 400, 2), 1);
        return List.of(
                TrainingExample.supervised(example, 8, 16, 8).withSpeechWeights(1f, 0.5f, 0f),
                TrainingExample.nextTokens(20, 21, 22),
                TrainingExample.supervised(new Example(other, new int[0])));
    }

    private static int[] masters(final Trainer trainer) {
        final int[] bits = new int[(int) trainer.parameters().slabFloats()];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = OffHeap.getInt(trainer.parameters().values() + (long) i * Integer.BYTES);
        }
        return bits;
    }

    private static void train(final Trainer trainer, final List<TrainingExample> batch, final int from, final int to) {
        for (int step = from; step < to; step++) {
            trainer.forwardBackward(batch, CROSS_ENTROPY, new SpeechLoss(SEED, step, 0.7f));
            trainer.optimStep(1e-2);
        }
    }

    @Test
    void shouldEndInTheSameBitsForAnyWorkersAndAfterAResume() throws IOException {
        final Path half = directory.resolve("half.state");
        try (FreezableArena arena = new FreezableArena(ledger)) {
            final List<TrainingExample> batch = batch(arena);
            final int[] alone;
            try (Trainer trainer = trainer(1)) {
                assertTrue(trainer.parameters().speaks());
                train(trainer, batch, 0, 4);
                trainer.saveState(half);
                train(trainer, batch, 4, 8);
                alone = masters(trainer);
            }
            for (int workers = 2; workers <= 3; workers++) {
                try (Trainer trainer = trainer(workers)) {
                    train(trainer, batch, 0, 8);
                    assertArrayEquals(alone, masters(trainer), workers + " workers, seed " + SEED);
                    trainer.loadState(half);
                    train(trainer, batch, 4, 8);
                    assertArrayEquals(alone, masters(trainer), workers + " workers, resumed, seed " + SEED);
                }
            }
        }
    }

    @Test
    void shouldReportSpeechBesideTokens() throws IOException {
        try (FreezableArena arena = new FreezableArena(ledger);
                Trainer trainer = trainer(2)) {
            final List<TrainingExample> batch = batch(arena);
            final TrainingResult silent = trainer.forwardBackward(batch, CROSS_ENTROPY);
            assertEquals(SpeechTotals.NONE, silent.speech());
            trainer.discardGradients();
            final TrainingResult first = trainer.forwardBackward(batch, CROSS_ENTROPY, new SpeechLoss(SEED, 1, 2f));
            assertEquals(silent.loss(), first.loss(), "speech does not change the loss of tokens");
            assertEquals(3, first.speech().blocks());
            assertEquals(2.5, first.speech().weight());
            assertTrue(first.speech().meanLoss() > 1, first.speech().toString());
            assertEquals(5 + 2 * 2.5, trainer.optimStep(0).weight());
            final SpeechTotals again = trainer.forwardBackward(batch, CROSS_ENTROPY, new SpeechLoss(SEED, 1, 1f))
                    .speech();
            assertEquals(first.speech(), again, "the same draws");
            final SpeechTotals other = trainer.forwardBackward(batch, CROSS_ENTROPY, new SpeechLoss(SEED, 2, 1f))
                    .speech();
            assertNotEquals(again.loss(), other.loss(), "other draws");
        }
    }

    @Test
    void shouldChangeNothingWhenASpeechLossIsNoNumber() throws IOException {
        try (FreezableArena arena = new FreezableArena(ledger);
                Trainer trainer = trainer(2)) {
            final List<TrainingExample> batch = batch(arena);
            final Parameter x = trainer.parameters().get(VoiceTensors.PREFIX + "flow.x.weight");
            OffHeap.putFloat(x.value(), Float.NaN);
            final SpeechLoss speech = new SpeechLoss(SEED, 0, 1f);
            final TrainingException refused =
                    assertThrows(TrainingException.class, () -> trainer.forwardBackward(batch, CROSS_ENTROPY, speech));
            assertTrue(refused.getMessage().contains("block 0 of speech: loss NaN"), refused.getMessage());
            final long gradients = trainer.parameters().gradients();
            for (long i = 0; i < trainer.parameters().slabFloats(); i++) {
                assertEquals(0, OffHeap.getInt(gradients + i * Integer.BYTES), "gradient " + i);
            }
            assertThrows(IllegalArgumentException.class, () -> new SpeechLoss(SEED, 0, 0f));
            assertThrows(IllegalArgumentException.class, () -> batch.get(0).withSpeechWeights(1f));
        }
    }

    @Test
    void shouldExportTheVoiceThatTheEngineLoads() throws IOException {
        final Path exported = directory.resolve("exported");
        try (FreezableArena arena = new FreezableArena(ledger);
                Trainer trainer = trainer(1)) {
            train(trainer, batch(arena), 0, 2);
            trainer.exportModel(exported);
            try (Checkpoint checkpoint = Checkpoint.open(exported, ledger)) {
                final VoiceWeights voice = InklingWeights.load(ModelConfig.read(exported), checkpoint, arena)
                        .voice()
                        .orElseThrow();
                final Parameter mean = trainer.parameters().get(VoiceTensors.MEL_MEAN);
                assertEquals(
                        Floats.get(mean.value(), 79), Floats.get(voice.melMean().address(), 79));
                final Parameter out = trainer.parameters().get(VoiceTensors.PREFIX + "flow.out.weight");
                assertEquals(
                        Floats.get(out.value(), out.elements() - 1),
                        Floats.get(voice.out().address(), out.elements() - 1));
                assertEquals(new FlowShape(HIDDEN, 400, 24, 1, 4), voice.shape());
            }
        }
    }
}
