package dev.tactus.engine.audio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ResamplerTest {
    private static final int[] RATES = {8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000};

    @Test
    void shouldKeepSinesInThePassBand() {
        double worst = Double.MAX_VALUE;
        for (final int rate : RATES) {
            final double top = 0.45 * Math.min(rate, 16_000);
            for (final double hz : new double[] {50, 440, 1000, 0.5 * top, top}) {
                final float[] out = resample(rate, sine(rate, hz, rate / 2, 0.3));
                final double snr = snr(out, hz, 0.3);
                assertTrue(snr > 80, rate + " Hz, sine of " + hz + " Hz: SNR " + snr + " dB");
                worst = Math.min(worst, snr);
            }
        }
        assertTrue(worst > 90, "worst SNR " + worst + " dB");
    }

    @Test
    void shouldRejectWhatWouldFoldBack() {
        for (final int rate : RATES) {
            for (double hz = 8_000; hz < rate / 2.0; hz += 977) {
                final float[] out = resample(rate, sine(rate, hz, rate / 2, 0.3));
                final double level = 20 * Math.log10(rms(out, 500) * Math.sqrt(2));
                assertTrue(level < -90, rate + " Hz, sine of " + hz + " Hz comes out at " + level + " dB");
            }
        }
    }

    @Test
    void shouldRemoveImagesWhenRaisingTheRate() {
        // An image of a 1 kHz sine at 8 kHz would lie at 7 kHz; the SNR test above sees it, this names it.
        final float[] out = resample(8_000, sine(8_000, 1_000, 4_000, 0));
        double re = 0;
        double im = 0;
        for (int n = 1_000; n < 7_000; n++) {
            re += out[n] * Math.cos(2 * Math.PI * 7_000 * n / 16_000);
            im += out[n] * Math.sin(2 * Math.PI * 7_000 * n / 16_000);
        }
        final double level = 20 * Math.log10(Math.hypot(re, im) / 3_000 + 1e-12);
        assertTrue(level < -95, "image at " + level + " dB");
    }

    @Test
    void shouldGiveTheSameBitsWhateverTheChunks() throws IOException {
        final long seed = 17;
        final Random random = new Random(seed);
        for (final int rate : new int[] {8_000, 11_025, 16_000, 44_100, 48_000, 15_999}) {
            final float[] in = noise(random, 20_011);
            final float[] whole = resample(rate, in);
            for (int trial = 0; trial < 3; trial++) {
                final AudioSource source = new ResampledAudio(chunked(rate, in, random));
                final float[] out = WavBytes.readAll(source, 1 + random.nextInt(2000));
                assertArrayEquals(whole, out, "seed " + seed + ", rate " + rate + ", trial " + trial);
            }
        }
    }

    @Test
    void shouldKeepTimeZeroAndTheLength() {
        for (final int rate : RATES) {
            final int n = rate / 4 + 3;
            final float[] pulse = new float[n];
            final int centre = rate / 10; // 0.1 s, which is output 1600
            pulse[centre] = 1f;
            final float[] out = resample(rate, pulse);
            assertEquals((n * 16_000L + rate - 1) / rate, out.length, rate + " Hz");
            final double exact = 16_000.0 * centre / rate;
            double weight = 0;
            double moment = 0;
            int peak = 0;
            for (int i = 0; i < out.length; i++) {
                weight += out[i];
                moment += out[i] * i;
                peak = out[i] > out[peak] ? i : peak;
            }
            assertEquals(exact, moment / weight, 1e-2, rate + " Hz: centre of mass");
            assertEquals(exact, peak, 0.5001, rate + " Hz: peak");
        }
    }

    @Test
    void shouldKeepAConstant() {
        for (final int rate : RATES) {
            final float[] in = new float[rate / 2];
            Arrays.fill(in, 0.5f);
            final float[] out = resample(rate, in);
            for (int i = 1000; i < out.length - 1000; i++) {
                assertEquals(0.5f, out[i], 1e-6f, rate + " Hz, sample " + i);
            }
        }
    }

    @Test
    void shouldPass16kHzUnchangedWithoutDelay() {
        final long seed = 23;
        final float[] in = noise(new Random(seed), 5_000);
        assertArrayEquals(in, resample(16_000, in), "seed " + seed);
        final Resampler resampler = new Resampler(16_000);
        assertEquals(0, resampler.latencyNs());
        assertEquals(10, resampler.accept(in, 0, 10));
        assertEquals(10, resampler.drain(new float[100], 0, 100));
    }

    @Test
    void shouldWaitNoLongerThanItsLatency() {
        for (final int rate : RATES) {
            final Resampler resampler = new Resampler(rate);
            final int in = resampler.freeSamples();
            assertEquals(in, resampler.accept(new float[in], 0, in));
            final int out = resampler.drain(new float[10_000], 0, 10_000);
            final double waitNs = in * 1e9 / rate - out * 1e9 / 16_000;
            final double sampleNs = 1e9 / Math.min(rate, 16_000);
            assertTrue(
                    Math.abs(waitNs - resampler.latencyNs()) <= sampleNs,
                    rate + " Hz: waits " + waitNs + " ns, says " + resampler.latencyNs());
            assertTrue(resampler.latencyNs() <= 8_000_000, rate + " Hz: " + resampler.latencyNs());
        }
    }

    @Test
    void shouldRefuseOtherRates() {
        for (final int rate : new int[] {-1, 0, 7_999, 192_001}) {
            assertThrows(IllegalArgumentException.class, () -> new Resampler(rate));
        }
    }

    private static float[] resample(final int rate, final float[] in) {
        final Resampler resampler = new Resampler(rate);
        final float[] out = new float[(int) (in.length * 16_000L / rate + 2)];
        int taken = 0;
        int given = 0;
        while (taken < in.length) {
            taken += resampler.accept(in, taken, in.length - taken);
            given += resampler.drain(out, given, out.length - given);
        }
        resampler.end();
        given += resampler.drain(out, given, out.length - given);
        return Arrays.copyOf(out, given);
    }

    private static AudioSource chunked(final int rate, final float[] in, final Random random) {
        return new AudioSource() {
            private int at;

            @Override
            public int sampleRateHz() {
                return rate;
            }

            @Override
            public int read(final float[] target, final int offset, final int count) {
                if (at == in.length) {
                    return -1;
                }
                final int n = Math.min(1 + random.nextInt(count), in.length - at);
                System.arraycopy(in, at, target, offset, n);
                at += n;
                return n;
            }

            @Override
            public void close() {}
        };
    }

    private static float[] sine(final int rate, final double hz, final int n, final double phase) {
        final float[] out = new float[n];
        for (int i = 0; i < n; i++) {
            out[i] = (float) Math.sin(2 * Math.PI * hz * i / rate + phase);
        }
        return out;
    }

    /** Against the sine that should come out: amplitude, phase and time all count. */
    private static double snr(final float[] out, final double hz, final double phase) {
        double noise = 0;
        double signal = 0;
        for (int n = 500; n < out.length - 500; n++) {
            final double want = Math.sin(2 * Math.PI * hz * n / 16_000 + phase);
            noise += (out[n] - want) * (out[n] - want);
            signal += want * want;
        }
        return 10 * Math.log10(signal / noise);
    }

    private static double rms(final float[] x, final int margin) {
        double sum = 0;
        for (int n = margin; n < x.length - margin; n++) {
            sum += (double) x[n] * x[n];
        }
        return Math.sqrt(sum / (x.length - 2 * margin));
    }

    private static float[] noise(final Random random, final int n) {
        final float[] out = new float[n];
        for (int i = 0; i < n; i++) {
            out[i] = random.nextFloat() * 2 - 1;
        }
        return out;
    }
}
