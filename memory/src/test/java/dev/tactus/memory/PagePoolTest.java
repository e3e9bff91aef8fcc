package dev.tactus.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PagePoolTest {
    private static final long BASE = 0x7000_0000_0000L;
    private static final long PAGE = 98_304;

    private final PagePool pool = new PagePool(BASE, PAGE, 4);

    @Test
    void shouldHandOutEachPageOnceThenFailClearly() {
        final Set<Long> pages = new HashSet<>();
        for (int i = 0; i < 4; i++) {
            pages.add(pool.acquire());
        }
        assertEquals(Set.of(BASE, BASE + PAGE, BASE + 2 * PAGE, BASE + 3 * PAGE), pages);
        assertEquals(0, pool.available());
        final String message =
                assertThrows(IllegalStateException.class, pool::acquire).getMessage();
        assertTrue(message.contains("4 of 4"), message);
    }

    @Test
    void shouldTakeBackOnlyPagesInUse() {
        final long page = pool.acquire();
        for (final long wrong : new long[] {page + 1, page + PAGE, BASE - PAGE, BASE + 4 * PAGE, BASE + (PAGE << 32)}) {
            assertThrows(IllegalStateException.class, () -> pool.release(wrong), () -> Long.toHexString(wrong));
        }
        pool.release(page);
        assertThrows(IllegalStateException.class, () -> pool.release(page));
        assertEquals(4, pool.available());
        assertEquals(PAGE, pool.pageBytes());
    }

    @Test
    void shouldRefusePagesWithoutSize() {
        assertThrows(IllegalArgumentException.class, () -> new PagePool(BASE, 0, 4));
        assertThrows(IllegalArgumentException.class, () -> new PagePool(BASE, PAGE, -1));
        assertEquals(0, new PagePool(BASE, PAGE, 0).available());
    }
}
