package dev.tactus.scenario.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.scenario.Draws;
import dev.tactus.scenario.eval.WordAlignment.Word;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResultTest {
    @Test
    void shouldGiveWilsonsInterval() {
        // 5 of 50 and 0 of 10, by the formula of the paper with z = 1.96
        final Wilson some = Wilson.of(5, 50);
        assertEquals(0.0435, some.low(), 5e-5);
        assertEquals(0.2136, some.high(), 5e-5);
        final Wilson none = Wilson.of(0, 10);
        assertEquals(0, none.low(), 1e-12);
        assertEquals(0.2775, none.high(), 5e-5);
        assertEquals(new Wilson(0, 1), Wilson.of(0, 0));
        assertEquals(Wilson.of(7, 7), Wilson.of(9, 7));
    }

    @Test
    void shouldTakeQuantilesByRank() {
        assertEquals(new Spread(10, 5, 9, 10), Spread.of(10, 9, 8, 7, 6, 5, 4, 3, 2, 1));
        assertEquals(new Spread(1, 7, 7, 7), Spread.of(7));
        assertEquals(new Spread(3, 2, 3, 3), Spread.of(3, 1, 2));
        assertTrue(Double.isNaN(Spread.of().p50()));
    }

    @Test
    void shouldFindAsFewErrorsAsEditDistanceDoes() {
        for (int seed = 0; seed < 200; seed++) {
            final Draws draws = new Draws(seed, 0);
            final List<Word> said = words(draws, draws.below(12));
            final List<Word> shown = words(draws, draws.below(12));
            final WordAlignment alignment = new WordAlignment(said, shown);
            int errors = alignment.insertions().size();
            int last = -1;
            int used = 0;
            for (int i = 0; i < said.size(); i++) {
                errors += alignment.isRight(i) ? 0 : 1;
                if (alignment.partner(i) != WordAlignment.DELETED) {
                    assertTrue(alignment.partner(i) > last, "seed " + seed + ": order");
                    last = alignment.partner(i);
                    used++;
                }
            }
            assertEquals(distance(said, shown), errors, "seed " + seed);
            assertEquals(shown.size(), used + alignment.insertions().size(), "seed " + seed);
        }
    }

    private static List<Word> words(final Draws draws, final int count) {
        final List<Word> out = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            out.add(new Word("abc".substring(draws.below(3)).substring(0, 1), 100 * i + draws.below(500)));
        }
        return out;
    }

    private static int distance(final List<Word> a, final List<Word> b) {
        if (a.isEmpty() || b.isEmpty()) {
            return a.size() + b.size();
        }
        int[] row = new int[b.size() + 1];
        Arrays.setAll(row, j -> j);
        for (int i = 1; i <= a.size(); i++) {
            final int[] next = new int[b.size() + 1];
            next[0] = i;
            for (int j = 1; j <= b.size(); j++) {
                final int same = a.get(i - 1).text().equals(b.get(j - 1).text()) ? 0 : 1;
                next[j] = Math.min(row[j - 1] + same, 1 + Math.min(row[j], next[j - 1]));
            }
            row = next;
        }
        return row[b.size()];
    }

    @Test
    void shouldAlignVeryLongListsInPieces() {
        final List<Word> said = new ArrayList<>();
        final List<Word> shown = new ArrayList<>();
        for (int i = 0; i < 6000; i++) {
            said.add(new Word("w" + i % 7, 400 * i));
            if (i % 100 != 50) {
                shown.add(new Word("w" + i % 7, 400 * i + 300));
            }
        }
        final WordAlignment alignment = new WordAlignment(said, shown);
        assertEquals(0, alignment.insertions().size());
        for (int i = 0; i < said.size(); i++) {
            assertEquals(i % 100 != 50, alignment.isRight(i), "word " + i);
        }
    }
}
