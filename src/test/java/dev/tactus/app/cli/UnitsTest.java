package dev.tactus.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Locale;
import org.junit.jupiter.api.Test;

class UnitsTest {
    @Test
    void shouldKeepFourDigitsOfSizes() {
        assertEquals("0 B", Units.bytes(0));
        assertEquals("1023 B", Units.bytes(1023));
        assertEquals("1.0 KiB", Units.bytes(1024));
        assertEquals("1.0 MiB", Units.bytes((1 << 20) - 1), "not 1024.0 KiB");
        assertEquals("2.5 GiB", Units.bytes(5L << 29));
    }

    @Test
    void shouldKeepFourDigitsOfCounts() {
        assertEquals("999", Units.count(999));
        assertEquals("1.0 K", Units.count(1000));
        assertEquals("1.0 M", Units.count(999_990), "not 1000.0 K");
        assertEquals("25.0 M", Units.count(25_000_000));
        assertEquals("1.5 B", Units.count(1_500_000_000));
    }

    @Test
    void shouldWriteTheSameInEveryLocale() {
        final Locale before = Locale.getDefault();
        Locale.setDefault(Locale.GERMANY);
        try {
            assertEquals("1,234", Units.exact(1234));
            assertEquals("1.5", Units.ms(1_500_000));
            assertEquals("0.2 s", Units.seconds(200_000_000));
            assertEquals("1.5 KiB", Units.bytes(1536));
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void shouldCountInWords() {
        assertEquals("0 ticks", Units.plural(0, "tick"));
        assertEquals("1 tick", Units.plural(1, "tick"));
        assertEquals("2,000 ticks", Units.plural(2000, "tick"));
    }
}
