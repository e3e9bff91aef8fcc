package dev.tactus.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SlabCursorTest {
    private final SlabCursor cursor = new SlabCursor("slab", 1000, 256);

    @Test
    void shouldCutAlignedSlicesOneAfterTheOther() {
        assertEquals(0, cursor.take(10, 1));
        assertEquals(16, cursor.take(100, 16));
        assertEquals(116, cursor.take(0, 4));
        assertEquals(256, cursor.take(744, 256));
        assertEquals(1000, cursor.usedBytes());
        assertEquals(1000, cursor.take(0, 1));
    }

    @Test
    void shouldRefuseWhatDoesNotFit() {
        cursor.take(900, 1);
        final String message = assertThrows(IllegalArgumentException.class, () -> cursor.take(101, 1))
                .getMessage();
        assertTrue(message.contains("slab has 1000 bytes, 900 of them used"), message);
        assertThrows(IllegalArgumentException.class, () -> cursor.take(1, 256));
        assertThrows(IllegalArgumentException.class, () -> cursor.take(Long.MAX_VALUE, 1));
        assertEquals(900, cursor.take(100, 4));
    }

    @Test
    void shouldRefuseOddSizesAndAlignments() {
        for (final long alignment : new long[] {0, -1, 3, 512, Long.MIN_VALUE}) {
            assertThrows(IllegalArgumentException.class, () -> cursor.take(1, alignment), "alignment " + alignment);
        }
        assertThrows(IllegalArgumentException.class, () -> cursor.take(-1, 1));
        assertEquals(0, cursor.usedBytes());
    }

    @Test
    void shouldGoFromInitToFrozenToClosed() {
        assertEquals(FreezableArena.State.INIT, cursor.state());
        cursor.freeze();
        cursor.freeze();
        assertEquals(FreezableArena.State.FROZEN, cursor.state());
        final String message = assertThrows(IllegalStateException.class, () -> cursor.take(8, 8))
                .getMessage();
        assertTrue(message.contains("FROZEN") && message.contains("8 bytes"), message);
        assertEquals(992, cursor.check(992, 8));
        cursor.close();
        assertThrows(IllegalStateException.class, cursor::freeze);
        assertThrows(IllegalStateException.class, () -> cursor.check(0, 1));
    }

    @Test
    void shouldCheckRanges() {
        assertEquals(0, cursor.check(0, 1000));
        assertEquals(1000, cursor.check(1000, 0));
        for (final long[] range : new long[][] {{0, 1001}, {-1, 1}, {1, -1}, {1001, 0}, {1, Long.MAX_VALUE}}) {
            assertThrows(IndexOutOfBoundsException.class, () -> cursor.check(range[0], range[1]));
        }
    }
}
