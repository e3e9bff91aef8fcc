package dev.tactus.engine.audio;

import java.io.Closeable;
import java.io.IOException;

/**
 * Mono float samples from somewhere, in order, read by one thread.
 *
 * <p>Samples are finite; full scale is ±1 (a float file may be louder). A source never waits for more than it needs to
 * return one sample, so a live pipe is heard as it arrives. Whoever opened a source closes it.
 */
public interface AudioSource extends Closeable {
    /** The rate every model of this family hears, in hertz. */
    int MODEL_RATE_HZ = 16_000;

    /** Samples per second. */
    int sampleRateHz();

    /**
     * Reads at least one sample, at most {@code count}, waiting for the first one.
     *
     * @param target receives the samples
     * @param offset index of the first one in {@code target}
     * @param count most samples to read, at least 1
     * @return samples read, or -1 at the end
     * @throws InvalidMediaException if the stream is not what its header declared
     * @throws IOException if reading fails
     */
    int read(float[] target, int offset, int count) throws IOException;

    /** This source at {@link #MODEL_RATE_HZ}: itself if it already is, else through a {@link Resampler}. */
    default AudioSource atModelRate() {
        return sampleRateHz() == MODEL_RATE_HZ ? this : new ResampledAudio(this);
    }
}
