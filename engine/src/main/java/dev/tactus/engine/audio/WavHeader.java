package dev.tactus.engine.audio;

import java.io.IOException;

/**
 * What the chunks before the samples of a WAV file say, checked against each other and against the file.
 *
 * @param rateHz samples per second and channel
 * @param channels channels per frame
 * @param bytesPerValue bytes of one value of one channel
 * @param isFloat IEEE floats rather than integers
 * @param dataBytes bytes of samples, or {@link ByteFeed#UNKNOWN} for all up to the end
 * @param mayEndEarly the size is a streaming writer's placeholder, so an early end is no complaint
 */
record WavHeader(int rateHz, int channels, int bytesPerValue, boolean isFloat, long dataBytes, boolean mayEndEarly) {
    /** Room for cue sheets, pictures and padding before the samples; more is a stream that is no recording. */
    static final long MAX_BYTES_BEFORE_DATA = 16L << 20;

    private static final long PLACEHOLDER_SIZE = 0xFFFFFFFFL;
    /** Writers into pipes also declare the largest size that they can hold (0x7FFFFFFF and somewhat below). */
    private static final long LARGEST_HONEST_PIPE_SIZE = 0x7FFF0000L;

    private static final int MAX_DS64_BYTES = 4096;

    /** Reads up to the first byte of the samples. */
    static WavHeader read(final ByteFeed in) throws IOException {
        final String magic = in.tag("RIFF tag");
        final boolean rf64 = "RF64".equals(magic) || "BW64".equals(magic);
        if (!rf64 && !"RIFF".equals(magic)) {
            throw in.invalid("RIFF tag", '"' + magic + '"', "\"RIFF\" or \"RF64\" (little-endian WAV)");
        }
        final long riffBytes = in.u32("RIFF size");
        final String form = in.tag("WAVE tag");
        if (!"WAVE".equals(form)) {
            throw in.invalid("WAVE tag", '"' + form + '"', "\"WAVE\"");
        }
        final long data64 = rf64 ? ds64(in) : ByteFeed.UNKNOWN;
        WavFormat format = null;
        while (true) {
            if (in.atEnd()) {
                throw in.invalid(
                        format == null ? "fmt chunk" : "data chunk", "none in " + in.position() + " bytes", "one");
            }
            final String id = in.tagAfterPeek("chunk tag");
            final long size = in.u32("size of chunk \"" + id + '"');
            if ("data".equals(id)) {
                if (format == null) {
                    throw in.invalid("data chunk", "no fmt chunk before it", "fmt first, then data");
                }
                return withData(in, format, riffBytes, rf64 && size == PLACEHOLDER_SIZE ? data64 : size);
            }
            final long padded = size + (size & 1);
            if ("fmt ".equals(id)) {
                if (format != null) {
                    throw in.invalid("fmt chunk", "a second one", "exactly one");
                }
                format = WavFormat.read(in, size);
                in.skip(padded - size, "padding of fmt");
                continue;
            }
            if (in.position() + padded > MAX_BYTES_BEFORE_DATA) {
                throw in.invalid(
                        "size of chunk \"" + id + '"',
                        size + " bytes",
                        "at most " + MAX_BYTES_BEFORE_DATA + " bytes before the data chunk");
            }
            in.skip(padded, "chunk \"" + id + '"');
        }
    }

    private static long ds64(final ByteFeed in) throws IOException {
        final String id = in.tag("ds64 tag");
        final long size = in.u32("ds64 size");
        if (!"ds64".equals(id) || size < 28 || size > MAX_DS64_BYTES) {
            throw in.invalid(
                    "first chunk of RF64",
                    '"' + id + "\" of " + size + " bytes",
                    "\"ds64\" of 28 to " + MAX_DS64_BYTES + " bytes");
        }
        in.size64("ds64 RIFF size");
        final long dataBytes = in.size64("ds64 data size");
        in.skip(size - 16 + (size & 1), "ds64 chunk");
        return dataBytes;
    }

    private static WavHeader withData(
            final ByteFeed in, final WavFormat format, final long riffBytes, final long declared) {
        final boolean file = in.length() != ByteFeed.UNKNOWN;
        final boolean emptyFile = file && declared == 0 && riffBytes + 8 == in.length();
        final boolean open = declared == PLACEHOLDER_SIZE || declared == 0 && !emptyFile;
        if (open) {
            return format.header(ByteFeed.UNKNOWN, true);
        }
        if (file && declared > in.length() - in.position()) {
            throw in.invalid(
                    "data size",
                    declared + " bytes",
                    "at most the " + (in.length() - in.position()) + " bytes left in the file");
        }
        final boolean pipePlaceholder = !file && declared >= LARGEST_HONEST_PIPE_SIZE && declared < PLACEHOLDER_SIZE;
        if (declared % format.blockAlign() != 0 && !pipePlaceholder) {
            throw in.invalid(
                    "data size", declared + " bytes", "a multiple of the " + format.blockAlign() + " bytes of a frame");
        }
        return format.header(declared - declared % format.blockAlign(), pipePlaceholder);
    }
}
