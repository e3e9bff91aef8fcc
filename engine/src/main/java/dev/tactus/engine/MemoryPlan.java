package dev.tactus.engine;

import dev.tactus.memory.MemoryTag;
import java.util.List;

/**
 * Every byte an engine will hold, known before it allocates any.
 *
 * @param items what for, and how much
 */
public record MemoryPlan(List<Item> items) {
    /**
     * One line of the plan.
     *
     * @param name what for
     * @param tag the tag it is counted under
     * @param bytes how much
     */
    public record Item(String name, MemoryTag tag, long bytes) {}

    /** Makes the list unmodifiable. */
    public MemoryPlan {
        items = List.copyOf(items);
    }

    /** All bytes. */
    public long bytes() {
        return items.stream().mapToLong(Item::bytes).sum();
    }

    /** Bytes under a tag. */
    public long bytes(final MemoryTag tag) {
        return items.stream()
                .filter(item -> item.tag() == tag)
                .mapToLong(Item::bytes)
                .sum();
    }

    /** A table, one line per item. */
    @Override
    public String toString() {
        final StringBuilder out = new StringBuilder();
        for (final Item item : items) {
            out.append(String.format("  %-34s %-10s %,16d%n", item.name(), item.tag(), item.bytes()));
        }
        return out.append(String.format("  %-34s %-10s %,16d%n", "total", "", bytes()))
                .toString();
    }
}
