package dev.tactus.memory;

import static dev.tactus.memory.KvRingLayout.PAGE_POSITIONS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KvRingLayoutTest {
    /** Whatever a pass reads or writes must have a place of its own, wherever the pass falls between page borders. */
    @Test
    void shouldGiveEveryVisiblePositionItsOwnPlace() {
        final long seed = 20260101;
        final Random random = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            final int window = 1 + random.nextInt(1500);
            final int sinks = random.nextBoolean() ? 0 : random.nextInt(600);
            final int rows = 1 + random.nextInt(400);
            final long first = random.nextInt(4) == 0 ? random.nextInt(500) : random.nextLong(1L << 40);
            checkPass(KvRingLayout.of(window, sinks, rows), first, "seed " + seed + ", round " + round);
        }
    }

    private static void checkPass(final KvRingLayout layout, final long first, final String where) {
        final BitSet places = new BitSet();
        final long last = first + layout.maxRows() - 1;
        final long oldest = Math.max(0, first - layout.window() + 1);
        for (long position = 0; position < Math.min(layout.sinkPositions(), oldest); position++) {
            take(places, layout, position, where);
        }
        for (long position = oldest; position <= last; position++) {
            take(places, layout, position, where);
        }
    }

    private static void take(final BitSet places, final KvRingLayout layout, final long position, final String where) {
        final int page =
                KvRingLayout.tableIndex(position >> KvRingLayout.PAGE_SHIFT, layout.sinkPages(), layout.ringPages());
        assertTrue(page >= 0 && page < layout.pages(), () -> where + ": page " + page + " of " + layout);
        final int place = page * PAGE_POSITIONS + (int) (position % PAGE_POSITIONS);
        assertTrue(!places.get(place), () -> where + ": position " + position + " shares its place in " + layout);
        places.set(place);
    }

    @Test
    void shouldHoldNoMorePagesThanTheWorstAlignmentNeeds() {
        assertEquals(1, KvRingLayout.of(1, 0, 1).pages());
        assertEquals(2, KvRingLayout.of(2, 0, 1).pages());
        assertEquals(2, KvRingLayout.of(257, 0, 1).pages());
        assertEquals(3, KvRingLayout.of(258, 0, 1).pages());
        assertEquals(3, KvRingLayout.of(1, 0, 258).pages());
        assertEquals(1 + 2, KvRingLayout.of(200, 1, 50).pages());
        assertEquals(2, KvRingLayout.of(200, 257, 50).sinkPages());
    }

    @Test
    void shouldNeverReuseSinkPages() {
        final KvRingLayout layout = KvRingLayout.of(512, 300, 24);
        assertEquals(0, KvRingLayout.tableIndex(0, layout.sinkPages(), layout.ringPages()));
        assertEquals(1, KvRingLayout.tableIndex(1, layout.sinkPages(), layout.ringPages()));
        for (long page = 2; page < 100; page++) {
            assertTrue(KvRingLayout.tableIndex(page, layout.sinkPages(), layout.ringPages()) >= 2);
        }
    }

    @Test
    void shouldRefuseSizesThatMakeNoSense() {
        assertThrows(IllegalArgumentException.class, () -> KvRingLayout.of(0, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> KvRingLayout.of(1, -1, 1));
        assertThrows(IllegalArgumentException.class, () -> KvRingLayout.of(1, 0, 0));
        assertThrows(ArithmeticException.class, () -> KvRingLayout.of(Long.MAX_VALUE / 2, 0, 1));
    }
}
