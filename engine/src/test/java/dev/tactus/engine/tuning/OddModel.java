package dev.tactus.engine.tuning;

import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.model.AudioOutConfig;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A tiny model whose every size is odd in some way: heads of 7 and 9 elements, windows and extents shorter than a
 * sequence, a padded vocabulary, experts that nobody chooses.
 */
final class OddModel {
    private static final int VOCABULARY = 37;
    private static final int AUDIO = 7;
    private static final int IMAGE = 4;
    private static final String CONFIG = """
            {"model_type": "inkling_mm_model", "audio_token_id": 7, "image_token_id": 4, "audio_bos_token_id": 6,
             "image_bos_token_id": 5,
             "text_config": {"model_type": "inkling_text", "vocab_size": 41, "unpadded_vocab_size": 37,
              "hidden_size": 21, "num_hidden_layers": 4, "local_layer_ids": [0, 2], "num_attention_heads": 4,
              "num_key_value_heads": 2, "head_dim": 7, "swa_num_attention_heads": 3, "swa_num_key_value_heads": 1,
              "swa_head_dim": 9, "sliding_window_size": 5, "rel_extent": 11, "d_rel": 3, "dense_mlp_idx": 2,
              "dense_intermediate_size": 19, "moe_intermediate_size": 6, "n_routed_experts": 5,
              "n_shared_experts": 1, "num_experts_per_tok": 2, "route_scale": 1.7, "rms_norm_eps": 1e-5,
              "sconv_kernel_size": 3, "logits_mup_width_multiplier": 1.3, "log_scaling_n_floor": 4,
              "log_scaling_alpha": 0.2},
             "audio_config": {"n_mel_bins": 5, "mel_vocab_size": 3},
             "vision_config": {"patch_size": 6, "temporal_patch_size": 2, "num_channels": 3, "num_hidden_layers": 3}}
            """;

    /** Which of them. */
    enum Kind {
        /** Everything that a model can have. */
        FULL,
        /** Text alone, no shared experts, convolutions of one tap, no log scaling. */
        PLAIN,
        /** Everything, and a head that speaks. */
        SPEAKING
    }

    private static final AudioOutConfig VOICE = new AudioOutConfig(5, 3, 4, 13, 2, 6);

    final ModelConfig config;
    final Parameters parameters;
    private final boolean full;
    private final boolean speaking;
    private final FreezableArena arena;
    private final SplittableRandom random;

    OddModel(final Path directory, final Kind kind, final FreezableArena arena, final long seed) throws IOException {
        this.full = kind != Kind.PLAIN;
        this.speaking = kind == Kind.SPEAKING;
        final String plain = CONFIG.replace("\"n_shared_experts\": 1", "\"n_shared_experts\": 0")
                .replace("\"sconv_kernel_size\": 3", "\"sconv_kernel_size\": 1")
                .replace("\"log_scaling_n_floor\": 4", "\"log_scaling_n_floor\": null");
        Files.writeString(directory.resolve(ModelConfig.FILE_NAME), full ? CONFIG : plain);
        final ModelConfig read = ModelConfig.read(directory);
        this.config = speaking ? speaking(read) : read;
        this.arena = arena;
        this.random = new SplittableRandom(seed);
        this.parameters = Parameters.zeros(config, full, full, arena);
        for (final Parameter parameter : parameters.all()) {
            fill(parameter);
        }
    }

    /** The same with a head that speaks in blocks of 15 elements, which no config file can ask for. */
    private static ModelConfig speaking(final ModelConfig read) {
        return new ModelConfig(
                read.file(),
                read.text(),
                read.audio(),
                read.vision(),
                read.audioTokenId(),
                read.imageTokenId(),
                read.audioBosTokenId(),
                read.imageBosTokenId(),
                Optional.of(InteractionConfig.defaults().withAudioOut(Optional.of(VOICE))));
    }

    private void fill(final Parameter parameter) {
        final long[] shape = parameter.shape();
        final String name = parameter.name();
        final double deviation = shape.length == 1 ? 0.2 : 1 / Math.sqrt(shape[shape.length - 1]);
        final double centre = shape.length == 1 ? 1 : 0;
        for (int i = 0; i < parameter.elements(); i++) {
            final double value = name.endsWith("gate.bias") ? 3 * i % 5 : centre + deviation * random.nextGaussian();
            final boolean loud = name.endsWith("q_norm.weight") || name.endsWith("k_norm.weight");
            OffHeap.putFloat(parameter.value() + i * (long) Float.BYTES, (float) (loud ? 2 * value : value));
        }
    }

    /** A sequence of text with sound and patches in it, with logits wanted here and there. */
    Example example(final int positions) {
        final int[] ids = new int[positions];
        int audio = 0;
        int patches = 0;
        for (int i = 0; i < positions; i++) {
            final int kind = full ? random.nextInt(4) : 3;
            ids[i] = kind == 0 ? AUDIO : kind == 1 && positions < 20 ? IMAGE : 8 + random.nextInt(VOCABULARY - 8);
            audio += ids[i] == AUDIO ? 1 : 0;
            patches += ids[i] == IMAGE ? 1 : 0;
        }
        final int blocks = speaking ? speak(ids) : 0;
        final int mels = config.audio().mels();
        final long bins = memory(audio * mels);
        for (int i = 0; i < audio * mels; i++) {
            OffHeap.putInt(
                    bins + i * (long) Integer.BYTES,
                    random.nextInt(config.audio().levels()));
        }
        final int pixelCount = patches * config.vision().patchElements();
        final long pixels = memory(pixelCount);
        for (int i = 0; i < pixelCount; i++) {
            OffHeap.putFloat(pixels + i * (long) Float.BYTES, (float) random.nextGaussian());
        }
        final long speech = memory(blocks * VOICE.blockElements());
        for (int i = 0; i < blocks * VOICE.blockElements(); i++) {
            OffHeap.putFloat(speech + i * (long) Float.BYTES, (float) random.nextGaussian());
        }
        final TeacherForcing.Sequence sequence =
                new TeacherForcing.Sequence(ids, bins, audio, pixels, patches).withSpeech(speech, blocks);
        final int[] outputs =
                IntStream.range(0, positions).filter(i -> i % 3 != 1).toArray();
        return new Example(sequence, outputs);
    }

    /** Makes blocks of speech of some tokens: single ones, and one behind the other. */
    private int speak(final int[] ids) {
        int blocks = 0;
        for (int i = 1; i < ids.length; i++) {
            if (ids[i] >= 8 && i % 7 < 4) {
                ids[i] = TeacherForcing.Sequence.SPEECH;
                blocks++;
            }
        }
        return blocks;
    }

    float[] speechWeights(final List<Example> batch) {
        final int blocks =
                batch.stream().mapToInt(example -> example.sequence().blocks()).sum();
        final float[] weights = new float[blocks];
        for (int i = 0; i < blocks; i++) {
            weights[i] = i % 5 == 2 ? 0f : (float) random.nextDouble(0.5, 1.5);
        }
        return weights;
    }

    /** Three sequences: a single position, one longer than the windows, one longer than a block of queries. */
    List<Example> batch() {
        return List.of(example(1), example(13), example(71));
    }

    /** More rows than any unit of work takes. */
    List<Example> largeBatch() {
        final List<Example> batch = new ArrayList<>(batch());
        for (int i = 0; i < 13; i++) {
            batch.add(example(71 - i));
        }
        return batch;
    }

    int[] targets(final List<Example> batch) {
        return random.ints(outputs(batch), 0, VOCABULARY).toArray();
    }

    float[] weights(final List<Example> batch) {
        final float[] weights = new float[outputs(batch)];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = i % 4 == 3 ? 0f : (float) random.nextDouble(0.5, 1.5);
        }
        return weights;
    }

    private static int outputs(final List<Example> batch) {
        return batch.stream().mapToInt(example -> example.outputs().length).sum();
    }

    private long memory(final int words) {
        return arena.allocate(MemoryTag.TEST, (words + 1) * (long) Float.BYTES, 64)
                .address();
    }
}
