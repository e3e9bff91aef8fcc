package dev.tactus.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartialFileTest {
    @TempDir
    Path directory;

    @Test
    void shouldTakeItsNameCompleteOrNever() throws IOException {
        final Path target = Files.writeString(directory.resolve("f"), "old");
        try (PartialFile file = PartialFile.create(target)) {
            file.channel().write(ByteBuffer.wrap(new byte[] {'n'}));
            assertEquals("old", Files.readString(target));
            assertEquals(2, names().size());
            assertTrue(names().get(0).matches("\\.f-\\d+\\.partial"), names().toString());
        }
        assertEquals("old", Files.readString(target));
        assertEquals(List.of("f"), names());
        try (PartialFile first = PartialFile.create(target);
                PartialFile second = PartialFile.create(target)) {
            first.channel().write(ByteBuffer.wrap(new byte[] {'1'}));
            second.channel().write(ByteBuffer.wrap(new byte[] {'2'}));
            second.commit();
            first.commit();
        }
        assertEquals("1", Files.readString(target));
        assertEquals(List.of("f"), names());
        assertThrows(NoSuchFileException.class, () -> PartialFile.create(directory.resolve("none/f")));
    }

    @Test
    void shouldHaveTheRightsOfAnyNewFile() throws IOException {
        Assumptions.assumeTrue(
                directory.getFileSystem().supportedFileAttributeViews().contains("posix"), "no POSIX rights here");
        final Path plain = Files.createFile(directory.resolve("plain"));
        final Path weights = directory.resolve("weights");
        try (SafetensorsWriter writer = SafetensorsWriter.create(weights, List.of(), Map.of())) {
            writer.commit();
        }
        assertEquals(Files.getPosixFilePermissions(plain), Files.getPosixFilePermissions(weights));
        final Path temporary = Files.createTempFile(directory, "a", "b");
        // or the umask says that files are their owner's alone, and the test says nothing
        Assumptions.assumeFalse(
                Files.getPosixFilePermissions(plain).equals(Files.getPosixFilePermissions(temporary)), "umask 077");
        assertFalse(Files.getPosixFilePermissions(weights).equals(Files.getPosixFilePermissions(temporary)));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
