package dev.tactus.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelConfigTest {
    @Test
    void shouldHaveTheDefaultsOfTheLargeModel() {
        final ModelConfig config = parse("{\"text_config\":{}}");
        final TextConfig text = config.text();
        assertEquals(201_024, text.vocab());
        assertEquals(200_058, text.unpaddedVocab());
        assertEquals(6144, text.hidden());
        assertEquals(66, text.layers().size());
        assertEquals(
                new LayerConfig(4, true, false, 64, 16, 128, 512), text.layers().get(4));
        assertEquals(
                new LayerConfig(5, false, false, 64, 8, 128, 1024),
                text.layers().get(5));
        assertEquals(11, text.layers().stream().filter(layer -> !layer.local()).count());
        assertEquals(3072, text.moeIntermediate());
        assertEquals(256, text.routedExperts());
        assertEquals(6, text.expertsPerToken());
        assertEquals(2, text.sharedExperts());
        assertEquals(8f, text.routeScale());
        assertEquals(1e-6f, text.rmsNormEps());
        assertEquals(4, text.convTaps());
        assertEquals(24f, text.mupMultiplier());
        assertEquals(OptionalInt.empty(), text.logScalingFloor());
        assertEquals(0.1f, text.logScalingAlpha());
        assertEquals(new AudioConfig(80, 16), config.audio());
        assertEquals(new VisionConfig(40, 2, 3, 4), config.vision());
        assertEquals(Set.of(200_053, 200_054, 200_020, 200_005), config.placeholderIds());
        assertTrue(config.interaction().isEmpty());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        "sconv_kernel_size":3 | "conv_kernel_size":3
        "local_layer_ids":[0,2] | "layer_types":["hybrid_sliding","hybrid","hybrid_sliding"]
        "dense_mlp_idx":2 | "mlp_layer_types":["dense","dense","sparse"]
        "max_position_embeddings":99 | "model_max_length":99
        "dense_intermediate_size":77 | "intermediate_size":77
        "sliding_window_size":9 | "sliding_window":9
        "n_routed_experts":12 | "num_local_experts":12
        "logits_mup_width_multiplier":3 | "embedding_multiplier":3.0
        "log_scaling_n_floor":null | "rel_extent":1024
        """)
    void shouldUnderstandBothSpellings(final String one, final String other) {
        final TextConfig expected = parse(text(one)).text();
        assertEquals(expected, parse(text(other)).text());
        assertEquals(expected, parse(text(one + ',' + other)).text());
    }

    @Test
    void shouldReadATextModelWithoutNesting() {
        final ModelConfig config = parse("{\"model_type\":\"inkling_text\",\"hidden_size\":64,\"vocab_size\":300}");
        assertEquals(64, config.text().hidden());
        assertEquals(300, config.text().unpaddedVocab());
        assertEquals(Set.of(), config.placeholderIds());
    }

    @Test
    void shouldLetMlpTypesChangeInAnyOrder() {
        final List<LayerConfig> layers = parse(text("\"mlp_layer_types\":[\"sparse\",\"dense\",\"sparse\"]"))
                .text()
                .layers();
        assertEquals(
                List.of(false, true, false),
                layers.stream().map(LayerConfig::dense).toList());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        "sconv_kernel_size":3,"conv_kernel_size":4 \
            | text_config.conv_kernel_size: found 4, allowed 3, as sconv_kernel_size says
        "max_position_embeddings":9,"model_max_length":8 | text_config.model_max_length: found 8, allowed 9
        "local_layer_ids":[0],"layer_types":["hybrid","hybrid","hybrid"] \
            | text_config.layer_types: found another kind for layer 0 than in local_layer_ids
        "dense_mlp_idx":1,"mlp_layer_types":["dense","dense","dense"] \
            | text_config.mlp_layer_types: found another kind for layer 1
        "local_layer_ids":[3] | text_config.local_layer_ids: found 3, allowed integers from 0 to 2
        "local_layer_ids":[1,1] | text_config.local_layer_ids: found 1 twice, allowed each layer once
        "local_layer_ids":"all" | text_config.local_layer_ids: found "all", allowed an array
        "layer_types":["hybrid"] | text_config.layer_types: found 1 entries, allowed 3, one per layer
        "layer_types":["hybrid","hybrid","full"] \
            | text_config.layer_types[2]: found "full", allowed hybrid_sliding or hybrid
        "dense_mlp_idx":4 | text_config.dense_mlp_idx: found 4, allowed an integer from 0 to 3
        "num_attention_heads":6 \
            | text_config.num_key_value_heads: found 8, allowed a divisor of num_attention_heads, 6
        "swa_num_key_value_heads":3 | text_config.swa_num_key_value_heads: found 3, allowed a divisor
        "hidden_size":"64" | text_config.hidden_size: found "64", allowed an integer
        "hidden_size":64.5 | text_config.hidden_size: found 64.5, allowed an integer
        "hidden_size":3000000000 | text_config.hidden_size: found 3000000000, allowed an integer
        "hidden_size":0 | text_config.hidden_size: found 0, allowed an integer from 1
        "hidden_size":true | text_config.hidden_size: found true, allowed an integer
        "vocab_size":10,"unpadded_vocab_size":11 \
            | text_config.unpadded_vocab_size: found 11, allowed at most vocab_size, 10
        "n_routed_experts":4,"num_experts_per_tok":5 \
            | text_config.num_experts_per_tok: found 5, allowed at most n_routed_experts, 4
        "hidden_act":"gelu" | text_config.hidden_act: found gelu, allowed silu
        "shared_expert_sink":false | text_config.shared_expert_sink: found false, allowed true
        "rms_norm_eps":"x" | text_config.rms_norm_eps: found "x", allowed a number
        "logits_mup_width_multiplier":0 | text_config.logits_mup_width_multiplier: found 0, allowed a number
        "log_scaling_n_floor":0 | text_config.log_scaling_n_floor: found 0, allowed an integer from 1
        "hidden_size":64,"hidden_size":64 | Duplicate
        """)
    void shouldNameTheFieldThatIsWrong(final String fields, final String message) {
        assertRefused(text(fields), message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        [] | content: found an array, allowed a JSON object
        {} | text_config: found nothing
        {"text_config":3} | text_config: found 3, allowed a JSON object
        {"text_config":{},"model_type":"llama"} | model_type: found llama, allowed inkling_mm_model
        {"text_config":{},"vision_config":{"temporal_patch_size":4}} \
            | vision_config.temporal_patch_size: found 4, allowed an integer from 2 to 2
        {"text_config":{},"vision_config":{"patch_size":0}} | vision_config.patch_size: found 0
        {"text_config":{},"vision_config":{"num_channels":1}} | vision_config.num_channels: found 1
        {"text_config":{},"audio_config":{"mel_vocab_size":1}} | audio_config.mel_vocab_size: found 1
        {"text_config":{"vocab_size":9},"audio_token_id":9} \
            | audio_token_id: found 9, allowed an integer from 0 to 8
        {"text_config":{},"audio_token_id":4,"image_token_id":4} \
            | found 4, 4, 200020, 200005, allowed distinct ids
        {"text_config":{}} x | not valid JSON at line 1
        """)
    void shouldNameTheTopLevelFieldThatIsWrong(final String json, final String message) {
        assertRefused(json, message);
    }

    @Test
    void shouldSayThatThereIsNoConfig(@TempDir final Path directory) {
        final InvalidModelException e = assertThrows(InvalidModelException.class, () -> ModelConfig.read(directory));
        assertEquals(directory.resolve("config.json") + ": no such file", e.getMessage());
    }

    private static void assertRefused(final String json, final String message) {
        final InvalidModelException e = assertThrows(InvalidModelException.class, () -> parse(json));
        assertTrue(e.getMessage().startsWith("some/config.json: "), e.getMessage());
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    private static String text(final String fields) {
        return "{\"text_config\":{\"num_hidden_layers\":3," + fields + "}}";
    }

    private static ModelConfig parse(final String json) {
        return ModelConfig.parse(json.getBytes(StandardCharsets.UTF_8), "some/config.json");
    }
}
