package dev.tactus.app.capacity;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.app.doctor.CpuContention;
import org.junit.jupiter.api.Test;

/** The search for the largest number of sessions that holds. */
class CapacitySearchTest {
    @Test
    void shouldFindTheLargestThatHolds() {
        for (int holds = 0; holds <= 130; holds++) {
            for (final int first : new int[] {1, 7, 40, 100}) {
                final CapacitySearch search = new CapacitySearch(100, first);
                int points = 0;
                while (search.next() > 0) {
                    final int tried = search.next();
                    assertTrue(tried >= 1 && tried <= 100, "tried " + tried);
                    search.take(tried, tried <= holds);
                    points++;
                }
                final int known = Math.min(100, holds);
                final String where = "of " + holds + " from " + first;
                assertTrue(search.holds() <= known && search.holds() >= Math.floor(known / 1.03) - 1, where);
                assertTrue(
                        search.fails() > known && search.fails() <= Math.max(known + 1, 1.03 * search.holds() + 1),
                        where);
                assertTrue(points <= 26, where + " took " + points);
            }
        }
    }

    @Test
    void shouldReadTheShareOfOtherGuests() {
        final CpuContention steal = CpuContention.start();
        final double share = steal.shares().steal();
        assertTrue(Double.isNaN(share) || share >= 0 && share <= 1, "" + share);
        assertTrue(
                steal.shares().stealText().equals("unknown")
                        || steal.shares().stealText().endsWith(" %"),
                steal.shares().stealText());
    }
}
