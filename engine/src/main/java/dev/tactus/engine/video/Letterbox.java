package dev.tactus.engine.video;

import dev.tactus.memory.OffHeap;
import java.util.Arrays;

/**
 * Scales a picture into a fixed frame, keeping its shape, with black bars where it does not fill it.
 *
 * <p>Every target pixel is the exact mean of the source area that it covers, fractions of pixels included, rounded half
 * up: an area filter in integers, so the bytes are the same everywhere. Enlarging works by the same rule. A picture of
 * sw × sh takes the largest dw × dh inside the frame with dw : dh = sw : sh, rounded to whole pixels (at least 1),
 * centred, the odd bar pixel at the right or below.
 *
 * <p>The result goes straight into native memory, such as a media slot. Memory is allocated in the constructor and when
 * the source size changes, never for a further picture of the same size. One thread, the producer's.
 */
public final class Letterbox {
    private static final int CHANNELS = 3;

    private final int frameWidth;
    private final int frameHeight;
    private final long[] sums; // one target row, [dw, 3]
    private final int[] row; // one source row, summed across: [dw, 3]
    private int sourceWidth = -1; // none planned yet
    private int sourceHeight;
    private int left;
    private int top;
    private int width; // dw
    private int height; // dh

    /**
     * A letterbox for one frame size.
     *
     * @param frameWidth target pixels per row, such as 4 · 40
     * @param frameHeight target rows
     */
    public Letterbox(final int frameWidth, final int frameHeight) {
        checkSides("frame", frameWidth, frameHeight);
        this.frameWidth = frameWidth;
        this.frameHeight = frameHeight;
        sums = new long[frameWidth * CHANNELS];
        row = new int[frameWidth * CHANNELS];
    }

    /** Bytes that {@link #draw} writes: width · height · 3. */
    public long frameBytes() {
        return (long) frameWidth * frameHeight * CHANNELS;
    }

    /**
     * Draws {@code source} into the frame.
     *
     * @param source picture, sides up to 16384
     * @param target address of {@link #frameBytes()} bytes, [height, width, 3] RGB
     */
    public void draw(final RgbFrame source, final long target) {
        if (source.width() != sourceWidth || source.height() != sourceHeight) {
            plan(source.width(), source.height());
        }
        final long rowBytes = (long) frameWidth * CHANNELS;
        black(target, top * rowBytes);
        int summed = -1; // the source row that `row` holds
        for (int y = 0; y < height; y++) {
            summed = sumRows(source.pixels(), y, summed);
            writeRow(target + (top + y) * rowBytes);
        }
        black(target + (top + height) * rowBytes, (frameHeight - top - height) * rowBytes);
    }

    /** Columns of the frame that the last picture took, for tests and tools: left, top, width, height. */
    int[] box() {
        return new int[] {left, top, width, height};
    }

    private void plan(final int newWidth, final int newHeight) {
        checkSides("picture", newWidth, newHeight);
        sourceWidth = newWidth;
        sourceHeight = newHeight;
        final boolean wide = (long) newWidth * frameHeight >= (long) newHeight * frameWidth;
        width = wide ? frameWidth : fit(newWidth, frameHeight, newHeight);
        height = wide ? fit(newHeight, frameWidth, newWidth) : frameHeight;
        left = (frameWidth - width) / 2;
        top = (frameHeight - height) / 2;
    }

    /** round(side · frame / other), at least 1. */
    private static int fit(final long side, final long frame, final long other) {
        return (int) Math.max(1, (2 * side * frame + other) / (2 * other));
    }

    /**
     * Adds up the source rows of target row y. In units of 1 / dh of a source row, it covers [y·sh, (y+1)·sh) and
     * source row i covers [i·dh, (i+1)·dh); weights are the overlaps and sum to sh.
     */
    private int sumRows(final byte[] pixels, final int y, final int alreadySummed) {
        final long from = (long) y * sourceHeight;
        final long to = from + sourceHeight;
        int summed = alreadySummed;
        Arrays.fill(sums, 0, width * CHANNELS, 0);
        for (int i = (int) (from / height); (long) i * height < to; i++) {
            if (i != summed) {
                sumColumns(pixels, i * sourceWidth * CHANNELS);
                summed = i;
            }
            final long weight = Math.min(to, (i + 1L) * height) - Math.max(from, (long) i * height);
            for (int c = 0; c < width * CHANNELS; c++) {
                sums[c] += weight * row[c];
            }
        }
        return summed;
    }

    /** The same across a row: a target column covers [x·sw, (x+1)·sw), a source column [i·dw, (i+1)·dw). */
    private void sumColumns(final byte[] pixels, final int rowStart) {
        for (int x = 0; x < width; x++) {
            final long from = (long) x * sourceWidth;
            final long to = from + sourceWidth;
            int red = 0;
            int green = 0;
            int blue = 0;
            for (int i = (int) (from / width); (long) i * width < to; i++) {
                final int weight = (int) (Math.min(to, (i + 1L) * width) - Math.max(from, (long) i * width));
                final int at = rowStart + i * CHANNELS;
                red += weight * (pixels[at] & 0xff);
                green += weight * (pixels[at + 1] & 0xff);
                blue += weight * (pixels[at + 2] & 0xff);
            }
            row[x * CHANNELS] = red;
            row[x * CHANNELS + 1] = green;
            row[x * CHANNELS + 2] = blue;
        }
    }

    private void writeRow(final long target) {
        final long area = (long) sourceWidth * sourceHeight;
        black(target, (long) left * CHANNELS);
        final long start = target + (long) left * CHANNELS;
        for (int c = 0; c < width * CHANNELS; c++) {
            OffHeap.putByte(start + c, (byte) ((2 * sums[c] + area) / (2 * area)));
        }
        black(start + (long) width * CHANNELS, (long) (frameWidth - left - width) * CHANNELS);
    }

    private static void checkSides(final String what, final int width, final int height) {
        final int max = FrameLimits.MAX_SIDE;
        if (width < 1 || height < 1 || width > max || height > max) {
            throw new IllegalArgumentException(
                    what + " is " + width + "x" + height + "; allowed: sides of 1 to " + max);
        }
    }

    private static void black(final long address, final long bytes) {
        for (long i = 0; i < bytes; i++) {
            OffHeap.putByte(address + i, (byte) 0);
        }
    }
}
