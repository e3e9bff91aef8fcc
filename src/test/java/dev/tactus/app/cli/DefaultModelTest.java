package dev.tactus.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DefaultModelTest {
    @TempDir
    Path home;

    @Test
    void shouldTakeTheOneThatIsNamed() {
        final Path named = Path.of("anything");
        assertSame(named, DefaultModel.or(named));
    }

    @Test
    void shouldFindTheOneThatComesWithTactus() throws IOException {
        final Path mini = home.resolve("models/mini");
        final BadInputException ex = assertThrows(BadInputException.class, () -> DefaultModel.find(home));
        assertTrue(ex.getMessage().startsWith("no model: name one with --model DIR"), ex.getMessage());
        assertTrue(ex.getMessage().endsWith("models/mini, is not in " + home), ex.getMessage());
        assertThrows(BadInputException.class, () -> DefaultModel.find(null));
        Files.createDirectories(mini);
        Files.createFile(mini.resolve("model.safetensors"));
        assertEquals(mini, DefaultModel.find(home));
    }
}
