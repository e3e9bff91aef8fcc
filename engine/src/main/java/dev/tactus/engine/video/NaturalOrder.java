package dev.tactus.engine.video;

import java.util.Comparator;

/** Orders names as people do: runs of digits by their number ({@code f2} before {@code f10}), the rest by character. */
final class NaturalOrder implements Comparator<String> {
    static final NaturalOrder INSTANCE = new NaturalOrder();

    private NaturalOrder() {}

    @Override
    public int compare(final String a, final String b) {
        int i = 0;
        int j = 0;
        while (i < a.length() && j < b.length()) {
            final int iEnd = digitsEnd(a, i);
            final int jEnd = digitsEnd(b, j);
            final boolean numbers = iEnd > i && jEnd > j;
            final int order = numbers ? compareNumbers(a, i, iEnd, b, j, jEnd) : a.charAt(i) - b.charAt(j);
            if (order != 0) {
                return order;
            }
            i = numbers ? iEnd : i + 1;
            j = numbers ? jEnd : j + 1;
        }
        final int order = (a.length() - i) - (b.length() - j);
        return order != 0 ? order : a.compareTo(b);
    }

    private static int compareNumbers(
            final String a, final int aStart, final int aEnd, final String b, final int bStart, final int bEnd) {
        int i = aStart;
        int j = bStart;
        while (i < aEnd && a.charAt(i) == '0') {
            i++;
        }
        while (j < bEnd && b.charAt(j) == '0') {
            j++;
        }
        final int longer = (aEnd - i) - (bEnd - j);
        return longer != 0 ? longer : a.substring(i, aEnd).compareTo(b.substring(j, bEnd));
    }

    private static int digitsEnd(final String text, final int from) {
        int i = from;
        while (i < text.length() && text.charAt(i) >= '0' && text.charAt(i) <= '9') {
            i++;
        }
        return i;
    }
}
