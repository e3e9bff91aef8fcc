package dev.tactus.engine.video;

import dev.tactus.engine.audio.InvalidMediaException;

/** Sizes of pictures that are taken, checked before anything is allocated for them. */
final class FrameLimits {
    /** Twice the side of an 8K television picture's height; longer sides are damaged headers. */
    static final int MAX_SIDE = 16_384;
    /** 8K (7680 × 4320) fits; its RGB bytes are 100 MB. */
    static final long MAX_PIXELS = 1L << 25;
    /** No camera is faster; a frame time stays above a microsecond. */
    static final int MAX_FRAMES_PER_SECOND = 1_000;

    private FrameLimits() {}

    /** Complains unless a picture of {@code width} × {@code height} is taken. */
    static void check(final String source, final long width, final long height) {
        if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) {
            throw new InvalidMediaException(
                    source,
                    "size",
                    width + "x" + height + " pixels",
                    "sides of 1 to " + MAX_SIDE + ", at most " + MAX_PIXELS + " pixels");
        }
    }
}
