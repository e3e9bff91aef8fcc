package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.memory.MemoryLedger;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFolderTest {
    @TempDir
    Path directory;

    private final MemoryLedger ledger = new MemoryLedger();

    @AfterEach
    void shouldHaveClosedEverything() {
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private static void save(final Path file, final long steps) {
        TrainingCheckpoint.save(file, new TrainingState(Map.of("n", steps), Map.of(), Map.of(), Map.of()), List.of());
    }

    private static void damage(final Path file) throws IOException {
        final byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void shouldKeepTheNewest() throws IOException {
        final CheckpointFolder folder = new CheckpointFolder(directory, 2, ledger);
        Files.writeString(directory.resolve("step-1.state"), "not ours");
        Files.writeString(directory.resolve("notes"), "neither");
        for (final long steps : new long[] {200, 400, 1_000_000, 600}) {
            save(folder.path(steps), steps);
        }
        assertEquals("step-000200.state", folder.path(200).getFileName().toString());
        assertEquals(List.of(folder.path(200), folder.path(400)), folder.deleteOld());
        assertEquals(List.of("notes", "step-000600.state", "step-1.state", "step-1000000.state"), names());
        assertEquals(List.of(), folder.deleteOld());
        final CheckpointFolder.Newest newest = CheckpointFolder.newest(directory, ledger);
        assertEquals(Optional.of(folder.path(1_000_000)), newest.path());
        assertEquals(1_000_000, newest.steps());
        assertEquals(List.of(), newest.skipped());
    }

    @Test
    void shouldNeverDeleteTheLastGoodOne() throws IOException {
        final CheckpointFolder folder = new CheckpointFolder(directory, 1, ledger);
        for (long steps = 1; steps <= 4; steps++) {
            save(folder.path(steps), steps);
        }
        damage(folder.path(4));
        Files.write(folder.path(3), new byte[10]);
        assertEquals(
                List.of(folder.path(1), folder.path(3)),
                folder.deleteOld().stream().sorted().toList());
        assertEquals(List.of("step-000002.state", "step-000004.state"), names());
        final CheckpointFolder.Newest newest = CheckpointFolder.newest(directory, ledger);
        assertEquals(Optional.of(folder.path(2)), newest.path());
        assertEquals(2, newest.steps());
        assertEquals(1, newest.skipped().size());
        assertTrue(newest.skipped().get(0).contains("step-000004.state"), newest.toString());
        assertTrue(newest.skipped().get(0).contains("the file is damaged"), newest.toString());
        damage(folder.path(2));
        assertEquals(List.of(), folder.deleteOld());
        assertEquals(2, CheckpointFolder.newest(directory, ledger).skipped().size());
        assertEquals(
                Optional.empty(), CheckpointFolder.newest(directory, ledger).path());
        save(folder.path(5), 5);
        assertEquals(2, folder.deleteOld().size());
        assertEquals(List.of("step-000005.state"), names());
    }

    @Test
    void shouldFindNothingWhereThereIsNothing() throws IOException {
        final Path none = directory.resolve("none");
        assertEquals(Optional.empty(), CheckpointFolder.newest(none, ledger).path());
        final CheckpointFolder folder = new CheckpointFolder(none, 1, ledger);
        assertEquals(List.of(), folder.deleteOld());
        assertTrue(Files.isDirectory(none));
        final Path file = Files.writeString(directory.resolve("file"), "");
        assertThrows(TrainingException.class, () -> new CheckpointFolder(file.resolve("x"), 1, ledger));
        assertThrows(IllegalArgumentException.class, () -> new CheckpointFolder(none, 0, ledger));
        assertThrows(IllegalArgumentException.class, () -> folder.path(-1));
    }
}
