package dev.tactus.scenario.eval;

import java.util.Arrays;
import java.util.List;

/**
 * The Levenshtein alignment of words that were said with words that were shown: with the fewest errors, and of several
 * such the one in which right words stand nearest in time to what they show. Very long lists are aligned in pieces.
 * Immutable.
 */
final class WordAlignment {
    /** Nothing was shown for the word. */
    static final int DELETED = -1;

    /** Cells of one table, a byte each; more words are cut into pieces. */
    private static final long MOST_CELLS = 1L << 24;
    /** A right word is worth more than any distance in time, of {@link #FARTHEST_MS} at most. */
    private static final long RIGHT = 1L << 24;

    private static final long FARTHEST_MS = RIGHT - 1;
    /** Dearer than all right words are worth. */
    private static final long ERROR = 1L << 44;
    /** A caption that comes so long after a word's end, and later ones, belong to the words after a cut. */
    private static final int CUT_MS = 600;

    private static final int USED = -2;

    private static final byte DIAGONAL = 0;
    private static final byte DELETION = 1;
    private static final byte INSERTION = 2;

    private final List<Word> said;
    private final List<Word> shown;
    private final int[] partner;
    private final int[] insertedAfter;

    /**
     * A word and its moment.
     *
     * @param text the word
     * @param ms its end, or when it is seen
     */
    record Word(String text, int ms) {}

    /** Aligns; both lists in the order of their times. */
    WordAlignment(final List<Word> said, final List<Word> shown) {
        this.said = List.copyOf(said);
        this.shown = List.copyOf(shown);
        partner = new int[said.size()];
        Arrays.fill(partner, DELETED);
        insertedAfter = new int[shown.size()];
        Arrays.fill(insertedAfter, USED);
        align(0, said.size(), 0, shown.size());
    }

    /** The number of the shown word that stands for said word {@code i}, right or wrong, or {@link #DELETED}. */
    int partner(final int i) {
        return partner[i];
    }

    /** Whether said word {@code i} was shown, and right. */
    boolean isRight(final int i) {
        return partner[i] != DELETED
                && said.get(i).text().equals(shown.get(partner[i]).text());
    }

    /** For every shown word that stands for none: the number of the said word before it, -1 before the first. */
    List<Integer> insertions() {
        return Arrays.stream(insertedAfter)
                .filter(before -> before != USED)
                .boxed()
                .toList();
    }

    private void align(final int fromSaid, final int toSaid, final int fromShown, final int toShown) {
        final int n = toSaid - fromSaid;
        final int m = toShown - fromShown;
        if (n > 1 && (long) (n + 1) * (m + 1) > MOST_CELLS) {
            final int half = fromSaid + n / 2;
            final int cutMs = said.get(half - 1).ms() + CUT_MS;
            int middle = fromShown;
            while (middle < toShown && shown.get(middle).ms() < cutMs) {
                middle++;
            }
            align(fromSaid, half, fromShown, middle);
            align(half, toSaid, middle, toShown);
        } else {
            trace(fromSaid, n, fromShown, m, moves(fromSaid, n, fromShown, m));
        }
    }

    private byte[][] moves(final int fromSaid, final int n, final int fromShown, final int m) {
        final byte[][] moves = new byte[n + 1][m + 1];
        long[] above = new long[m + 1];
        long[] row = new long[m + 1];
        for (int j = 1; j <= m; j++) {
            above[j] = j * ERROR;
            moves[0][j] = INSERTION;
        }
        for (int i = 1; i <= n; i++) {
            row[0] = i * ERROR;
            moves[i][0] = DELETION;
            for (int j = 1; j <= m; j++) {
                final long both = above[j - 1] + price(said.get(fromSaid + i - 1), shown.get(fromShown + j - 1));
                final long less = above[j] + ERROR;
                final long more = row[j - 1] + ERROR;
                row[j] = Math.min(both, Math.min(less, more));
                moves[i][j] = row[j] == both ? DIAGONAL : row[j] == less ? DELETION : INSERTION;
            }
            final long[] free = above;
            above = row;
            row = free;
        }
        return moves;
    }

    private static long price(final Word one, final Word other) {
        return one.text().equals(other.text())
                ? Math.min(FARTHEST_MS, Math.abs((long) one.ms() - other.ms())) - RIGHT
                : ERROR;
    }

    private void trace(final int fromSaid, final int n, final int fromShown, final int m, final byte[][] moves) {
        int i = n;
        int j = m;
        while (i > 0 || j > 0) {
            if (moves[i][j] == DIAGONAL) {
                partner[fromSaid + --i] = fromShown + --j;
            } else if (moves[i][j] == DELETION) {
                i--;
            } else {
                insertedAfter[fromShown + --j] = fromSaid + i - 1;
            }
        }
    }
}
