package dev.tactus.engine.audio;

import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.WeightType;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * dMel bins of many slots at once: those of {@link DmelExtractor}, bit for bit, for a fraction of its time, since the
 * tables are read once for {@value #ROWS} slots. For training data. One thread; the memory, about 600 KB under
 * {@link MemoryTag#SCRATCH}, belongs to the arena that was given.
 */
public final class DmelBatch {
    /** Slots at a time. */
    private static final int ROWS = 32;

    private static final int SLOT = DmelTables.SLOT_SAMPLES;
    private static final int LINE = 16;
    private static final int ANY_HEAD_DIM = 128;

    private final KernelSet kernels;
    private final DmelTables tables;
    private final MemorySegment samples; // [ROWS + 1, 800]: the slot before, and slots
    private final MemorySegment bins; // [mels]
    private final int stride = lines(Math.max(DmelTables.BANDS, Math.max(DmelTables.EVEN, DmelTables.ODD)));
    private final int melStride;
    private final long even;
    private final long odd;
    private final long re;
    private final long im;
    private final long mel;
    private final long scratch;

    /**
     * Room for a batch.
     *
     * @param kernels arithmetic
     * @param tables constants, whose memory must outlive it
     * @param arena owns the working memory
     */
    public DmelBatch(final KernelSet kernels, final DmelTables tables, final FreezableArena arena) {
        this.kernels = kernels;
        this.tables = tables;
        melStride = lines(tables.mels());
        samples = floats(arena, (ROWS + 1) * SLOT);
        bins = floats(arena, tables.mels());
        even = floats(arena, ROWS * stride).address();
        odd = floats(arena, ROWS * stride).address();
        re = floats(arena, ROWS * stride).address();
        im = floats(arena, ROWS * stride).address();
        mel = floats(arena, ROWS * melStride).address();
        final long scratchBytes = kernels.scratchBytes(DmelTables.WINDOW_SAMPLES, ANY_HEAD_DIM);
        scratch = arena.allocate(MemoryTag.SCRATCH, scratchBytes, 64).address();
    }

    private static int lines(final int floats) {
        return (floats + LINE - 1) / LINE * LINE;
    }

    private static MemorySegment floats(final FreezableArena arena, final int count) {
        return arena.allocate(MemoryTag.SCRATCH, (long) count * Float.BYTES, 64);
    }

    /**
     * Bins of slots that follow each other; before the first one there is silence, and after a gap as well.
     *
     * @param slots [n][800], null for a gap
     * @return [n][mels], null for a gap
     */
    public int[][] bins(final float[][] slots) {
        final int[][] out = new int[slots.length][];
        for (int from = 0; from < slots.length; from += ROWS) {
            chunk(slots, from, Math.min(ROWS, slots.length - from), out);
        }
        return out;
    }

    private void chunk(final float[][] slots, final int from, final int count, final int[][] out) {
        final int bands = DmelTables.BANDS;
        for (int row = 0; row <= count; row++) {
            final float[] slot = from + row == 0 ? null : slots[from + row - 1];
            if (slot != null) {
                MemorySegment.copy(slot, 0, samples, ValueLayout.JAVA_FLOAT, (long) row * SLOT * Float.BYTES, SLOT);
            }
        }
        int rows = 0;
        for (int i = 0; i < count; i++) {
            if (slots[from + i] != null) {
                final boolean first = from + i == 0 || slots[from + i - 1] == null;
                final long left = first ? 0 : at(samples.address(), i, SLOT);
                kernels.melFold(
                        left,
                        at(samples.address(), i + 1, SLOT),
                        tables.hann(),
                        at(even, rows, stride),
                        at(odd, rows, stride));
                rows++;
            }
        }
        if (rows == 0) {
            return;
        }
        linear(tables.cos(), bands, DmelTables.EVEN, even, re, stride, rows);
        linear(tables.sin(), bands, DmelTables.ODD, odd, im, stride, rows);
        for (int row = 0; row < rows; row++) {
            kernels.melMagnitude(at(re, row, stride), at(im, row, stride), at(even, row, stride), bands);
        }
        linear(tables.filters(), tables.mels(), bands, even, mel, melStride, rows);
        int row = 0;
        for (int i = 0; i < count; i++) {
            out[from + i] = slots[from + i] == null ? null : row(row++);
        }
    }

    private int[] row(final int row) {
        kernels.melBin(
                at(mel, row, melStride), tables.thresholds(), tables.thresholdCount(), bins.address(), tables.mels());
        final int[] out = new int[tables.mels()];
        for (int m = 0; m < out.length; m++) {
            out[m] = OffHeap.getInt(bins.address() + (long) m * Integer.BYTES);
        }
        return out;
    }

    private void linear(
            final long matrix,
            final int n,
            final int k,
            final long x,
            final long y,
            final int yStride,
            final int rows) {
        kernels.linear(WeightType.F32, matrix, 0, n, k, x, stride, y, yStride, rows, scratch);
    }

    private static long at(final long address, final int row, final int floats) {
        return address + (long) row * floats * Float.BYTES;
    }
}
