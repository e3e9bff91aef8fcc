package dev.tactus.engine.video;

import dev.tactus.engine.audio.InvalidMediaException;

/** Walks the chunks of a PNG file before a decoder sees it, so that a length that lies costs no memory. */
final class PngChunks {
    private static final int SIGNATURE_BYTES = 8;
    private static final int FRAMING_BYTES = 12; // length, type, checksum
    private static final int IHDR_BYTES = 13;
    private static final int IHDR = 0x49484452;
    private static final int IEND = 0x49454E44;

    private PngChunks() {}

    /** True if {@code file} starts as every PNG does. */
    static boolean matches(final byte[] file) {
        return file.length >= SIGNATURE_BYTES && int32(file, 0) == 0x89504E47 && int32(file, 4) == 0x0D0A1A0A;
    }

    /** Complains unless every chunk lies inside the file, IHDR is first and its size is taken, and IEND is there. */
    static void check(final String name, final byte[] file) {
        int at = SIGNATURE_BYTES;
        while (true) {
            if (file.length - at < FRAMING_BYTES) {
                throw new InvalidMediaException(name, "PNG", "the end at byte " + file.length, "chunks up to IEND");
            }
            final int length = int32(file, at);
            final int type = int32(file, at + 4);
            if (length < 0 || length > file.length - at - FRAMING_BYTES) {
                throw new InvalidMediaException(
                        name,
                        "length of the PNG chunk at byte " + at,
                        Integer.toUnsignedString(length) + " bytes",
                        "at most the " + (file.length - at - FRAMING_BYTES) + " bytes left");
            }
            if (at == SIGNATURE_BYTES) {
                if (type != IHDR || length != IHDR_BYTES) {
                    throw new InvalidMediaException(name, "first PNG chunk", "another one", "IHDR of 13 bytes");
                }
                FrameLimits.check(
                        name,
                        Integer.toUnsignedLong(int32(file, at + 8)),
                        Integer.toUnsignedLong(int32(file, at + 12)));
            }
            if (type == IEND) {
                return;
            }
            at += FRAMING_BYTES + length;
        }
    }

    private static int int32(final byte[] file, final int at) {
        return file[at] << 24 | (file[at + 1] & 0xff) << 16 | (file[at + 2] & 0xff) << 8 | file[at + 3] & 0xff;
    }
}
