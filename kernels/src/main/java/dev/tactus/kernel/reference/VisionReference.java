package dev.tactus.kernel.reference;

import dev.tactus.memory.OffHeap;

/** The steps of the vision tower that move data. */
final class VisionReference {
    private static final int COLOURS = 3;

    private VisionReference() {}

    static void patchPixels(
            final long previous,
            final long current,
            final int frameWidth,
            final int patch,
            final int patchRow,
            final int patchCol,
            final long table,
            final long out) {
        final long slotBytes = (long) patch * patch * COLOURS * Float.BYTES;
        patchOfFrame(previous, frameWidth, patch, patchRow, patchCol, table, out);
        patchOfFrame(current, frameWidth, patch, patchRow, patchCol, table, out + slotBytes);
    }

    private static void patchOfFrame(
            final long frame,
            final int frameWidth,
            final int patch,
            final int patchRow,
            final int patchCol,
            final long table,
            final long out) {
        for (int y = 0; y < patch; y++) {
            final long firstPixel = ((long) patchRow * patch + y) * frameWidth + (long) patchCol * patch;
            for (int i = 0; i < patch * COLOURS; i++) {
                final int colour = i % COLOURS;
                final int value = OffHeap.getByte(frame + firstPixel * COLOURS + i) & 0xFF;
                final float pixel = OffHeap.getFloat(table + (colour * 256L + value) * Float.BYTES);
                OffHeap.putFloat(out + ((long) y * patch * COLOURS + i) * Float.BYTES, pixel);
            }
        }
    }

    static void fold(
            final long x,
            final int t,
            final int h,
            final int w,
            final int c,
            final int ft,
            final int fh,
            final int fw,
            final long y) {
        long target = y;
        for (int block = 0; block < t / ft * (h / fh) * (w / fw); block++) {
            final int blockW = block % (w / fw);
            final int blockH = block / (w / fw) % (h / fh);
            final int blockT = block / (w / fw) / (h / fh);
            for (int i = 0; i < ft * fh * fw; i++) {
                final int inT = blockT * ft + i / fw / fh;
                final int inH = blockH * fh + i / fw % fh;
                final int inW = blockW * fw + i % fw;
                final long source = (((long) inT * h + inH) * w + inW) * c;
                for (int channel = 0; channel < c; channel++) {
                    OffHeap.putFloat(target, OffHeap.getFloat(x + (source + channel) * Float.BYTES));
                    target += Float.BYTES;
                }
            }
        }
    }
}
