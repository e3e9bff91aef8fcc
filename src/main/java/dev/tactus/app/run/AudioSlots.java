package dev.tactus.app.run;

import dev.tactus.engine.AudioInput;
import dev.tactus.engine.audio.AudioSource;
import java.io.IOException;

/** A sound as slots of 50 ms at 16 kHz; the last one is filled up with silence. */
final class AudioSlots implements MediaReader<float[]> {
    private final Opening<AudioSource> opening;
    private AudioSource source;
    private boolean ended;

    /** Slots of what {@code opening} opens. */
    AudioSlots(final Opening<AudioSource> opening) {
        this.opening = opening;
    }

    @Override
    public float[] next() throws IOException {
        if (source == null) {
            source = opening.open().atModelRate();
        }
        final float[] slot = new float[AudioInput.SLOT_SAMPLES];
        int held = 0;
        while (held < slot.length && !ended) {
            final int read = source.read(slot, held, slot.length - held);
            ended = read < 0;
            held += Math.max(0, read);
        }
        return held == 0 ? null : slot;
    }

    @Override
    public void close() throws IOException {
        if (source != null) {
            source.close();
        }
    }
}
