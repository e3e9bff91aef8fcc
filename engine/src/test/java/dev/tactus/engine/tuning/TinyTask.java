package dev.tactus.engine.tuning;

import dev.tactus.engine.model.ModelConfig;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A tiny text model with a dense and a mixed layer, and sequences in which every token says what the next one is. */
final class TinyTask {
    static final int VOCABULARY = 32;
    private static final int FIRST = 8;
    private static final int LENGTH = 13;
    private static final int SEQUENCES = 4;
    private static final String CONFIG = """
            {"model_type": "inkling_mm_model", "audio_token_id": 7, "image_token_id": 4, "audio_bos_token_id": 6,
             "image_bos_token_id": 5,
             "text_config": {"model_type": "inkling_text", "vocab_size": 40, "unpadded_vocab_size": 32,
              "hidden_size": %d, "num_hidden_layers": 2, "local_layer_ids": [0], "num_attention_heads": 2,
              "num_key_value_heads": 1, "head_dim": 8, "swa_num_attention_heads": 2, "swa_num_key_value_heads": 1,
              "swa_head_dim": 8, "sliding_window_size": 8, "rel_extent": 16, "d_rel": 4, "dense_mlp_idx": 1,
              "dense_intermediate_size": 24, "moe_intermediate_size": 8, "n_routed_experts": 4,
              "n_shared_experts": 1, "num_experts_per_tok": 2, "route_scale": 1.0, "rms_norm_eps": 1e-5,
              "sconv_kernel_size": 3, "logits_mup_width_multiplier": 1.0, "log_scaling_n_floor": 4,
              "log_scaling_alpha": 0.1},
             "audio_config": {"n_mel_bins": 5, "mel_vocab_size": 3},
             "vision_config": {"patch_size": 6, "temporal_patch_size": 2, "num_channels": 3, "num_hidden_layers": 3}}
            """;

    private final Path directory;
    private final MemoryLedger ledger;
    private final long seed;

    TinyTask(final Path directory, final MemoryLedger ledger, final long seed) throws IOException {
        this(directory, ledger, seed, 16);
    }

    TinyTask(final Path directory, final MemoryLedger ledger, final long seed, final int hidden) throws IOException {
        this.directory = Files.createDirectories(directory);
        this.ledger = ledger;
        this.seed = seed;
        Files.writeString(directory.resolve(ModelConfig.FILE_NAME), CONFIG.formatted(hidden));
    }

    Trainer trainer(final int workers) {
        return trainer(TrainingLimits.of(SEQUENCES, LENGTH), workers);
    }

    Trainer trainer(final TrainingLimits limits, final int workers) {
        final TrainerSettings settings = new TrainerSettings(limits, AdamSettings.standard(), workers, Thread::new);
        return Trainer.create(directory, false, false, this::fill, settings, ledger);
    }

    private void fill(final Parameters parameters) {
        final SplittableRandom random = new SplittableRandom(seed);
        for (final Parameter parameter : parameters.all()) {
            final long[] shape = parameter.shape();
            final double deviation = shape.length == 1 ? 0.1 : 1 / Math.sqrt(shape[shape.length - 1]);
            final double centre = shape.length == 1 && parameter.isTrained() ? 1 : 0;
            for (long i = 0; i < parameter.elements(); i++) {
                final double value = centre + deviation * random.nextGaussian();
                OffHeap.putFloat(parameter.value() + i * Float.BYTES, (float) value);
            }
        }
    }

    /** The batch of a step. */
    List<TrainingExample> batch(final int step) {
        final SplittableRandom random = new SplittableRandom(seed + step);
        final List<TrainingExample> batch = new ArrayList<>();
        for (int sequence = 0; sequence < SEQUENCES; sequence++) {
            final int[] ids = new int[LENGTH - sequence];
            ids[0] = FIRST + random.nextInt(VOCABULARY - FIRST);
            for (int i = 1; i < ids.length; i++) {
                ids[i] = FIRST + (5 * (ids[i - 1] - FIRST) + 3) % (VOCABULARY - FIRST);
            }
            batch.add(TrainingExample.nextTokens(ids));
        }
        return batch;
    }
}
