package dev.tactus.engine.audio;

import java.io.IOException;
import java.util.Objects;

/**
 * Another source, converted to 16 kHz. Sample 0 keeps its time; a stream of n samples at rate r becomes ⌈n · 16000 / r⌉
 * samples. Closing it closes the other source. One thread.
 */
public final class ResampledAudio implements AudioSource {
    private static final int CHUNK_SAMPLES = 1024;

    private final AudioSource source;
    private final Resampler resampler;
    private final float[] chunk = new float[CHUNK_SAMPLES];
    private boolean ended;

    /** Converts {@code source}, which belongs to this object from now on. */
    public ResampledAudio(final AudioSource source) {
        this.source = source;
        this.resampler = new Resampler(source.sampleRateHz());
    }

    @Override
    public int sampleRateHz() {
        return MODEL_RATE_HZ;
    }

    @Override
    public int read(final float[] target, final int offset, final int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, target.length);
        if (count == 0) {
            return 0;
        }
        int produced = resampler.drain(target, offset, count);
        while (produced == 0 && !ended) {
            final int read = source.read(chunk, 0, Math.min(CHUNK_SAMPLES, resampler.freeSamples()));
            if (read < 0) {
                ended = true;
                resampler.end();
            } else {
                resampler.accept(chunk, 0, read);
            }
            produced = resampler.drain(target, offset, count);
        }
        return produced == 0 ? -1 : produced;
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
