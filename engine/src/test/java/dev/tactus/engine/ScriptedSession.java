package dev.tactus.engine;

import dev.tactus.scheduler.Modality;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.agrona.concurrent.NanoClock;

/** Feeds a session made-up media: a function of its seed and the tick alone, without allocating. */
final class ScriptedSession {
    private final Session session;
    private final int modalities;
    private final long seed;
    private final NanoClock clock;
    private final int[] text = {20, 21, 22, 23, 24};

    ScriptedSession(final Session session, final int modalities, final long seed, final NanoClock clock) {
        this.session = session;
        this.modalities = modalities;
        this.seed = seed;
        this.clock = clock;
    }

    Session session() {
        return session;
    }

    /** Commits the media of one tick: all audio but now and then a slot, a frame every other tick, text every fifth. */
    void feed(final long tick) {
        if (Modality.AUDIO.in(modalities)) {
            for (int i = 0; i < 4; i++) {
                audio(tick, i);
            }
        }
        if (Modality.VIDEO.in(modalities) && tick % 2 == 0) {
            frame(tick);
        }
        if (Modality.TEXT.in(modalities) && tick % 5 == 0) {
            session.text().offer(text, clock.nanoTime());
        }
    }

    private void audio(final long tick, final int i) {
        if (tick % 7 == 3 && i == 2) {
            session.audio().skip(1);
            return;
        }
        final MemorySegment slot = session.audio().claim();
        for (int n = 0; n < AudioInput.SLOT_SAMPLES; n++) {
            final long mixed = ((tick * 4 + i) * 800 + n + seed * 7919) * 0x9E3779B97F4A7C15L;
            final float sample = (mixed >> 40) * 0x1p-24f * ((tick + seed) % 5);
            slot.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, n, sample);
        }
        session.audio().commit(clock.nanoTime());
    }

    private void frame(final long tick) {
        final MemorySegment slot = session.video().claim();
        final int bytes = session.video().height() * session.video().width() * 3;
        for (int n = 0; n < bytes; n++) {
            slot.set(ValueLayout.JAVA_BYTE, n, (byte) ((n * (tick + 1) + seed * 31) >> 2));
        }
        session.video().commit(clock.nanoTime());
    }
}
