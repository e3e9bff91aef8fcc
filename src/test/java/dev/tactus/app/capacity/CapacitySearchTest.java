package dev.tactus.app.capacity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.app.doctor.CpuContention;
import org.junit.jupiter.api.Test;

/** The search for the largest number of sessions that holds, and which of them speak. */
class CapacitySearchTest {
    @Test
    void shouldFindTheLargestThatHolds() {
        for (int holds = 0; holds <= 130; holds++) {
            for (final int first : new int[] {1, 7, 40, 100}) {
                final CapacityJob.Search search = new CapacityJob.Search(100, first);
                int points = 0;
                while (search.next > 0) {
                    final int tried = search.next;
                    assertTrue(tried >= 1 && tried <= 100, "tried " + tried);
                    search.take(tried, tried <= holds);
                    points++;
                }
                final int known = Math.min(100, holds);
                final String where = "of " + holds + " from " + first;
                assertTrue(search.holds <= known && search.holds >= Math.floor(known / 1.03) - 1, where);
                assertTrue(search.fails > known && search.fails <= Math.max(known + 1, 1.03 * search.holds + 1), where);
                assertTrue(points <= 26, where + " took " + points);
            }
        }
    }

    @Test
    void shouldLetTheirShareSpeakInEverySlot() {
        for (final double share : new double[] {0, 0.25, 0.5, 1}) {
            for (int slot = 0; slot < 8; slot++) {
                int speakers = 0;
                for (int i = slot; i < 800; i += 8) {
                    speakers += LiveLoad.speaks(i, share) ? 1 : 0;
                }
                assertEquals(100 * share, speakers, 4, "slot " + slot);
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
