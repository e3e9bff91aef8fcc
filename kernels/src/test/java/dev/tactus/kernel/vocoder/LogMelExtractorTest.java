package dev.tactus.kernel.vocoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The frames of a signal are those of the definition, however its samples arrive. */
class LogMelExtractorTest {
    private static final long SEED = 3;

    private static double[] definition(final float[] signal, final int frame) {
        final SlaneyMel bank = new SlaneyMel(80, 8_000);
        final double[] mels = new double[80];
        for (int k = 0; k <= 320; k++) {
            double re = 0;
            double im = 0;
            for (int n = 0; n < 640; n++) {
                final int at = 160 * frame - 240 + n;
                final double sample = at >= 0 && at < signal.length ? signal[at] : 0;
                final double windowed = sample * (0.5 - 0.5 * Math.cos(2 * Math.PI * n / 640));
                re += windowed * Math.cos(2 * Math.PI * (k * n % 640) / 640);
                im += windowed * Math.sin(2 * Math.PI * (k * n % 640) / 640);
            }
            for (int m = 0; m < 80; m++) {
                mels[m] += bank.weight(m, 25.0 * k) * Math.hypot(re, im);
            }
        }
        for (int m = 0; m < 80; m++) {
            mels[m] = Math.log(Math.max(mels[m], 1e-5));
        }
        return mels;
    }

    @Test
    void shouldEqualTheDefinition() {
        try (VocoderMemory memory = new VocoderMemory()) {
            final float[] signal = VocoderMemory.voice(2_000, SEED);
            final float[] actual = memory.extractor.logMels(signal);
            assertEquals(13 * 80, actual.length, "⌈2000 / 160⌉ frames");
            for (int frame = 0; frame < 13; frame++) {
                final double[] expected = definition(signal, frame);
                for (int m = 0; m < 80; m++) {
                    // the floor of a magnitude shows where a mel is nothing else: 1e-5 a bin, below the floor of a mel
                    assertEquals(expected[m], actual[frame * 80 + m], 0.01, "frame " + frame + ", mel " + m);
                }
            }
        }
    }

    @Test
    void shouldReportTheSameBitsWhateverTheChunks() {
        try (VocoderMemory memory = new VocoderMemory()) {
            final SplittableRandom random = new SplittableRandom(SEED);
            for (final int length : new int[] {1, 160, 161, 1_519, 1_520, 1_521, 5_000}) {
                final float[] signal = VocoderMemory.voice(length, SEED);
                final float[] whole = memory.extractor.logMels(signal);
                final float[] chunked = new float[whole.length];
                final List<Long> order = new ArrayList<>();
                final LogMelExtractor.FrameSink sink = (frame, row) -> {
                    order.add(frame);
                    for (int m = 0; m < 80; m++) {
                        chunked[(int) frame * 80 + m] = row.getAtIndex(ValueLayout.JAVA_FLOAT, m);
                    }
                };
                for (int at = 0; at < length; ) {
                    final int part = Math.min(length - at, 1 + random.nextInt(2_000));
                    memory.extractor.accept(signal, at, part, sink);
                    at += part;
                }
                memory.extractor.finish(sink);
                final String where = length + " samples, seed " + SEED;
                assertArrayEquals(whole, chunked, where);
                for (int frame = 0; frame < whole.length / 80; frame++) {
                    assertEquals(frame, order.get(frame), where);
                }
                assertEquals(whole.length / 80, order.size(), where);
            }
        }
    }

    @Test
    void shouldHearAClickLoudestInTheFrameWhoseHopItIsIn() {
        try (VocoderMemory memory = new VocoderMemory()) {
            final float[] signal = new float[3_200];
            signal[160 * 9 + 80] = 1;
            final float[] frames = memory.extractor.logMels(signal);
            for (int frame = 0; frame < 20; frame++) {
                final float loudness = frames[frame * 80 + 40];
                final float centre = frames[9 * 80 + 40];
                if (Math.abs(frame - 9) >= 2) {
                    assertEquals(Vocoder.LOG_FLOOR, loudness, 1e-5f, "frame " + frame + ", 320 samples away or more");
                } else if (frame != 9) {
                    assertTrue(loudness < centre, "frame " + frame + " has " + loudness + ", frame 9 " + centre);
                    assertEquals(Math.log(0.5), loudness - centre, 1e-3, "half a Hann window away");
                }
            }
        }
    }

    @Test
    void shouldFindNothingInSilence() {
        try (VocoderMemory memory = new VocoderMemory()) {
            for (final float logMel : memory.extractor.logMels(new float[1_000])) {
                assertEquals(Vocoder.LOG_FLOOR, logMel);
            }
            assertEquals(0, memory.extractor.logMels(new float[0]).length);
        }
    }
}
