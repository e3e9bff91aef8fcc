package dev.tactus.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of a model with random damage: they are read or refused with one line, and nothing leaks. */
class ModelFuzzTest {
    private static final long SEED = 20_260_101;
    private static final String[] FRAGMENTS = {
        "null",
        "-1",
        "0",
        "1e400",
        "9223372036854775807",
        "99999999999999999999",
        "0.5",
        "\"\"",
        "\"BF16\"",
        "{}",
        "[]",
        "[[[[[[",
        "{\"a\":",
        "\\u0000",
        "\"",
        ",",
        ":",
        "]",
        "}",
        "true",
        "1e-5",
        "\n",
        "[0,0]",
        "\"F32\""
    };

    @TempDir
    Path directory;

    @Test
    void shouldReadOrRefuseAnyHeader() throws IOException {
        final byte[] file = Files.readAllBytes(GoldenModels.path("patch40").resolve("inputs.safetensors"));
        final int length =
                (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        final byte[] header = Arrays.copyOfRange(file, 8, 8 + length);
        int read = 0;
        final int rounds = 10_000;
        for (int round = 0; round < rounds; round++) {
            final byte[] damaged = damaged(new SplittableRandom(SEED + round), header);
            final long data = file.length - 8L - header.length;
            read += accepted(round, () -> SafetensorsHeader.parse("f", new ByteArrayInputStream(damaged), data));
        }
        assertTrue(read > 0 && read < rounds, "read " + read + " of " + rounds);
    }

    @Test
    void shouldReadOrRefuseAnyConfig() throws IOException {
        final byte[] config =
                Files.readAllBytes(GoldenModels.path("multimodal-moe").resolve("config.json"));
        final byte[] random =
                StrictJson.write(RandomShape.of(1_000_000, true, true).config());
        int read = 0;
        final int rounds = 3_000;
        for (int round = 0; round < rounds; round++) {
            final byte[] damaged = damaged(new SplittableRandom(SEED + round), round % 2 == 0 ? config : random);
            read += accepted(round, () -> {
                final ModelConfig parsed = ModelConfig.parse(damaged, "config.json");
                if (parsed.text().layers().size() < 64) {
                    ModelTensors.expected(parsed, true, true);
                }
            });
        }
        assertTrue(read > 0 && read < rounds, "read " + read + " of " + rounds);
    }

    @Test
    void shouldLoadOrRefuseAnyFileAndLeakNothing() throws IOException {
        final Path golden = GoldenModels.path("text-dense");
        final byte[] file = Files.readAllBytes(golden.resolve(Checkpoint.SINGLE_FILE));
        final ModelConfig config = ModelConfig.read(golden);
        final MemoryLedger ledger = new MemoryLedger();
        int read = 0;
        final int rounds = 120;
        for (int round = 0; round < rounds; round++) {
            final SplittableRandom random = new SplittableRandom(SEED + round);
            final byte[] copy = file.clone();
            for (int i = random.nextInt(3); i >= 0; i--) {
                // Half of the damage goes to the 8 kB header, where it matters most.
                final int at = random.nextInt(random.nextBoolean() ? 8_200 : copy.length);
                copy[at] ^= (byte) (1 << random.nextInt(8));
            }
            final int length = random.nextInt(4) == 0 ? random.nextInt(copy.length) : copy.length;
            Files.write(directory.resolve(Checkpoint.SINGLE_FILE), Arrays.copyOf(copy, length));
            read += accepted(round, () -> {
                try (Checkpoint checkpoint = Checkpoint.open(directory, ledger);
                        FreezableArena arena = new FreezableArena(ledger)) {
                    InklingWeights.load(config, checkpoint, arena);
                }
            });
            assertEquals(0, ledger.liveBytes(), "round " + round);
        }
        assertTrue(read > 0 && read < rounds, "read " + read + " of " + rounds);
    }

    @Test
    void shouldReadOrRefuseAnyIndex() throws IOException {
        final byte[] index = ("{\"metadata\":{\"total_size\":12},\"weight_map\":{\"a\":\"s1.safetensors\","
                        + "\"b\":\"s2.safetensors\",\"c\":\"s1.safetensors\"}}")
                .getBytes(StandardCharsets.UTF_8);
        final MemoryLedger ledger = new MemoryLedger();
        for (int round = 0; round < 500; round++) {
            final byte[] damaged = damaged(new SplittableRandom(SEED + round), index);
            Files.write(directory.resolve(Checkpoint.INDEX_FILE), damaged);
            final int opened =
                    accepted(round, () -> Checkpoint.open(directory, ledger).close());
            if (opened == 1) {
                // Without shards beside it an index can only be accepted when it names none.
                final String text = new String(damaged, StandardCharsets.UTF_8);
                assertTrue(text.contains("{}"), "round " + round + ' ' + text);
            }
            assertEquals(0, ledger.liveBytes(), "round " + round);
        }
    }

    /** 1 if {@code parse} succeeds, 0 if it refuses with one line; anything else fails the test. */
    private static int accepted(final int round, final Runnable parse) {
        try {
            parse.run();
            return 1;
        } catch (final InvalidModelException e) {
            assertEquals(1, e.getMessage().lines().count(), "round " + round + ": " + e.getMessage());
            assertTrue(e.getMessage().length() <= 4002, "round " + round);
            return 0;
        } catch (final RuntimeException | Error e) {
            throw new AssertionError("round " + round + " of seed " + SEED + ": " + e, e);
        }
    }

    private static byte[] damaged(final SplittableRandom random, final byte[] valid) {
        byte[] bytes = valid.clone();
        for (int i = random.nextInt(3); i >= 0; i--) {
            final int at = random.nextInt(bytes.length);
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) ('0' + random.nextInt(10));
                case 2 -> bytes = Arrays.copyOf(bytes, 1 + at);
                case 3 -> bytes = spliced(bytes, at, 0, FRAGMENTS[random.nextInt(FRAGMENTS.length)]);
                case 4 -> bytes = spliced(bytes, at, random.nextInt(20), "");
                default -> bytes = spliced(bytes, at, random.nextInt(6), FRAGMENTS[random.nextInt(FRAGMENTS.length)]);
            }
            if (bytes.length == 0) {
                return new byte[] {'{'};
            }
        }
        return bytes;
    }

    private static byte[] spliced(final byte[] bytes, final int at, final int removed, final String inserted) {
        final int end = Math.min(bytes.length, at + removed);
        final byte[] middle = inserted.getBytes(StandardCharsets.UTF_8);
        final byte[] result = new byte[at + middle.length + bytes.length - end];
        System.arraycopy(bytes, 0, result, 0, at);
        System.arraycopy(middle, 0, result, at, middle.length);
        System.arraycopy(bytes, end, result, at + middle.length, bytes.length - end);
        return result;
    }
}
