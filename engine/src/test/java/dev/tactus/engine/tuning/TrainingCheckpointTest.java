package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.DType;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.SafetensorsWriter;
import dev.tactus.memory.MemoryLedger;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingCheckpointTest {
    private static final long SEED = 11;

    private static final TrainingState STATE = new TrainingState(
            Map.of("steps", 123L, "positions", Long.MAX_VALUE),
            Map.of("data", -1L, "init", 0x9E3779B97F4A7C15L),
            Map.of("rate", 2e-3, "third", 1.0 / 3, "smallest", Double.MIN_VALUE, "whole", 7.0),
            Map.of("recipe", "text \"only\"\n", "base", "ä"));

    @TempDir
    Path directory;

    private final Arena arena = Arena.ofConfined();
    private final MemoryLedger ledger = new MemoryLedger();

    @AfterEach
    void closeAll() {
        arena.close();
        assertEquals(0, ledger.liveBytes());
    }

    @Test
    void shouldComeBackBitForBit() {
        final Path file = directory.resolve("last.safetensors");
        final int[] oddBits = {0x7FC12345, 0x80000000, 0x00000001, 0x7F800000, 0x3F800000, 0xFF7FFFFF};
        final MemorySegment odd = arena.allocateFrom(ValueLayout.JAVA_INT, oddBits);
        final StateTensor matrix = random("master", 3, 1001);
        final StateTensor vector = new StateTensor("moment", new long[] {6}, odd.address());
        final StateTensor empty = new StateTensor("none", new long[] {0, 4}, odd.address());
        TrainingCheckpoint.save(file, STATE, List.of(matrix, vector, empty));
        try (TrainingCheckpoint checkpoint = TrainingCheckpoint.open(file, ledger)) {
            assertEquals(STATE, checkpoint.state());
            assertEquals(0x9E3779B97F4A7C15L, checkpoint.state().seed("init"));
            assertEquals(123, checkpoint.state().counter("steps"));
            assertEquals(1.0 / 3, checkpoint.state().hyperParameter("third"));
            assertEquals(List.of("master", "moment", "none"), checkpoint.names());
            assertArrayEquals(new long[] {3, 1001}, checkpoint.shape("master"));
            final StateTensor matrixBack = zero("master", 3, 1001);
            final StateTensor vectorBack = zero("moment", 6);
            checkpoint.restore(List.of(vectorBack, zero("none", 0, 4), matrixBack));
            assertEquals(-1, matrix.segment().mismatch(matrixBack.segment()));
            assertArrayEquals(oddBits, vectorBack.segment().toArray(ValueLayout.JAVA_INT_UNALIGNED));
            assertThrows(InvalidModelException.class, () -> checkpoint.state().counter("nothing"));
        }
    }

    @Test
    void shouldRefuseTensorsThatDoNotFitAndFillNone() {
        final Path file = directory.resolve("c");
        TrainingCheckpoint.save(file, STATE, List.of(random("a", 2, 3), random("b", 4)));
        try (TrainingCheckpoint checkpoint = TrainingCheckpoint.open(file, ledger)) {
            final StateTensor a = zero("a", 2, 3);
            assertNotRestored(checkpoint, a, List.of(a), "tensor b: found a tensor that this run does not have");
            assertNotRestored(checkpoint, a, List.of(a, zero("b", 5)), "tensor b: found [4], allowed [5]");
            assertNotRestored(checkpoint, a, List.of(a, zero("b", 4), zero("c", 1)), "tensor c: found nothing");
            assertNotRestored(checkpoint, a, List.of(a, a, zero("b", 4)), "tensor a: found nothing");
        }
    }

    @Test
    void shouldRefuseEveryTruncation() throws IOException {
        final Path file = directory.resolve("c");
        TrainingCheckpoint.save(file, STATE, List.of(random("a", 40)));
        final byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length += length < 16 ? 1 : 37) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertRefused(file, "");
        }
        Files.write(file, Arrays.copyOf(whole, whole.length + 1));
        assertRefused(file, "");
    }

    @Test
    void shouldRefuseEveryFlippedBitOfItsContent() throws IOException {
        final Path file = directory.resolve("c");
        TrainingCheckpoint.save(file, STATE, List.of(random("a", 5), random("b", 3)));
        final byte[] whole = Files.readAllBytes(file);
        final int data = whole.length - 4 * (5 + 3 + 3);
        for (int i = data; i < whole.length; i++) {
            final byte[] damaged = whole.clone();
            damaged[i] ^= (byte) (1 << i % 8);
            Files.write(file, damaged);
            assertRefused(file, "the file is damaged");
        }
        final String text = new String(whole, StandardCharsets.ISO_8859_1);
        final byte[] other = text.replace(":123", ":124").getBytes(StandardCharsets.ISO_8859_1);
        assertFalse(Arrays.equals(whole, other) || other.length != whole.length);
        Files.write(file, other);
        assertRefused(file, "state: found checksum");
    }

    @Test
    void shouldRefuseWhatIsNoCheckpoint() throws IOException {
        final Path file = directory.resolve("c");
        assertRefused(file, "no such file");
        final Random random = new Random(SEED);
        for (int round = 0; round < 50; round++) {
            final byte[] garbage = new byte[random.nextInt(400)];
            random.nextBytes(garbage);
            Files.write(file, garbage);
            assertRefused(file, "");
        }
        final List<SafetensorsWriter.Declared> declared =
                List.of(new SafetensorsWriter.Declared("model.llm.norm.weight", DType.F32, new long[] {0}));
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, declared, Map.of("format", "pt"))) {
            writer.commit();
        }
        assertRefused(file, "__metadata__ format: found pt, allowed tactus-training-checkpoint");
        final Map<String, String> newer = Map.of("format", "tactus-training-checkpoint", "version", "2");
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, declared, newer)) {
            writer.commit();
        }
        assertRefused(file, "__metadata__ version: found 2, allowed 1");
        final Map<String, String> bare = Map.of("format", "tactus-training-checkpoint", "version", "1");
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, declared, bare)) {
            writer.commit();
        }
        assertRefused(file, "tensor tactus.crc32c: missing");
    }

    @Test
    void shouldRefuseAStateThatIsNotOurs() {
        assertStateRefused("[]", "content: found ARRAY");
        assertStateRefused("{", "not valid JSON");
        assertStateRefused("{}", "counters: found nothing");
        assertStateRefused("{\"counters\":{\"a\":1.5}}", "counters.a: found 1.5, allowed an integer");
        assertStateRefused("{\"counters\":{},\"counters\":{}}", "Duplicate");
        assertStateRefused("{\"counters\":{},\"seeds\":{\"s\":9223372036854775808}}", "seeds.s: found 9223372036");
        assertStateRefused(
                "{\"counters\":{},\"seeds\":{},\"hyper_parameters\":{\"r\":\"x\"},\"notes\":{}}",
                "hyper_parameters.r: found \"x\", allowed a number");
        assertThrows(
                IllegalArgumentException.class,
                () -> new TrainingState(Map.of(), Map.of(), Map.of("rate", Double.NaN), Map.of()));
    }

    @Test
    void shouldRemoveItsOwnLeftoversOnly() throws IOException {
        final Path file = directory.resolve("c");
        final Path neighbour = Files.createFile(directory.resolve(".c-2-17.partial"));
        Files.createFile(directory.resolve(".c-17.partial"));
        TrainingCheckpoint.save(file, STATE, List.of());
        assertEquals(Set.of(file, neighbour), Set.copyOf(files()));
    }

    @Test
    void shouldSayWhereItCannotWrite() {
        final Path file = directory.resolve("missing").resolve("c");
        final TrainingException e =
                assertThrows(TrainingException.class, () -> TrainingCheckpoint.save(file, STATE, List.of()));
        assertTrue(e.getMessage().startsWith(file + ": checkpoint not written: "), e.getMessage());
    }

    @Test
    void shouldKeepTheLastOneWhenTheDiskTakesNoMore() throws Exception {
        final Path file = directory.resolve("c");
        final MemorySegment values = arena.allocate(4L * 100_000, 64);
        CheckpointWriterMain.save(file, values, 1);
        // a limit on file sizes fails in the middle of a write, as a full disk does
        final List<String> child = child(file, 100_000, 2, 2);
        final List<String> limited = new ArrayList<>(List.of("sh", "-c", "ulimit -f 256; exec \"$@\"", "sh"));
        limited.addAll(child);
        final Process process =
                new ProcessBuilder(limited).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        assertTrue(output.startsWith("refused: " + file + ": checkpoint not written: "), output);
        assertEquals(1, output.lines().count(), output);
        assertEquals(1, stepIn(file, 100_000));
        assertEquals(List.of(file), files());
    }

    @Test
    void shouldSurviveAKillInTheMiddle() throws Exception {
        final Path file = directory.resolve("c");
        final int floats = 1_000_000;
        final MemorySegment values = arena.allocate(4L * floats, 64);
        CheckpointWriterMain.save(file, values, 1);
        final Process process = new ProcessBuilder(child(file, floats, 2, Integer.MAX_VALUE))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        boolean half = false;
        try {
            final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            // a file that is half written once the first one is complete
            while (!half && System.nanoTime() < deadline && process.isAlive()) {
                half = stepsIn(file) > 1 && halfWritten(4L * floats);
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertTrue(half, "the child never wrote");
        final int step = stepIn(file, floats);
        assertTrue(step > 1, "step " + step);
        CheckpointWriterMain.save(file, values, step + 1);
        assertEquals(step + 1, stepIn(file, floats));
        assertEquals(List.of(file), files(), "what the killed process left");
    }

    private boolean halfWritten(final long bytes) throws IOException {
        for (final Path file : files()) {
            try {
                if (file.toString().endsWith(".partial") && Files.size(file) < bytes) {
                    return true;
                }
            } catch (final NoSuchFileException e) {
                return false; // it became the checkpoint between the two looks
            }
        }
        return false;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    private static List<String> child(final Path file, final int floats, final int first, final int last) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-UsePerfData",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                CheckpointWriterMain.class.getName(),
                file.toString(),
                Integer.toString(floats),
                Integer.toString(first),
                Integer.toString(last));
    }

    private long stepsIn(final Path file) {
        try (TrainingCheckpoint checkpoint = TrainingCheckpoint.open(file, ledger)) {
            return checkpoint.state().counter("steps");
        }
    }

    /** The step whose checkpoint stands in {@code file}, all elements of which must be of that step. */
    private int stepIn(final Path file, final int floats) {
        try (TrainingCheckpoint checkpoint = TrainingCheckpoint.open(file, ledger)) {
            final StateTensor values = zero("values", floats);
            checkpoint.restore(List.of(values));
            final long step = checkpoint.state().counter("steps");
            for (int i = 0; i < floats; i++) {
                final float found = values.segment().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
                if (found != step) {
                    throw new AssertionError("element " + i + " of step " + step + " is " + found);
                }
            }
            return (int) step;
        }
    }

    private void assertNotRestored(
            final TrainingCheckpoint checkpoint,
            final StateTensor untouched,
            final List<StateTensor> targets,
            final String message) {
        final InvalidModelException e = assertThrows(InvalidModelException.class, () -> checkpoint.restore(targets));
        assertTrue(e.getMessage().contains(message), e.getMessage());
        for (final byte b : untouched.segment().toArray(ValueLayout.JAVA_BYTE)) {
            assertEquals(0, b);
        }
    }

    private void assertRefused(final Path file, final String message) {
        final InvalidModelException e = assertThrows(
                InvalidModelException.class,
                () -> TrainingCheckpoint.open(file, ledger).close());
        assertTrue(e.getMessage().startsWith(file + ": ") && e.getMessage().contains(message), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    }

    private static void assertStateRefused(final String json, final String message) {
        final InvalidModelException e =
                assertThrows(InvalidModelException.class, () -> TrainingState.fromJson("f: state", json));
        assertTrue(e.getMessage().startsWith("f: state: ") && e.getMessage().contains(message), e.getMessage());
    }

    private StateTensor random(final String name, final long... shape) {
        final StateTensor tensor = zero(name, shape);
        final Random random = new Random(SEED);
        for (long at = 0; at < tensor.bytes(); at += 4) {
            tensor.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, (float) random.nextGaussian());
        }
        return tensor;
    }

    private StateTensor zero(final String name, final long... shape) {
        final long bytes = new StateTensor(name, shape, 0).bytes();
        return new StateTensor(
                name, shape, arena.allocate(Math.max(4, bytes), 64).address());
    }
}
