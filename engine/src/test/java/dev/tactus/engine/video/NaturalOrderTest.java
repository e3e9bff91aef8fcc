package dev.tactus.engine.video;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NaturalOrderTest {
    @Test
    void shouldSortAsPeopleDo() {
        final List<String> sorted = List.of(
                "",
                "0",
                "001",
                "01",
                "1",
                "2",
                "10",
                "a",
                "a1",
                "a1b",
                "a2",
                "a10",
                "a10b2",
                "a10b10",
                "b",
                "b99999999999999999999",
                "b100000000000000000000");
        final long seed = 67;
        final Random random = new Random(seed);
        for (int trial = 0; trial < 50; trial++) {
            final List<String> shuffled = new ArrayList<>(sorted);
            Collections.shuffle(shuffled, random);
            shuffled.sort(NaturalOrder.INSTANCE);
            assertEquals(sorted, shuffled, "seed " + seed + ", trial " + trial);
        }
    }
}
