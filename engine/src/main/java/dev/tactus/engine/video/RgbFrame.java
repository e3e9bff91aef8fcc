package dev.tactus.engine.video;

/**
 * One picture, 8 bits of red, green and blue per pixel, row-major, without padding. A {@link FrameSource} overwrites it
 * with every frame; one thread.
 */
public final class RgbFrame {
    private byte[] pixels = {};
    private int width;
    private int height;

    /** An empty picture of 0 × 0. */
    public RgbFrame() {}

    /** A black picture (or whatever its memory held) of {@code width} × {@code height}. */
    public RgbFrame(final int width, final int height) {
        resize(width, height);
    }

    /** Pixels per row. */
    public int width() {
        return width;
    }

    /** Rows. */
    public int height() {
        return height;
    }

    /** [height, width, 3] bytes; the array may be longer, and is another one after a larger {@link #resize}. */
    public byte[] pixels() {
        return pixels;
    }

    /** Changes the size; allocates only if the picture was never that large. The content is undefined afterwards. */
    public void resize(final int newWidth, final int newHeight) {
        if (newWidth < 1 || newHeight < 1) {
            throw new IllegalArgumentException("size is " + newWidth + "x" + newHeight + "; allowed: at least 1x1");
        }
        final int bytes = Math.multiplyExact(Math.multiplyExact(newWidth, newHeight), 3);
        if (pixels.length < bytes) {
            pixels = new byte[bytes];
        }
        width = newWidth;
        height = newHeight;
    }
}
