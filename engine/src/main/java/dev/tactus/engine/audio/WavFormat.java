package dev.tactus.engine.audio;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;

/**
 * The fmt chunk of a WAV file, checked.
 *
 * @param tag {@link #PCM} or {@link #IEEE_FLOAT}
 * @param channels channels per frame
 * @param rateHz frames per second
 * @param blockAlign bytes per frame
 * @param bits bits of one value of one channel
 */
record WavFormat(int tag, int channels, int rateHz, int blockAlign, int bits) {
    static final int MIN_RATE_HZ = Resampler.MIN_RATE_HZ;
    static final int MAX_RATE_HZ = Resampler.MAX_RATE_HZ;
    /** More channels than any microphone array we know of; a larger number is a damaged header. */
    static final int MAX_CHANNELS = 64;

    private static final int PCM = 1;
    private static final int IEEE_FLOAT = 3;
    private static final int EXTENSIBLE = 0xFFFE;
    private static final int FMT_BYTES = 16;
    private static final int EXTENSIBLE_FMT_BYTES = 40;
    private static final int MAX_FMT_BYTES = 4096;
    private static final byte[] SUBFORMAT_TAIL = {0, 0, 0, 0, 16, 0, -128, 0, 0, -86, 0, 56, -101, 113};
    private static final Map<Integer, String> CODECS = Map.ofEntries(
            Map.entry(0x0002, "Microsoft ADPCM"),
            Map.entry(0x0006, "A-law"),
            Map.entry(0x0007, "mu-law"),
            Map.entry(0x0011, "IMA ADPCM"),
            Map.entry(0x0031, "GSM 6.10"),
            Map.entry(0x0045, "G.726 ADPCM"),
            Map.entry(0x0050, "MPEG layer 1 or 2"),
            Map.entry(0x0055, "MP3"),
            Map.entry(0x0092, "AC-3"),
            Map.entry(0x00FF, "AAC"),
            Map.entry(0x0161, "Windows Media Audio"),
            Map.entry(0x1610, "AAC"),
            Map.entry(0x674F, "Vorbis"),
            Map.entry(0x704F, "Opus"),
            Map.entry(0xF1AC, "FLAC"));

    static WavFormat read(final ByteFeed in, final long size) throws IOException {
        if (size < FMT_BYTES || size > MAX_FMT_BYTES) {
            throw in.invalid("fmt size", size + " bytes", "16, 18 or 40 bytes (up to " + MAX_FMT_BYTES + ')');
        }
        final int declaredTag = in.u16("fmt format tag");
        final int channels = in.u16("fmt channels");
        final long rate = in.u32("fmt sample rate");
        in.u32("fmt bytes per second");
        final int blockAlign = in.u16("fmt block align");
        final int bits = in.u16("fmt bits per sample");
        final int tag =
                declaredTag == EXTENSIBLE ? extensible(in, size, bits) : skipTail(in, size - FMT_BYTES, declaredTag);
        checkCodec(in, tag, bits);
        if (channels < 1 || channels > MAX_CHANNELS) {
            throw in.invalid("fmt channels", channels, "1 to " + MAX_CHANNELS);
        }
        if (rate < MIN_RATE_HZ || rate > MAX_RATE_HZ) {
            throw in.invalid("fmt sample rate", rate + " Hz", MIN_RATE_HZ + " to " + MAX_RATE_HZ + " Hz");
        }
        if (blockAlign != channels * bits / 8) {
            throw in.invalid(
                    "fmt block align",
                    blockAlign + " bytes",
                    channels * bits / 8 + " (" + channels + " channels of " + bits + " bits)");
        }
        return new WavFormat(tag, channels, (int) rate, blockAlign, bits);
    }

    private static int skipTail(final ByteFeed in, final long bytes, final int tag) throws IOException {
        in.skip(bytes, "fmt chunk");
        return tag;
    }

    private static int extensible(final ByteFeed in, final long size, final int bits) throws IOException {
        if (size < EXTENSIBLE_FMT_BYTES) {
            throw in.invalid("fmt size", size + " bytes", "40 bytes for WAVE_FORMAT_EXTENSIBLE");
        }
        in.u16("fmt extension size");
        final int validBits = in.u16("fmt valid bits");
        in.u32("fmt channel mask");
        final int tag = in.u16("fmt subformat");
        final byte[] tail = new byte[SUBFORMAT_TAIL.length];
        in.readFully(tail, tail.length, "fmt subformat");
        if (!Arrays.equals(tail, SUBFORMAT_TAIL)) {
            throw in.invalid("fmt subformat", "an unknown GUID", "KSDATAFORMAT_SUBTYPE_PCM or _IEEE_FLOAT");
        }
        if (validBits < 1 || validBits > bits) {
            throw in.invalid("fmt valid bits", validBits, "1 to the " + bits + " bits of a sample");
        }
        in.skip(size - EXTENSIBLE_FMT_BYTES, "fmt chunk");
        return tag;
    }

    private static void checkCodec(final ByteFeed in, final int tag, final int bits) {
        if (tag != PCM && tag != IEEE_FLOAT) {
            final String name = CODECS.getOrDefault(tag, "unknown");
            throw in.invalid(
                    "fmt format tag",
                    String.format("0x%04x (%s)", tag, name),
                    "1 (PCM) or 3 (IEEE float); decode it first");
        }
        final boolean ok = tag == PCM ? bits == 8 || bits == 16 || bits == 24 || bits == 32 : bits == 32 || bits == 64;
        if (!ok) {
            throw in.invalid(
                    "fmt bits per sample", bits, tag == PCM ? "8, 16, 24 or 32 for PCM" : "32 or 64 for IEEE float");
        }
    }

    WavHeader header(final long dataBytes, final boolean mayEndEarly) {
        return new WavHeader(rateHz, channels, bits / 8, tag == IEEE_FLOAT, dataBytes, mayEndEarly);
    }
}
