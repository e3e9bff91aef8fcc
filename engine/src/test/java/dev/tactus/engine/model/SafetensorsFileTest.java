package dev.tactus.engine.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {
    private static final String TENSOR = "{\"a\":{\"dtype\":\"BF16\",\"shape\":[2,2],\"data_offsets\":[0,8]}}";

    @TempDir
    Path directory;

    private final MemoryLedger ledger = new MemoryLedger();

    @Test
    void shouldReadBackWhatWasWrittenInPieces() throws IOException {
        final Path file = directory.resolve("a.safetensors");
        final List<SafetensorsWriter.Declared> declared = List.of(
                new SafetensorsWriter.Declared("empty", DType.F32, new long[] {0, 80}),
                new SafetensorsWriter.Declared("floats", DType.F32, new long[] {3, 1}),
                new SafetensorsWriter.Declared("scalar", DType.I32, new long[] {}),
                new SafetensorsWriter.Declared("halves", DType.BF16, new long[] {5}));
        try (Arena arena = Arena.ofConfined();
                SafetensorsWriter writer = SafetensorsWriter.create(file, declared, Map.of("by", "tactus \"x\""))) {
            final MemorySegment floats = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, -2, 3);
            writer.write("floats", floats.asSlice(0, 5));
            writer.write("floats", floats.asSlice(5));
            writer.write("scalar", arena.allocateFrom(ValueLayout.JAVA_INT, 42));
            writer.write("halves", arena.allocate(10));
            assertFalse(Files.exists(file));
            writer.commit();
        }
        try (SafetensorsFile read = SafetensorsFile.open(file, ledger)) {
            assertEquals(List.of("empty", "floats", "scalar", "halves"), List.copyOf(read.names()));
            assertEquals(Map.of("by", "tactus \"x\""), read.metadata());
            assertArrayEquals(
                    new float[] {1, -2, 3}, read.tensor("floats").data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
            assertEquals(42, read.tensor("scalar").data().get(ValueLayout.JAVA_INT_UNALIGNED, 0));
            assertEquals(1, read.tensor("scalar").elements());
            assertEquals(0, read.tensor("empty").elements());
            assertEquals(0, read.tensor("empty").address() % 64);
            assertTrue(read.tensor("halves").data().isReadOnly()
                    && read.tensor("halves").data().isMapped());
            assertEquals(Files.size(file), ledger.liveBytes(MemoryTag.WEIGHTS));
        }
        assertEquals(0, ledger.liveBytes());
    }

    @Test
    void shouldLeaveNothingBehindWithoutACommit() throws IOException {
        final List<SafetensorsWriter.Declared> declared =
                List.of(new SafetensorsWriter.Declared("a", DType.F32, new long[] {2}));
        try (SafetensorsWriter writer = SafetensorsWriter.create(directory.resolve("f"), declared, Map.of())) {
            assertThrows(IllegalStateException.class, () -> writer.write("b", MemorySegment.NULL));
            assertThrows(IllegalStateException.class, () -> writer.write("a", MemorySegment.ofArray(new byte[12])));
            assertThrows(IllegalStateException.class, writer::commit);
        }
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of(), files.toList());
        }
    }

    @Test
    void shouldReadAHeaderPaddedWithSpaces() throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(write(TENSOR + "   ", 8), ledger)) {
            assertEquals("a BF16 [2, 2]", file.tensor("a").toString());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        [] | 0 | header: found first byte 91, allowed a JSON object
        {"a":1} | 0 | tensor a: found VALUE_NUMBER_INT, allowed an object with dtype
        {"a":{"dtype":"BF17","shape":[1],"data_offsets":[0,2]}} | 2 \
            | tensor a: dtype: found BF17, allowed BOOL, U8
        {"a":{"dtype":"BF16","shape":[-1],"data_offsets":[0,2]}} | 2 \
            | tensor a: shape: found VALUE_NUMBER_INT -1, allowed integers
        {"a":{"dtype":"BF16","shape":[1.5],"data_offsets":[0,2]}} | 2 \
            | tensor a: shape: found VALUE_NUMBER_FLOAT 1.5, allowed integers
        {"a":{"dtype":"BF16","shape":[99999999999999999999],"data_offsets":[0,2]}} | 2 \
            | tensor a: shape: found VALUE_NUMBER_INT 99999
        {"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,2]}} | 2 \
            | tensor a: shape: found [4294967296, 4294967296], allowed fewer
        {"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}} | 1 \
            | tensor a: shape: found more than 8 numbers
        {"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,2]}} | 2 | 2 bytes, allowed 4 bytes for BF16 [2]
        {"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}} | 0 \
            | tensor a: data_offsets: found [0, 2], allowed [begin, end]
        {"a":{"dtype":"BF16","shape":[1],"data_offsets":[2,0]}} | 2 \
            | tensor a: data_offsets: found [2, 0], allowed
        {"a":{"dtype":"BF16","shape":[1],"data_offsets":[0]}} | 2 | tensor a: data_offsets: found [0], allowed
        {"a":{"dtype":"BF16","shape":[1],"data_offsets":[2,4]}} | 4 | begin 2, a hole, allowed 0
        {"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}} | 4 \
            | data: found 4 bytes behind the header, allowed 2
        {"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],\
            "data_offsets":[1,3]}} | 3 \
            | tensor b: data_offsets: found begin 1, an overlap, allowed 2
        {"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],\
            "data_offsets":[0,0]}} | 0 \
            | Duplicate
        {"a":{"dtype":"U8","shape":[0],"shape":[0],"data_offsets":[0,0]}} | 0 | Duplicate
        {"a":{"dtype":"U8","shape":[0]}} | 0 | tensor a: found no data_offsets
        {"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}} | 0 \
            | tensor a: field: found x, allowed dtype, shape
        {"__metadata__":{"a":1}} | 0 | __metadata__ a: found VALUE_NUMBER_INT, allowed a string
        {"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}} {} | 0 | more after the JSON object
        {"a":{"dtype":"U8" | 0 | not valid JSON
        """)
    void shouldNameWhatIsWrong(final String header, final int dataBytes, final String message) throws IOException {
        assertRefused(write(header, dataBytes), message);
    }

    @Test
    void shouldRefuseAFileTooShortForItsHeader() throws IOException {
        final Path file = directory.resolve("short");
        Files.write(file, new byte[7]);
        assertRefused(file, "file: found 7 bytes, allowed at least 8");
        Files.write(file, new byte[8]);
        assertRefused(file, "header length: found 0 bytes");
        Files.write(file, lengthThen(Long.MAX_VALUE, new byte[20]));
        assertRefused(file, "header length: found 9223372036854775807 bytes, allowed 1 to 20");
        Files.write(file, lengthThen(-1, new byte[20]));
        assertRefused(file, "header length: found 18446744073709551615 bytes");
        assertRefused(directory.resolve("none"), "no such file");
        assertRefused(directory, "no such file");
    }

    @Test
    void shouldRefuseDeepNesting() throws IOException {
        assertRefused(write("{\"a\":" + "[".repeat(5000), 0), "tensor a");
        assertRefused(write("{\"__metadata__\":{\"a\":" + "[".repeat(5000), 0), "__metadata__ a");
    }

    private void assertRefused(final Path file, final String message) {
        final InvalidModelException e =
                assertThrows(InvalidModelException.class, () -> SafetensorsFile.open(file, ledger));
        assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
        assertEquals(0, ledger.liveBytes());
    }

    private Path write(final String header, final int dataBytes) throws IOException {
        final byte[] text = header.getBytes(StandardCharsets.UTF_8);
        final Path file = directory.resolve("made.safetensors");
        Files.write(
                file,
                ByteBuffer.allocate(8 + text.length + dataBytes)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(text.length)
                        .put(text)
                        .array());
        return file;
    }

    private static byte[] lengthThen(final long length, final byte[] rest) {
        return ByteBuffer.allocate(8 + rest.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(rest)
                .array();
    }
}
