package dev.tactus.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import dev.tactus.scenario.language.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every target, drawn token by token from the engine's own output machine. */
class OutputRulesTest {
    private static final String CONFIG = """
        {"model_type": "inkling_mm_model", "audio_token_id": %d, "image_token_id": %d, "audio_bos_token_id": %d,
         "image_bos_token_id": %d,
         "text_config": {"model_type": "inkling_text", "vocab_size": %d, "unpadded_vocab_size": %d,
          "hidden_size": 16, "num_hidden_layers": 2, "local_layer_ids": [0], "num_attention_heads": 2,
          "num_key_value_heads": 1, "head_dim": 8, "swa_num_attention_heads": 2, "swa_num_key_value_heads": 1,
          "swa_head_dim": 8, "sliding_window_size": 8, "rel_extent": 16, "d_rel": 4, "dense_mlp_idx": 2,
          "dense_intermediate_size": 24, "rms_norm_eps": 1e-5, "sconv_kernel_size": 3,
          "logits_mup_width_multiplier": 1.0},
         "audio_config": {"n_mel_bins": 5, "mel_vocab_size": 3},
         "vision_config": {"patch_size": 6, "temporal_patch_size": 2, "num_channels": 3, "num_hidden_layers": 3}}
        """;
    private static final InteractionConfig IDS = InteractionConfig.defaults();

    @TempDir
    private Path folder;

    private final FreezableArena arena = new FreezableArena(new MemoryLedger());
    private OutputMachine machine;

    @BeforeEach
    void open() throws IOException {
        final List<String> tokens = Vocabulary.tokens();
        final String config = CONFIG.formatted(
                tokens.indexOf("<audio>"),
                tokens.indexOf("<image>"),
                tokens.indexOf("<audio_bos>"),
                tokens.indexOf("<image_bos>"),
                Vocabulary.SIZE,
                Vocabulary.SIZE);
        Files.writeString(folder.resolve(ModelConfig.FILE_NAME), config);
        machine = new OutputMachine(ModelConfig.read(folder), IDS, true, arena);
    }

    @AfterEach
    void close() {
        arena.close();
    }

    private boolean allows(final int state, final boolean talking, final boolean spent, final int id) {
        final long mask = machine.mask(state, talking, spent, OutputMachine.FREE);
        return (OffHeap.getLong(mask + (id >> 6) * 8L) >>> (id & 63) & 1) != 0;
    }

    private static List<Integer> tokens(final Targets targets, final int tick) {
        final List<Integer> out = new ArrayList<>();
        if (targets.hear()[tick].length > 0) {
            out.add(IDS.hearTokenId());
            for (final int id : targets.hear()[tick]) {
                out.add(id);
            }
        }
        if (targets.speak()[tick].length > 0) {
            out.add(IDS.speakTokenId());
            for (final int id : targets.speak()[tick]) {
                out.add(id);
            }
        }
        out.add(targets.say().get(tick) ? IDS.sayTokenId() : IDS.quietTokenId());
        return out;
    }

    @Test
    void shouldOnlyWantWhatTheMachineAllows() {
        final GeneratorSettings settings = GeneratorSettings.training().withFaults(0.5);
        final ScenarioGenerator generator = new ScenarioGenerator(settings, new ToneSpeech());
        int said = 0;
        for (final Family family : Family.values()) {
            for (long seed = 0; seed < 40; seed++) {
                final Targets targets =
                        generator.draft(family, seed).behaviour().targets();
                boolean talking = false;
                for (int tick = 0; tick < targets.hear().length; tick++) {
                    final String where = family + " " + seed + " tick " + tick;
                    int state = OutputMachine.START;
                    int words = 0;
                    for (final int id : tokens(targets, tick)) {
                        assertTrue(allows(state, talking, words == IDS.textOutMax(), id), () -> where + " id " + id);
                        words += id >= Vocabulary.FIRST_WORD_ID ? 1 : 0;
                        state = machine.next(state, id);
                    }
                    talking = state == OutputMachine.SAY;
                    said += talking ? 1 : 0;
                }
            }
        }
        assertTrue(said > 1000, "speech in the targets");
        assertEquals(Episode.TEXT_OUT_MAX, IDS.textOutMax());
        assertEquals(Episode.TEXT_IN_MAX, IDS.textInMax());
    }
}
