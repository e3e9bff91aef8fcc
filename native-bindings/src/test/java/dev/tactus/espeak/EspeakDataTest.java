package dev.tactus.espeak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EspeakDataTest {
    @Test
    void shouldSwitchOffWhatKeepsStateAndNothingElse() {
        final String variant = "language variant\nname x\nflutter 5\n roughness 4\necho 130 14\nformant 0 100 80 110\n";
        final String copy = new String(
                EspeakData.withoutState(variant.getBytes(StandardCharsets.ISO_8859_1)), StandardCharsets.ISO_8859_1);
        assertEquals("language variant\nname x\nformant 0 100 80 110\nflutter 0\nroughness 8\n", copy);
    }

    @Test
    void shouldLinkAllButTheVariants(@TempDir final Path original) throws IOException {
        Files.createDirectories(original.resolve("voices/!v"));
        Files.createDirectories(original.resolve("voices/mb"));
        Files.writeString(original.resolve("phontab"), "data");
        Files.writeString(original.resolve("voices/!v/m1"), "flutter 9\n");
        final Path copy = EspeakData.stateless(original).resolve("espeak-ng-data");
        assertTrue(Files.isSymbolicLink(copy.resolve("phontab")));
        assertEquals("data", Files.readString(copy.resolve("phontab")));
        assertTrue(Files.isSymbolicLink(copy.resolve("voices/mb")));
        assertEquals("flutter 0\nroughness 8\n", Files.readString(copy.resolve("voices/!v/m1")));
    }
}
