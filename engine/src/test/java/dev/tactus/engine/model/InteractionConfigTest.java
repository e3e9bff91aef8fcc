package dev.tactus.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InteractionConfigTest {
    private static final String FULL = """
        {"tick_ms": 200, "tick_token_id": 1, "quiet_token_id": 2, "speak_token_id": 3, "say_token_id": 8,
         "audio_gap_token_id": 9, "video_gap_token_id": 10, "text_in_token_id": 11, "hear_token_id": 12,
         "cut_token_id": 13, "text_in_max": 16, "text_out_max": 6, "video_rows": 3, "video_cols": 4,
         "sink_positions": 16, "global_window": 4096,
         "audio_out": {"frames": 5, "mels": 80, "flow_steps": 6, "flow_width": 512, "flow_layers": 3,
                       "time_embedding": 64}}\
        """;

    private final ModelConfig golden = ModelConfig.read(GoldenModels.path("text-dense"));

    @TempDir
    Path directory;

    @Test
    void shouldReadTheConfigOfTheSpecification() throws IOException {
        final InteractionConfig expected =
                InteractionConfig.defaults().withAudioOut(Optional.of(AudioOutConfig.DEFAULT));
        assertEquals(expected, InteractionConfig.parse(write(FULL), golden));
        assertEquals(expected, InteractionConfig.parse(write("{\"interaction_config\":" + FULL + "}"), golden));
        assertEquals(expected, InteractionConfig.resolve(write(FULL).toString(), golden));
        assertEquals(400, expected.audioOut().orElseThrow().blockElements());
    }

    @Test
    void shouldReadItFromTheModelsOwnConfig() {
        final String json = "{\"text_config\":{\"vocab_size\":300},\"interaction_config\":" + FULL + "}";
        final ModelConfig config = ModelConfig.parse(json.getBytes(StandardCharsets.UTF_8), "config.json");
        assertEquals(config.interaction().orElseThrow(), InteractionConfig.resolve(null, config));
    }

    @Test
    void shouldServeAPublishedModelByDefaultsOnlyWhenAsked() {
        assertEquals(InteractionConfig.defaults(), InteractionConfig.resolve("default", golden));
        assertTrue(InteractionConfig.defaults().audioOut().isEmpty());
        final InvalidModelException e =
                assertThrows(InvalidModelException.class, () -> InteractionConfig.resolve(null, golden));
        assertTrue(e.getMessage().contains("interaction_config: missing"), e.getMessage());
        assertTrue(e.getMessage().contains("--interaction default"), e.getMessage());
    }

    @Test
    void shouldReserveControlAndPlaceholderIds() {
        assertEquals(
                Set.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13),
                InteractionConfig.defaults().reservedIds(golden));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        "tick_ms": 200 | "tick_ms": 80 | tick_ms: found 80, allowed an integer from 200 to 200
        "say_token_id": 8 | "say_token_id": 3 \
            | interaction_config.say_token_id: found 3, which another field has, allowed distinct ids
        "say_token_id": 8 | "say_token_id": 260 \
            | interaction_config.say_token_id: found 260, allowed ids below unpadded_vocab_size, 260
        "say_token_id": 8 | "say_token_id": 7 \
            | interaction_config.say_token_id: found 7, allowed no placeholder or bos id
        "say_token_id": 8, | `` | say_token_id: found nothing, allowed an integer
        "text_in_max": 16 | "text_in_max": 100000 | text_in_max: found 100000
        "video_rows": 3 | "video_row": 3 | video_row: found an unknown field, allowed audio_gap_token_id
        "global_window": 4096 | "global_window": 0 | global_window: found 0
        "mels": 80 | "mels": 64 | audio_out.mels: found 64
        "time_embedding": 64 | "time_embedding": 63 | audio_out.time_embedding: found 63, allowed an even number
        "flow_width": 512 | "flow_width": 5.5 | audio_out.flow_width: found 5.5
        """)
    void shouldNameWhatIsWrong(final String right, final String wrong, final String message) throws IOException {
        assertTrue(FULL.contains(right));
        final Path file = write(FULL.replace(right, wrong == null ? "" : wrong));
        final InvalidModelException e =
                assertThrows(InvalidModelException.class, () -> InteractionConfig.parse(file, golden));
        assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    private Path write(final String json) throws IOException {
        return Files.writeString(directory.resolve("interaction.json"), json);
    }
}
