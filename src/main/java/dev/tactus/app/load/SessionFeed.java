package dev.tactus.app.load;

import dev.tactus.engine.AudioInput;
import dev.tactus.engine.Engine;
import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.kernel.Philox;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.TickRecord;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One session under load: commits the media of a tick, then polls what the tick put out and checks that it had the rows
 * and decode passes it was meant to have.
 *
 * <p>One thread feeds and polls. Neither allocates.
 */
public final class SessionFeed implements SessionHandler, AutoCloseable {
    private static final int SAMPLE_BYTES = AudioInput.SLOT_SAMPLES * Float.BYTES;

    /** A purpose of {@link Philox} that no engine draws for. */
    private static final int MEDIA = 100;

    private static final int HEARD = 0;
    private static final int SEEN = 1;
    private static final float MIDDLE = 0.5f;

    private final Engine engine;
    private final TickShape shape;
    private final Session session;
    private final long openedFromNs;
    private final long openedToNs;
    private final float[] samples = new float[2 * AudioInput.SLOT_SAMPLES];
    private final byte[] pixels;
    private final int frameBytes;
    private final int[] textIds;
    private final boolean exact;
    private SessionHandler reader;
    private EndReason end;
    private long refused;
    private long fed;
    private long ticks;
    private long position;

    /**
     * Opens a session held to the script of {@code shape}.
     *
     * @param seed of its media and draws
     */
    public SessionFeed(final Engine engine, final TickShape shape, final long seed) {
        this(engine, shape, seed, true);
    }

    /**
     * Opens a session.
     *
     * @param exact whether every tick must be as the shape says; else a tick may be skipped or cut short, media
     *     refused, and the session end
     */
    public SessionFeed(final Engine engine, final TickShape shape, final long seed, final boolean exact) {
        this.engine = engine;
        this.shape = shape;
        this.exact = exact;
        this.textIds = shape.textIds();
        final SessionSpec spec = new SessionSpec(shape.modalities(), seed, SamplingParameters.GREEDY, shape.script());
        this.openedFromNs = System.nanoTime();
        this.session = engine.open(spec);
        this.openedToNs = System.nanoTime();
        final int[] noise = noise(seed, HEARD, samples.length);
        for (int i = 0; i < samples.length; i++) {
            samples[i] = Philox.uniform(noise[i]) - MIDDLE;
        }
        final boolean sees = Modality.VIDEO.in(shape.modalities());
        frameBytes = sees ? session.video().height() * session.video().width() * 3 : 0;
        pixels = new byte[2 * frameBytes];
        final int[] pixelNoise = noise(seed, SEEN, Math.ceilDiv(pixels.length, Integer.BYTES));
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (pixelNoise[i / Integer.BYTES] >>> i % Integer.BYTES * Byte.SIZE);
        }
    }

    /** At least so many words. */
    private static int[] noise(final long seed, final int what, final int count) {
        final int[] words = new int[Philox.WORDS_PER_DRAW];
        final int[] noise = new int[Math.ceilDiv(count, words.length) * words.length];
        for (int i = 0; i < noise.length; i += words.length) {
            Philox.words(seed, what, 0, i / words.length, MEDIA, words);
            System.arraycopy(words, 0, noise, i, words.length);
        }
        return noise;
    }

    /** Commits what the next tick hears, sees and reads, as captured now. */
    public void feed() {
        feed(System.nanoTime(), 0);
    }

    /**
     * Commits what the next tick hears, sees and reads.
     *
     * @param capturedNs when the last of it was captured
     * @param slotNs how much earlier each 50 ms of sound was than the next
     */
    public void feed(final long capturedNs, final long slotNs) {
        if (Modality.AUDIO.in(shape.modalities())) {
            for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
                hear(session.audio().claim(), capturedNs - (TickRecord.AUDIO_POSITIONS - 1 - i) * slotNs);
            }
        }
        if (Modality.VIDEO.in(shape.modalities())) {
            final MemorySegment slot = session.video().claim();
            if (hasRoom(slot != null)) {
                // another part of the same noise in every tick: two frames in a row are never equal
                MemorySegment.copy(pixels, (int) (fed % frameBytes), slot, ValueLayout.JAVA_BYTE, 0, frameBytes);
                hasRoom(session.video().commit(capturedNs));
            }
        }
        if (textIds.length > 0) {
            hasRoom(session.text().offer(textIds, capturedNs) == textIds.length);
        }
        fed++;
    }

    private void hear(final MemorySegment slot, final long capturedNs) {
        if (!hasRoom(slot != null)) {
            session.audio().skip(1);
            return;
        }
        final int from = (int) (fed % AudioInput.SLOT_SAMPLES);
        MemorySegment.copy(samples, from, slot, ValueLayout.JAVA_FLOAT, 0, SAMPLE_BYTES / Float.BYTES);
        if (!hasRoom(session.audio().commit(capturedNs))) {
            session.audio().skip(1);
        }
    }

    private boolean hasRoom(final boolean there) {
        refused += there ? 0 : 1;
        if (!there && exact) {
            throw new IllegalStateException(
                    "session " + session.index() + " refused the media of tick " + ticks
                            + ": slots or ring are full, or it has ended",
                    engine.failure());
        }
        return there;
    }

    /**
     * Hands the ticks that were put out to {@code handler}.
     *
     * @throws IllegalStateException when a tick had other rows or passes than the shape says, or the session has ended
     */
    public void poll(final SessionHandler handler) {
        reader = handler;
        session.poll(this);
    }

    @Override
    public void onTick(final TickEvent event) {
        final int rows = LedgerRow.rows(event.row(), event.rowOffset());
        // nothing is fed back into the first tick
        final int expected = ticks == 0 ? shape.rows() - 1 : shape.rows();
        if (exact && (rows != expected || event.tokens() != shape.outputs())) {
            throw new IllegalStateException(String.format(
                    "tick %d of session %d had %d rows and %d outputs: expected %d and %d",
                    event.tick(), session.index(), rows, event.tokens(), expected, shape.outputs()));
        }
        ticks++;
        position += rows + Math.max(0, event.tokens() - 1);
        reader.onTick(event);
    }

    @Override
    public void onEnd(final EndReason reason, final long lived) {
        end = reason;
        if (!exact) {
            return;
        }
        throw new IllegalStateException(
                "session " + session.index() + " ended as " + reason + " after " + lived + " ticks", engine.failure());
    }

    /** The session that is fed. */
    public Session session() {
        return session;
    }

    /** When it began to be opened. */
    long openedFromNs() {
        return openedFromNs;
    }

    /** When it was open. */
    long openedToNs() {
        return openedToNs;
    }

    /** Why it ended; null while it has not, or its end was not polled. */
    public EndReason end() {
        return end;
    }

    /** Media that the session refused. */
    public long refused() {
        return refused;
    }

    /** Ticks polled. */
    public long ticks() {
        return ticks;
    }

    /** Positions in the session's sequence so far. */
    public long position() {
        return position;
    }

    /** Gives the session up; it ends at the next seal. */
    @Override
    public void close() {
        session.abandon();
    }
}
