package dev.tactus.app.run;

import dev.tactus.engine.AudioInput;
import dev.tactus.engine.Session;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/** Puts media into one session's slots. What finds no room is dropped and counted; text waits instead. One thread. */
final class SessionFeed {
    private final Session session;
    private final Deque<int[]> waiting = new ArrayDeque<>();
    private long dropped;

    /** A feed for {@code session}, which stays the caller's. */
    SessionFeed(final Session session) {
        this.session = session;
    }

    /** The next 50 ms of sound. */
    void audio(final float[] samples, final long captureNs) {
        final AudioInput input = session.audio();
        final MemorySegment slot = input.claim();
        if (slot != null) {
            MemorySegment.copy(samples, 0, slot, ValueLayout.JAVA_FLOAT, 0, samples.length);
        }
        if (slot == null || !input.commit(captureNs)) {
            input.skip(1);
            dropped++;
        }
    }

    /** Passes over 50 ms pieces that came too late to be heard. */
    void skipAudio(final int slots) {
        session.audio().skip(slots);
    }

    /** A picture. */
    void frame(final Frame frame, final long captureNs) {
        final MemorySegment slot = session.video().claim();
        if (slot != null) {
            MemorySegment.copy(frame.rgb(), 0, slot, ValueLayout.JAVA_BYTE, 0, frame.rgb().length);
        }
        if (slot == null || !session.video().commit(captureNs)) {
            dropped++;
        }
    }

    /** Counts pictures that were left out because newer ones of the same tick follow. */
    void framesLeftOut(final int frames) {
        dropped += frames;
    }

    /** Text that is to be offered. */
    void text(final Chunk chunk) {
        if (chunk.ids().length > 0) {
            waiting.add(chunk.ids());
        }
    }

    /** Offers the text that waits, as far as there is room. */
    void offerText(final long captureNs) {
        while (!waiting.isEmpty()) {
            final int[] ids = waiting.peek();
            final int accepted = session.text().offer(ids, captureNs);
            waiting.remove();
            if (accepted < ids.length) {
                waiting.addFirst(Arrays.copyOfRange(ids, accepted, ids.length));
                return;
            }
        }
    }

    /** Media that found no room. */
    long dropped() {
        return dropped;
    }
}
