package dev.tactus.kernel.vocoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tactus.kernel.c.CVocoder;
import dev.tactus.kernel.c.NativeKernels;
import dev.tactus.memory.OffHeap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What a vocoder says of the frames of a sound is that sound, as nearly as mels tell it. */
@ParameterizedClass
@EnumSource
class VocoderTest {
    private static final long SEED = 11;

    private final Kind kind;

    /** Who says it: Java, and C where there is any. */
    enum Kind {
        REFERENCE,
        NATIVE
    }

    VocoderTest(final Kind kind) {
        this.kind = kind;
    }

    private Vocoder vocoder(final VocoderTables tables) {
        if (kind == Kind.REFERENCE) {
            return new VocoderReference(tables);
        }
        final NativeKernels library = NativeKernels.load();
        assumeTrue(library.isAvailable(), () -> "no C kernels: " + String.join("; ", library.reasons()));
        return new CVocoder(library.detected(), tables);
    }

    /** How far the mels of a sound are from those wanted. */
    private record Distance(double convergenceDb, double meanNepers) {
        static Distance of(final float[] wanted, final float[] heard) {
            double error = 0;
            double energy = 0;
            double sum = 0;
            for (int i = 0; i < wanted.length; i++) {
                final double mel = Math.exp(wanted[i]);
                final double difference = Math.exp(heard[i]) - mel;
                error += difference * difference;
                energy += mel * mel;
                sum += Math.abs(heard[i] - wanted[i]);
            }
            return new Distance(10 * Math.log10(error / energy), sum / wanted.length);
        }
    }

    private Distance roundTrip(final float[] signal, final String what, final TestReporter reporter) {
        try (VocoderMemory memory = new VocoderMemory()) {
            final float[] wanted = memory.extractor.logMels(signal);
            final float[] said = memory.say(vocoder(memory.tables), wanted);
            final float[] heard = memory.extractor.logMels(VocoderMemory.aligned(said, signal.length));
            final Distance distance = Distance.of(wanted, heard);
            reporter.publishEntry(what, distance.toString());
            return distance;
        }
    }

    @Test
    void shouldSayAVoice(final TestReporter reporter) {
        final Distance distance = roundTrip(VocoderMemory.voice(32_000, SEED), "voice", reporter);
        assertTrue(distance.convergenceDb() < -25, distance.toString());
        assertTrue(distance.meanNepers() < 0.15, distance.toString());
    }

    @Test
    void shouldSayAChirp(final TestReporter reporter) {
        final Distance distance = roundTrip(VocoderMemory.chirp(16_000), "chirp", reporter);
        assertTrue(distance.convergenceDb() < -15, distance.toString());
    }

    @Test
    void shouldDelayTheSignalByWhatItPromises() {
        try (VocoderMemory memory = new VocoderMemory()) {
            final float[] signal = new float[8_000];
            final int centre = 160 * 20 + 80;
            for (int i = -600; i < 600; i++) {
                final double fade = 0.5 + 0.5 * Math.cos(Math.PI * i / 600);
                signal[centre + i] = (float) (0.5 * fade * fade * Math.sin(0.4 * i));
            }
            final float[] said = memory.say(vocoder(memory.tables), memory.extractor.logMels(signal));
            double energy = 0;
            double moment = 0;
            for (int i = 0; i < said.length; i++) {
                energy += (double) said[i] * said[i];
                moment += (double) said[i] * said[i] * i;
            }
            assertEquals(centre + Vocoder.DELAY_SAMPLES, moment / energy, 16, "centre of the tone, in samples");
        }
    }

    @Test
    void shouldBeSilentInSilenceAndTwoBlocksAfterSpeech() {
        try (VocoderMemory memory = new VocoderMemory()) {
            final Vocoder vocoder = vocoder(memory.tables);
            final long state = memory.state();
            final float[] silence = new float[Vocoder.BLOCK_SAMPLES];
            assertArrayEquals(silence, memory.block(vocoder, state, new float[0], 0), "from the start");
            final float[] speech = memory.extractor.logMels(VocoderMemory.voice(4_000, SEED));
            for (int b = 0; b < 5 + Vocoder.FLUSH_BLOCKS; b++) {
                memory.block(vocoder, state, speech, b);
            }
            assertArrayEquals(silence, memory.block(vocoder, state, speech, 5 + Vocoder.FLUSH_BLOCKS), "after speech");
        }
    }

    @Test
    void shouldFadeInAtTheStartOfSpeech() {
        try (VocoderMemory memory = new VocoderMemory()) {
            final float[] loud = memory.extractor.logMels(VocoderMemory.chirp(8_000));
            final float[] said = memory.say(vocoder(memory.tables), loud);
            // frame 0 begins at sample -240, so nothing can sound before output sample 480
            for (int i = 0; i < Vocoder.DELAY_SAMPLES - Vocoder.LEAD_SAMPLES; i++) {
                assertEquals(0, said[i], "sample " + i);
            }
            for (int i = 0; i < 16; i++) {
                final int at = Vocoder.DELAY_SAMPLES - Vocoder.LEAD_SAMPLES + i;
                assertTrue(Math.abs(said[at]) < 0.02, "a click of " + said[at] + " at sample " + at);
            }
        }
    }

    @Test
    void shouldKeepSessionsApart() {
        try (VocoderMemory memory = new VocoderMemory()) {
            final Vocoder vocoder = vocoder(memory.tables);
            final float[] first = VocoderMemory.randomFrames(15, SEED);
            final float[] second = memory.extractor.logMels(VocoderMemory.voice(2_400, SEED));
            final float[] firstAlone = memory.say(vocoder, first);
            final float[] secondAlone = memory.say(vocoder, second);
            final long firstState = memory.state();
            final long secondState = memory.state();
            for (int b = 0; b < 5; b++) {
                assertArrayEquals(part(firstAlone, b), memory.block(vocoder, firstState, first, b), "first " + b);
                assertArrayEquals(part(secondAlone, b), memory.block(vocoder, secondState, second, b), "second " + b);
            }
            Vocoder.reset(firstState);
            assertArrayEquals(part(secondAlone, 0), memory.block(vocoder, firstState, second, 0), "after a reset");
        }
    }

    private static float[] part(final float[] samples, final int block) {
        final float[] part = new float[Vocoder.BLOCK_SAMPLES];
        System.arraycopy(samples, block * Vocoder.BLOCK_SAMPLES, part, 0, part.length);
        return part;
    }

    @Test
    void shouldNotHearWhatIsInScratch() {
        try (VocoderMemory memory = new VocoderMemory()) {
            final Vocoder vocoder = vocoder(memory.tables);
            final float[] frames = VocoderMemory.randomFrames(5, SEED);
            final float[] expected = memory.block(vocoder, memory.state(), frames, 0);
            for (int i = 0; i < Vocoder.SCRATCH_FLOATS; i++) {
                OffHeap.putFloat(memory.scratch() + 4L * i, Float.NaN);
            }
            assertArrayEquals(expected, memory.block(vocoder, memory.state(), frames, 0));
        }
    }

    @Test
    void shouldTakeNanForSilenceAndClampWhatIsHuge() {
        try (VocoderMemory memory = new VocoderMemory()) {
            final Vocoder vocoder = vocoder(memory.tables);
            final float[] frames = VocoderMemory.randomFrames(10, SEED);
            final float[] clamped = frames.clone();
            for (int i = 0; i < 100; i++) {
                frames[7 * i] = new float[] {Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, 1e30f}[i & 3];
                clamped[7 * i] = (i & 3) < 2 ? -12f : 4f;
            }
            final float[] said = memory.say(vocoder, frames);
            assertArrayEquals(memory.say(vocoder, clamped), said);
            for (final float sample : said) {
                assertTrue(sample >= -1 && sample <= 1, "sample " + sample);
            }
        }
    }
}
