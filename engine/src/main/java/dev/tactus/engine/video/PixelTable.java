package dev.tactus.engine.video;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The vision tower's normalisation as data: float32 [3, 256], (byte / 255 - mean) / deviation per channel in double,
 * rounded once. The means and deviations are CLIP's (arXiv 2103.00020), as Inkling uses them. Off-heap under
 * {@link MemoryTag#TABLE}, owned by the arena that was given; immutable, any thread.
 */
public final class PixelTable {
    /** Red, green, blue. */
    public static final int CHANNELS = 3;
    /** Values of a byte. */
    public static final int LEVELS = 256;

    private static final double[] MEAN = {0.48145466, 0.4578275, 0.40821073};
    private static final double[] DEVIATION = {0.26862954, 0.26130258, 0.27577711};

    private final MemorySegment table;

    /** Computes the table in memory of {@code arena}, 3 KB. */
    public PixelTable(final FreezableArena arena) {
        table = arena.allocate(MemoryTag.TABLE, (long) CHANNELS * LEVELS * Float.BYTES, 64);
        for (int c = 0; c < CHANNELS; c++) {
            for (int level = 0; level < LEVELS; level++) {
                final double value = (level / 255.0 - MEAN[c]) / DEVIATION[c];
                table.setAtIndex(ValueLayout.JAVA_FLOAT, (long) c * LEVELS + level, (float) value);
            }
        }
    }

    /** Address of [3, 256]. */
    public long address() {
        return table.address();
    }
}
