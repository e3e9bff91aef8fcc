package dev.tactus.bench.stress;

import dev.tactus.engine.AudioInput;
import dev.tactus.engine.Session;
import dev.tactus.memory.OffHeap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Supplier;

/**
 * A round on a whole engine: its own while the round lasts. Rounds are thousands of times slower than those of a
 * {@link StressLoop}, and their engines live outside the heap, where jcstress does not look when it chooses how many it
 * makes: they are run a few at a time.
 */
class EngineRound {
    /** Of a tick's speech, every so many samples are written and looked at. */
    static final int SAMPLE_STEP = 100;

    private static final int LAST = AudioInput.SLOT_SAMPLES * Float.BYTES - Long.BYTES;

    /** The engine. */
    protected final StressEngine engine;

    private volatile boolean sending;

    /** A round on an engine that nobody uses. */
    EngineRound() {
        this(StressEngine::take);
    }

    EngineRound(final Supplier<StressEngine> engines) {
        engine = engines.get();
    }

    /**
     * Told by an actor before and after it offers something to the ring. Within an offer it may lose its processor, and
     * nothing that was offered behind it is drained until it has it again.
     */
    void sending(final boolean isSending) {
        sending = isSending;
    }

    /** Waits until the other actor is not within an offer: what the caller has offered, the next beat drains. */
    void awaitSent() {
        for (int i = 0; sending; i++) {
            Pause.once(i);
        }
    }

    /** Ends a session and gives the engine back. The arbiter. */
    void finish(final Session session) {
        engine.end(session);
        engine.giveBack();
    }

    /** Writes {@code mark} at both ends of a slot of audio. */
    static void write(final MemorySegment slot, final long mark) {
        slot.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, mark);
        slot.set(ValueLayout.JAVA_LONG_UNALIGNED, LAST, mark);
    }

    /** What stands at both ends of a slot; -1 when they differ. */
    static long written(final long address) {
        final long mark = OffHeap.getLong(address);
        return OffHeap.getLong(address + LAST) == mark ? mark : -1;
    }
}
