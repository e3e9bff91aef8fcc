package dev.tactus.engine.audio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.SafetensorsFile;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.reference.ReferenceKernels;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.OffHeap;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DmelExtractorTest {
    private static final int MELS = 80;
    private static final double MARGIN = 1e-4;

    private final MemoryLedger ledger = new MemoryLedger();
    private final FreezableArena arena = new FreezableArena(ledger);
    private final KernelSet kernels = new ReferenceKernels();
    private final DmelTables tables = new DmelTables(arena, MELS, 16);
    private final DmelExtractor extractor = new DmelExtractor(kernels, tables, arena);

    @AfterEach
    void closeArena() {
        arena.close();
        assertEquals(0, ledger.liveBytes());
    }

    @Test
    void shouldEqualThePublishedExtractorAwayFromMidpoints() throws IOException, URISyntaxException {
        final int[] bins = extractor.bins(phrase());
        int differing = 0;
        int nearMidpoint = 0;
        try (SafetensorsFile expected = SafetensorsFile.open(golden("expected.safetensors"), ledger)) {
            final MemorySegment want = expected.tensor("bins").data();
            final MemorySegment logMel = expected.tensor("log_mel").data();
            assertEquals(want.byteSize() / Integer.BYTES, bins.length);
            for (int i = 0; i < bins.length; i++) {
                final boolean near = nearMidpoint(logMel.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i));
                nearMidpoint += near ? 1 : 0;
                if (bins[i] != want.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i)) {
                    differing++;
                    assertTrue(near, "frame " + i / MELS + ", mel " + i % MELS + ": bin " + bins[i]);
                }
            }
        }
        assertEquals(0, differing, "bins that differ, of " + bins.length + " (" + nearMidpoint + " near a midpoint)");
    }

    @Test
    void shouldGiveTheSameBinsWhateverTheChunks() throws IOException {
        final float[] signal = Arrays.copyOfRange(phrase(), 20_000, 30_123);
        final int[] whole = extractor.bins(signal);
        assertEquals(13 * MELS, whole.length);
        final long seed = 29;
        final Random random = new Random(seed);
        for (int trial = 0; trial < 4; trial++) {
            final int most = new int[] {1, 50, 800, 5000}[trial];
            final int[] streamed = new int[whole.length];
            final long[] slots = {0};
            final DmelExtractor.SlotSink sink = (slot, bins) -> {
                assertEquals(slots[0]++, slot);
                MemorySegment.copy(bins, ValueLayout.JAVA_INT, 0, streamed, (int) slot * MELS, MELS);
            };
            for (int at = 0; at < signal.length; ) {
                final int n = Math.min(1 + random.nextInt(most), signal.length - at);
                extractor.accept(signal, at, n, sink);
                at += n;
                assertEquals(at / 800, slots[0], "a complete slot is reported at once");
            }
            extractor.finish(sink);
            assertArrayEquals(whole, streamed, "seed " + seed + ", chunks up to " + most);
        }
    }

    /** The definition itself, without folding, in double: another way to the same bins. */
    @Test
    void shouldEqualTheDefinitionInDouble() {
        final long seed = 31;
        final Random random = new Random(seed);
        final float[] signal = new float[3 * 800];
        for (int i = 0; i < signal.length; i++) {
            signal[i] = (float) (0.3 * Math.sin(i * i * 1e-4) + 0.001 * random.nextGaussian());
        }
        final int[] bins = extractor.bins(signal);
        int compared = 0;
        for (int slot = 0; slot < 3; slot++) {
            final double[] logMel = logMel(signal, 800 * slot - 800);
            for (int m = 0; m < MELS; m++) {
                if (!nearMidpoint(logMel[m])) {
                    final int want = (int) Math.round((Math.max(-7, Math.min(2, logMel[m])) + 7) / 0.6);
                    assertEquals(want, bins[slot * MELS + m], "seed " + seed + ", slot " + slot + ", mel " + m);
                    compared++;
                }
            }
        }
        assertTrue(compared > 230, "compared " + compared);
    }

    @Test
    void shouldTakeAddressZeroAsSilenceOnTheLeft() throws IOException {
        final float[] signal = Arrays.copyOfRange(phrase(), 25_600, 26_400);
        final float[] withSilence = new float[1600];
        System.arraycopy(signal, 0, withSilence, 800, 800);
        final int[] first = extractor.bins(signal);
        final int[] second = extractor.bins(withSilence);
        assertArrayEquals(first, Arrays.copyOfRange(second, MELS, 2 * MELS));
    }

    /** The floor of 1e-5 per magnitude, times filters that sum to 1/10 Hz, is 1e-6: nearest to the centre -5.8. */
    @Test
    void shouldPutSilenceInBin2() {
        for (final int bin : extractor.bins(new float[1600])) {
            assertEquals(2, bin);
        }
        assertEquals(0, extractor.bins(new float[0]).length);
    }

    @Test
    void shouldRefuseAnotherRate() throws IOException {
        final WavBytes wav = new WavBytes();
        wav.rateHz = 44_100;
        wav.data = new byte[882];
        try (AudioSource source = WavReader.open("clip", WavBytes.dribble(wav.build(), 100))) {
            final DmelExtractor.SlotSink none = (slot, bins) -> {};
            assertThrows(IllegalArgumentException.class, () -> extractor.extract(source, none));
            final long[] slots = {0};
            extractor.extract(source.atModelRate(), (slot, bins) -> slots[0]++);
            assertEquals(1, slots[0]);
        }
    }

    private double[] logMel(final float[] signal, final int start) {
        final double[] magnitude = new double[801];
        for (int k = 0; k < 801; k++) {
            double re = 0;
            double im = 0;
            for (int n = 0; n < 1600; n++) {
                final double x = start + n < 0 ? 0 : signal[start + n] * (0.5 - 0.5 * Math.cos(2 * Math.PI * n / 1600));
                re += x * Math.cos(2 * Math.PI * (k * n % 1600) / 1600);
                im -= x * Math.sin(2 * Math.PI * (k * n % 1600) / 1600);
            }
            magnitude[k] = Math.sqrt(Math.max(re * re + im * im, 1e-10));
        }
        final double[] out = new double[MELS];
        for (int m = 0; m < MELS; m++) {
            double mel = 0;
            for (int k = 0; k < 801; k++) {
                mel += OffHeap.getFloat(tables.filters() + 4L * (m * 801 + k)) * magnitude[k];
            }
            out[m] = Math.log10(Math.max(mel, 1e-10));
        }
        return out;
    }

    private static boolean nearMidpoint(final double logMel) {
        for (int i = 0; i < 15; i++) {
            if (Math.abs(logMel - (-6.7 + 0.6 * i)) <= MARGIN) {
                return true;
            }
        }
        return false;
    }

    private static float[] phrase() throws IOException {
        final InputStream in = DmelExtractorTest.class.getResourceAsStream("/golden/dmel/phrase.wav");
        assertNotNull(in, "/golden/dmel/phrase.wav is a test resource");
        try (WavReader reader = WavReader.open("phrase.wav", in)) {
            return WavBytes.readAll(reader, 4096);
        }
    }

    private static Path golden(final String name) throws URISyntaxException {
        final URL url = DmelExtractorTest.class.getResource("/golden/dmel/" + name);
        assertNotNull(url, name + " is a test resource");
        return Path.of(url.toURI());
    }
}
