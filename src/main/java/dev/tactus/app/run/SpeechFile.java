package dev.tactus.app.run;

import dev.tactus.engine.TickEvent;
import dev.tactus.engine.audio.WavWriter;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * {@code speech.wav}: what a session said, 16 kHz. Sample n is what is heard at n / 16000 s of the session's time: the
 * speech of tick k, which is computed once the tick is over, begins at its end, (k + 1) · 200 ms, and its sound 45 ms
 * later, which is what the vocoder waits. Silence elsewhere. Written as the session goes; one thread.
 */
final class SpeechFile implements Closeable {
    private static final int TICK_SAMPLES = 3200;

    private final WavWriter wav;
    private final float[] silence = new float[TICK_SAMPLES];
    private final float[] samples = new float[TICK_SAMPLES];

    /** An empty file. */
    SpeechFile(final Path path) throws IOException {
        wav = new WavWriter(path);
    }

    /** Writes the speech of a tick, if it has any, where it belongs. */
    void tick(final TickEvent event) throws IOException {
        fillTo(event.tick() + 1);
        final int count = event.speechSamples();
        if (count > 0) {
            MemorySegment.copy(event.speech(), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, samples, 0, count);
            wav.write(samples, 0, count);
        }
    }

    /** Silence up to the begin of a tick; less than nothing where speech goes beyond it. */
    void fillTo(final long tick) throws IOException {
        long left = tick * TICK_SAMPLES - wav.samplesWritten();
        while (left > 0) {
            final int count = (int) Math.min(left, TICK_SAMPLES);
            wav.write(silence, 0, count);
            left -= count;
        }
    }

    @Override
    public void close() throws IOException {
        wav.close();
    }
}
