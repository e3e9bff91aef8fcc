package dev.tactus.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.SamplingParameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationConfigTest {
    private static final SamplingParameters ABSENT = new SamplingParameters(0.5f, 40, 0.75f);

    @TempDir
    Path folder;

    @Test
    void shouldLeaveWhatNobodySays() {
        assertSame(ABSENT, GenerationConfig.read(folder, ABSENT));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | 0 | 40 | 0.75",
                "{\"temperature\": 0.7} | 0 | 40 | 0.75",
                "{\"do_sample\": true, \"eos_token_id\": [1, 2]} | 1 | 40 | 0.75",
                "{\"do_sample\": true, \"temperature\": 0.25, \"top_k\": 7, \"top_p\": 1.0} | 0.25 | 7 | 1",
            })
    void shouldReadWhatTransformersReads(final String json, final float temperature, final int topK, final float topP)
            throws IOException {
        Files.writeString(folder.resolve(GenerationConfig.FILE_NAME), json);
        assertEquals(new SamplingParameters(temperature, topK, topP), GenerationConfig.read(folder, ABSENT));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"top_k\": 0} | top_k: found 0, allowed an integer from 1 to 256",
                "{\"temperature\": -1} | temperature: found -1, allowed a number from 0",
                "{\"top_p\": 0} | top_p: found 0, allowed a number from 1.4E-45 to 1",
                "{\"do_sample\": 1} | do_sample: found 1, allowed true or false",
                "[] | content: found an array, allowed a JSON object",
            })
    void shouldRefuseInOneLine(final String json, final String message) throws IOException {
        final Path file = Files.writeString(folder.resolve(GenerationConfig.FILE_NAME), json);
        final InvalidModelException ex =
                assertThrows(InvalidModelException.class, () -> GenerationConfig.read(folder, ABSENT));
        assertTrue(ex.getMessage().startsWith(file + ": " + message), ex.getMessage());
    }
}
