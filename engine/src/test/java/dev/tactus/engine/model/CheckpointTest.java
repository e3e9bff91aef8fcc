package dev.tactus.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointTest {
    @TempDir
    Path directory;

    private final MemoryLedger ledger = new MemoryLedger();

    @BeforeEach
    void writeTwoShards() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            GoldenModels.write(
                    directory.resolve("one.safetensors"),
                    Map.of("a", GoldenModels.floats(arena, new long[] {2}, 1, 2)));
            GoldenModels.write(
                    directory.resolve("two.safetensors"), Map.of("b", GoldenModels.floats(arena, new long[] {1}, 3)));
        }
    }

    @Test
    void shouldFindTensorsOverAllShards() throws IOException {
        index("{\"metadata\":{\"x\":[1,{}]},\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}}");
        try (Checkpoint checkpoint = Checkpoint.open(directory, ledger)) {
            assertEquals(2, checkpoint.files().size());
            assertEquals("b F32 [1]", checkpoint.tensor("b").toString());
            assertTrue(checkpoint.tensor("a").file().endsWith("one.safetensors"));
            assertEquals(checkpoint.bytes(), ledger.liveBytes());
            assertThrows(InvalidModelException.class, () -> checkpoint.tensor("c"));
        }
        assertEquals(0, ledger.liveBytes());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {"weight_map":{"a":"one.safetensors","b":"three.safetensors"}} \
            | weight_map: tensor b: found three.safetensors, which does not exist
        {"weight_map":{"a":"one.safetensors","b":"one.safetensors"}} \
            | weight_map: tensor b: found one.safetensors, which has no such tensor
        {"weight_map":{"a":"one.safetensors","b":"../two.safetensors"}} \
            | found "../two.safetensors", allowed the name of a file beside the index
        {"weight_map":{"a":"/etc/passwd"}} | found "/etc/passwd", allowed the name of a file
        {"weight_map":{"a":".."}} | found "..", allowed the name of a file
        {"weight_map":{"a":"x\\u0000y"}} | allowed the name of a file
        {"weight_map":{"a":1}} | weight_map: tensor a: found VALUE_NUMBER_INT, allowed a file name
        {"weight_map":[]} | weight_map: found START_ARRAY, allowed an object
        {} | weight_map: found nothing
        [] | index: found START_ARRAY, allowed a JSON object
        {"weight_map":{"a":"one.safetensors","a":"one.safetensors"}} | Duplicate
        {"weight_map":{ | not valid JSON
        """)
    void shouldNameWhatIsWrongInAnIndex(final String index, final String message) throws IOException {
        index(index);
        assertRefused(message);
    }

    @Test
    void shouldSayWhatAModelDirectoryHolds() {
        assertRefused("no weights; expected model.safetensors or model.safetensors.index.json");
        assertTrue(assertThrows(InvalidModelException.class, () -> Checkpoint.open(directory.resolve("x"), ledger))
                .getMessage()
                .contains("no such directory"));
    }

    @Test
    void shouldLoadAModelSplitIntoShards(@TempDir final Path split) throws IOException {
        final Path golden = GoldenModels.path("multimodal-moe");
        try (Checkpoint whole = Checkpoint.open(golden, ledger)) {
            final Map<String, Map<String, GoldenModels.Content>> shards = new LinkedHashMap<>();
            final StringBuilder index = new StringBuilder("{\"weight_map\":{");
            GoldenModels.contents(whole).forEach((name, content) -> {
                final String shard = "part-" + Math.floorMod(name.hashCode(), 3) + ".safetensors";
                shards.computeIfAbsent(shard, s -> new LinkedHashMap<>()).put(name, content);
                index.append(index.charAt(index.length() - 1) == '{' ? "" : ",");
                index.append('"').append(name).append("\":\"").append(shard).append('"');
            });
            for (final Map.Entry<String, Map<String, GoldenModels.Content>> shard : shards.entrySet()) {
                GoldenModels.write(split.resolve(shard.getKey()), shard.getValue());
            }
            Files.writeString(split.resolve(Checkpoint.INDEX_FILE), index.append("}}"));
        }
        try (Checkpoint checkpoint = Checkpoint.open(split, ledger);
                FreezableArena arena = new FreezableArena(ledger)) {
            assertEquals(3, checkpoint.files().size());
            InklingWeights.load(ModelConfig.read(golden), checkpoint, arena);
        }
        assertEquals(0, ledger.liveBytes());
    }

    private void index(final String json) throws IOException {
        Files.writeString(directory.resolve(Checkpoint.INDEX_FILE), json);
    }

    private void assertRefused(final String message) {
        final InvalidModelException e =
                assertThrows(InvalidModelException.class, () -> Checkpoint.open(directory, ledger));
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
        assertEquals(0, ledger.liveBytes());
    }
}
