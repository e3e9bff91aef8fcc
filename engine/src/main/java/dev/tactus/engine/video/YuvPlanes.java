package dev.tactus.engine.video;

/**
 * Converts 8-bit planar Y'CbCr of ITU-R BT.601 to RGB in 16-bit fixed point; a chroma sample covers its whole luma
 * block, whatever siting the file names (what follows is an area filter much wider than the difference).
 */
final class YuvPlanes {
    private static final double KR = 0.299;
    private static final double KB = 0.114;
    private static final double KG = 1 - KR - KB;
    private static final int HALF = 1 << 15;

    private final int width;
    private final int height;
    private final int log2ChromaX;
    private final int log2ChromaY;
    private final boolean hasChroma;
    private final int blackLevel;
    private final int lumaGain;
    private final int redOfCr;
    private final int greenOfCb;
    private final int greenOfCr;
    private final int blueOfCb;

    /**
     * A converter for one format.
     *
     * @param log2ChromaX luma pixels per chroma sample in a row: 0 or 1 (as a power of two)
     * @param log2ChromaY the same in a column
     * @param hasChroma false for luma alone
     * @param fullRange luma 0..255, else 16..235 with chroma 16..240
     */
    YuvPlanes(
            final int width,
            final int height,
            final int log2ChromaX,
            final int log2ChromaY,
            final boolean hasChroma,
            final boolean fullRange) {
        this.width = width;
        this.height = height;
        this.log2ChromaX = log2ChromaX;
        this.log2ChromaY = log2ChromaY;
        this.hasChroma = hasChroma;
        final double chroma = fullRange ? 1 : 255.0 / 224;
        blackLevel = fullRange ? 0 : 16;
        lumaGain = fixed(fullRange ? 1 : 255.0 / 219);
        redOfCr = fixed(2 * (1 - KR) * chroma);
        blueOfCb = fixed(2 * (1 - KB) * chroma);
        greenOfCb = fixed(-2 * (1 - KB) * KB / KG * chroma);
        greenOfCr = fixed(-2 * (1 - KR) * KR / KG * chroma);
    }

    /** Bytes of one frame: luma, then both chroma planes, their odd sizes rounded up. */
    int frameBytes() {
        return width * height + (hasChroma ? 2 * chromaWidth() * chromaHeight() : 0);
    }

    /** Converts one frame. */
    void toRgb(final byte[] planes, final RgbFrame target) {
        target.resize(width, height);
        for (int y = 0; y < height; y++) {
            if (hasChroma) {
                colourRow(planes, y, target.pixels());
            } else {
                greyRow(planes, y, target.pixels());
            }
        }
    }

    private void colourRow(final byte[] planes, final int y, final byte[] rgb) {
        final int cbRow = width * height + (y >> log2ChromaY) * chromaWidth();
        final int crRow = cbRow + chromaWidth() * chromaHeight();
        for (int x = 0, out = y * width * 3; x < width; x++, out += 3) {
            final int luma = ((planes[y * width + x] & 0xff) - blackLevel) * lumaGain + HALF;
            final int cb = (planes[cbRow + (x >> log2ChromaX)] & 0xff) - 128;
            final int cr = (planes[crRow + (x >> log2ChromaX)] & 0xff) - 128;
            rgb[out] = clamp(luma + redOfCr * cr);
            rgb[out + 1] = clamp(luma + greenOfCb * cb + greenOfCr * cr);
            rgb[out + 2] = clamp(luma + blueOfCb * cb);
        }
    }

    private void greyRow(final byte[] planes, final int y, final byte[] rgb) {
        for (int x = 0, out = y * width * 3; x < width; x++, out += 3) {
            final byte grey = clamp(((planes[y * width + x] & 0xff) - blackLevel) * lumaGain + HALF);
            rgb[out] = grey;
            rgb[out + 1] = grey;
            rgb[out + 2] = grey;
        }
    }

    private int chromaWidth() {
        return (width + (1 << log2ChromaX) - 1) >> log2ChromaX;
    }

    private int chromaHeight() {
        return (height + (1 << log2ChromaY) - 1) >> log2ChromaY;
    }

    private static byte clamp(final int fixed) {
        return (byte) Math.max(0, Math.min(255, fixed >> 16));
    }

    private static int fixed(final double factor) {
        return (int) Math.round(factor * (1 << 16));
    }
}
