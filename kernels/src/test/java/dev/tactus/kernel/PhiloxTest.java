package dev.tactus.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** The generator is Philox 4x32-10 and its numbers have the promised form. */
class PhiloxTest {
    /** Known answers published with Random123: counter, key, words. */
    private static final int[][][] KNOWN = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{-1, -1, -1, -1}, {-1, -1}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {
            {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
            {0xa4093822, 0x299f31d0},
            {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}
        }
    };

    private static final long SEED = 0x0123_4567_89AB_CDEFL;

    @Test
    void shouldGiveTheKnownAnswersInEveryForm() {
        final int[] words = new int[4];
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment block = arena.allocate(ValueLayout.JAVA_INT, 4);
            for (final int[][] known : KNOWN) {
                final int[] c = known[0];
                final long seed = ((long) known[1][1] << 32) | (known[1][0] & 0xFFFFFFFFL);
                Philox.words(seed, c[0], c[1], c[2], c[3], words);
                assertArrayEquals(known[2], words);
                Philox.words(seed, c[0], c[1], c[2], c[3], block.address());
                assertArrayEquals(known[2], block.toArray(ValueLayout.JAVA_INT));
                for (int word = 0; word < 4; word++) {
                    assertEquals(known[2][word], Philox.word(seed, c[0], c[1], c[2], c[3], word));
                }
            }
        }
    }

    @Test
    void shouldChangeWithEveryPartOfItsCounterAndKey() {
        final int base = Philox.word(SEED, 7, 3, 2, Philox.Purpose.SAMPLE, 0);
        assertNotEquals(base, Philox.word(SEED + 1, 7, 3, 2, Philox.Purpose.SAMPLE, 0));
        assertNotEquals(base, Philox.word(SEED + (1L << 32), 7, 3, 2, Philox.Purpose.SAMPLE, 0));
        assertNotEquals(base, Philox.word(SEED, 8, 3, 2, Philox.Purpose.SAMPLE, 0));
        assertNotEquals(base, Philox.word(SEED, 7, 4, 2, Philox.Purpose.SAMPLE, 0));
        assertNotEquals(base, Philox.word(SEED, 7, 3, 3, Philox.Purpose.SAMPLE, 0));
        assertNotEquals(base, Philox.word(SEED, 7, 3, 2, Philox.Purpose.FLOW, 0));
    }

    @Test
    void shouldRefuseAFifthWord() {
        for (final int word : new int[] {-1, 4}) {
            final IllegalArgumentException refused = assertThrows(
                    IllegalArgumentException.class, () -> Philox.word(SEED, 0, 0, 0, Philox.Purpose.SAMPLE, word));
            assertTrue(refused.getMessage().contains("is " + word), refused.getMessage());
        }
    }

    @Test
    void shouldMakeUniformsAboveZeroAndAtMostOne() {
        assertEquals(0x1p-25f, Philox.uniform(0));
        assertEquals(0x1p-25f, Philox.uniform(0xFF));
        assertEquals(0x1.8p-24f, Philox.uniform(0x100));
        assertEquals(0.5f, Philox.uniform(0x80000000));
        assertEquals(1f, Philox.uniform(-1));
    }

    @Test
    void shouldMakeNormalsPairByPair() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment out = arena.allocate(ValueLayout.JAVA_FLOAT, 9);
            out.setAtIndex(ValueLayout.JAVA_FLOAT, 7, -99f);
            Philox.normals(SEED, 5, 6, Philox.Purpose.FLOW, out.address(), 7);
            final int[] words = new int[4];
            for (int i = 0; i < 7; i++) {
                Philox.words(SEED, 5, 6, i / 4, Philox.Purpose.FLOW, words);
                final int first = i / 2 % 2 * 2;
                final double u1 = Philox.uniform(words[first]);
                final double angle = 2 * Math.PI * Philox.uniform(words[first + 1]);
                final double expected = Math.sqrt(-2 * Math.log(u1)) * (i % 2 == 0 ? Math.cos(angle) : Math.sin(angle));
                assertEquals(expected, out.getAtIndex(ValueLayout.JAVA_FLOAT, i), 4e-6, "normal " + i);
            }
            assertEquals(-99f, out.getAtIndex(ValueLayout.JAVA_FLOAT, 7), "one past the end");
        }
    }

    @Test
    void shouldMakeNormalsOfUnitVarianceWithoutAPreferredSide() {
        final int count = 200_000;
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment out = arena.allocate(ValueLayout.JAVA_FLOAT, count);
            Philox.normals(SEED, 1, 0, Philox.Purpose.FLOW, out.address(), count);
            double sum = 0;
            double squares = 0;
            double neighbours = 0;
            double last = 0;
            int beyondTwo = 0;
            for (int i = 0; i < count; i++) {
                final double value = out.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                sum += value;
                squares += value * value;
                neighbours += value * last;
                last = value;
                beyondTwo += Math.abs(value) > 2 ? 1 : 0;
            }
            // Five standard errors each.
            assertEquals(0.0, sum / count, 5 / Math.sqrt(count), "mean");
            assertEquals(1.0, squares / count, 5 * Math.sqrt(2.0 / count), "variance");
            assertEquals(0.0, neighbours / count, 5 / Math.sqrt(count), "correlation of neighbours");
            assertEquals(0.0455, (double) beyondTwo / count, 5 * Math.sqrt(0.0434 / count), "share beyond two");
        }
    }
}
