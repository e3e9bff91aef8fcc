package dev.tactus.engine.tuning.recipe;

import java.util.zip.CRC32C;

/** A checksum of token ids: tells whether data, tokenizer included, are those of before. Not thread-safe. */
final class IdSum {
    private final CRC32C sum = new CRC32C();
    private long ids;

    /** Adds ids, and that they end here. */
    void add(final int... values) {
        for (final int value : values) {
            addInt(value);
        }
        addInt(-1);
        ids += values.length;
    }

    private void addInt(final int value) {
        sum.update(value);
        sum.update(value >>> 8);
        sum.update(value >>> 16);
        sum.update(value >>> 24);
    }

    /** {@code 1234 ids, sum 89abcdef}. */
    @Override
    public String toString() {
        return ids + " ids, sum " + Long.toHexString(sum.getValue());
    }
}
