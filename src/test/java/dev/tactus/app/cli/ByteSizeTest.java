package dev.tactus.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "1000000, 1000000",
        "2K, 2048",
        "2k, 2048",
        "1.5M, 1572864",
        "512MiB, 536870912",
        "1GB, 1073741824",
    })
    void shouldReadSizes(final String text, final long bytes) {
        assertEquals(bytes, new ByteSize().convert(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "lots", "-1", "0", "1X", "M", "1e9", "99999999999T"})
    void shouldRefuseWhatIsNone(final String text) {
        assertThrows(TypeConversionException.class, () -> new ByteSize().convert(text));
    }

    @Test
    void shouldReadTheLargestSize() {
        assertEquals(1L << 60, new ByteSize().convert("1048576T"));
    }
}
