package dev.tactus.engine;

import dev.tactus.engine.model.OutputMachine;
import dev.tactus.scheduler.IngressRecord;
import dev.tactus.scheduler.IngressRing;
import dev.tactus.scheduler.Modality;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.NanoClock;

/**
 * A live session: inputs per modality, controls, and a ring of what comes out.
 *
 * <p>One thread produces per modality, one thread polls; controls may come from any. A control takes effect at the next
 * seal. Closing is asynchronous: the tick in flight ends first.
 */
public final class Session implements AutoCloseable {
    private static final int POLL_LIMIT = 16;

    /** Two seconds, ten beats: a loop that lives has drained the ring by then. */
    private static final int OFFER_ATTEMPTS = 2_000;

    private static final long OFFER_PARK_NS = 1_000_000;

    /** Interruptions that are told apart while speech waits to be polled; after so many, none of it was heard. */
    private static final int INTERRUPTIONS = 64;

    private final SessionState state;
    private final int generation;
    private final int phase;
    private final IngressRing ingress;
    private final NanoClock clock;
    private final AudioInput audio;
    private final VideoInput video;
    private final TextInput text;
    private final TickEvent event;
    private final MessageHandler onMessage = this::onMessage;
    private final AtomicLongArray heardUntil = new AtomicLongArray(INTERRUPTIONS);
    private volatile int interruptions;
    private volatile int silencedUpTo;
    private SessionHandler handler;
    private boolean endSeen;
    private boolean polling;

    Session(
            final SessionState state,
            final IngressRing ingress,
            final NanoClock clock,
            final OutputMachine machine,
            final int frameHeight,
            final int frameWidth,
            final int vocabulary) {
        this.state = state;
        this.generation = state.generation;
        this.phase = state.slot;
        this.ingress = ingress;
        this.clock = clock;
        this.event = new TickEvent(machine, state.logProbabilities, state.speech);
        final int declared = state.modalities;
        this.audio = Modality.AUDIO.in(declared) ? new AudioInput(state, ingress, clock) : null;
        this.video =
                Modality.VIDEO.in(declared) ? new VideoInput(state, ingress, clock, frameHeight, frameWidth) : null;
        this.text = Modality.TEXT.in(declared) ? new TextInput(state, ingress, clock, vocabulary) : null;
    }

    private static <T> T declared(final T input, final Modality modality) {
        if (input == null) {
            throw new IllegalStateException("the session did not declare " + modality + ": name it in its SessionSpec");
        }
        return input;
    }

    /** The session's index in its engine; reused once it ended. */
    public int index() {
        return state.index;
    }

    /** How often the index was used. */
    public int generation() {
        return generation;
    }

    /** The slot of the period in which it ticks, as long as it lives: {@link dev.tactus.scheduler.BeatGrid}. */
    public int phase() {
        return phase;
    }

    /** What it hears. */
    public AudioInput audio() {
        return declared(audio, Modality.AUDIO);
    }

    /** What it sees. */
    public VideoInput video() {
        return declared(video, Modality.VIDEO);
    }

    /** What it reads. */
    public TextInput text() {
        return declared(text, Modality.TEXT);
    }

    /**
     * Hands waiting ticks to {@code newHandler}, in order; returns how many. After the last one of an ended session
     * {@link SessionHandler#onEnd} is called once. When the engine was closed first, waiting ticks are lost and the end
     * comes at once. One thread.
     */
    public int poll(final SessionHandler newHandler) {
        if (endSeen) {
            return 0;
        }
        if (state.generation != generation) {
            // only an engine that closed takes the index away before the end was seen: its memory is gone
            endSeen = true;
            newHandler.onEnd(state.endReason, state.ticks);
            return 0;
        }
        final boolean ended = state.phase == SessionState.ENDED;
        handler = newHandler;
        polling = true;
        try {
            int read = state.egress.read(onMessage, POLL_LIMIT);
            // a read ends where the buffer does: what was written past the wrap takes a second one
            read += state.egress.read(onMessage, POLL_LIMIT - read);
            if (!endSeen && ended && state.egress.size() == 0) {
                endSeen = true;
                newHandler.onEnd(state.endReason, state.ticks);
            }
            return read;
        } finally {
            polling = false;
            // not before: another session would take the ring that is being read
            state.consumed |= endSeen;
        }
    }

    private void onMessage(final int type, final MutableDirectBuffer buffer, final int index, final int length) {
        event.wrap(buffer, index, isUnheard(buffer, index));
        try {
            if (!endSeen) {
                handler.onTick(event);
            }
        } finally {
            if (EgressRecord.samples(buffer, index) > 0) {
                state.speech.release();
            }
        }
    }

    /**
     * Whether the event has speech of before an interruption that the listener had not heard then: what is polled after
     * it cannot have been heard before. As for the model, the first interruption after the speech settles how far it
     * was heard; one that says nothing of that takes back all that waits.
     */
    private boolean isUnheard(final MutableDirectBuffer buffer, final int index) {
        final int samples = EgressRecord.samples(buffer, index);
        final int before = EgressRecord.interruptions(buffer, index);
        // the count first: whoever sees it sees the place that belongs to it
        if (samples == 0 || before - interruptions >= 0) {
            return false;
        }
        final long end = TickEvent.speechStartSample(EgressRecord.number(buffer, index)) + samples;
        final boolean unheard = end > heardUntil.get(before & INTERRUPTIONS - 1);
        // and once more: another interruption may have taken the place meanwhile
        return unheard || before - silencedUpTo < 0 || interruptions - before >= INTERRUPTIONS;
    }

    /** Whether the session has ended and its last event was polled. */
    public boolean isEnded() {
        return endSeen;
    }

    /** Records that were lost, with their speech, because the consumer was slower than the rings are long. */
    public long lostRecords() {
        return state.lostRecords;
    }

    /** Holds the session (it listens and stays quiet) or lets it go. */
    public void hold(final boolean held) {
        control(IngressRecord.HOLD, held ? 1 : 0);
    }

    /** Mutes the session (it may caption, not speak) or unmutes it. */
    public void mute(final boolean muted) {
        control(IngressRecord.MUTE, muted ? 1 : 0);
    }

    /**
     * Tells how far the listener heard, after an interruption: the user spoke, and the consumer stopped its
     * loudspeaker. What was said behind that place is taken back as unheard: ticks that wait to be polled bring their
     * text but no speech ({@link TickEvent#speechDropped()}), what the vocoder holds back is thrown away, and the
     * speech ends, since the model is told by {@code <cut>} in the next tick and has to begin anew to say more. Speech
     * of later ticks is an answer to that and is heard. When nothing was said behind that place, nothing of all this
     * happens. Each call is about what was said since the one before it, which has settled all that is older.
     *
     * @param sample the place on the session's timeline where hearing ended, in samples at 16 kHz since tick 0 began:
     *     {@link TickEvent#speechStartSample()} and what was played of that tick
     */
    public void heardUntil(final long sample) {
        if (sample < 0) {
            throw new IllegalArgumentException("heard until sample " + sample + ": expected 0 or more");
        }
        interrupt(IngressRecord.HEARD, sample, sample);
    }

    /**
     * {@link #heardUntil} for who does not know how far: the model is told in any case, and of the speech that waits to
     * be polled nothing is heard.
     */
    public void interrupted() {
        interrupt(IngressRecord.CUT, Long.MIN_VALUE, 1);
    }

    /** One at a time, so that the seal takes them in as they are numbered here. */
    private synchronized void interrupt(final int type, final long untilSample, final long value) {
        final int told = interruptions;
        final int silencedBefore = silencedUpTo;
        heardUntil.set(told & INTERRUPTIONS - 1, untilSample);
        silencedUpTo = type == IngressRecord.CUT ? told + 1 : silencedBefore;
        interruptions = told + 1;
        try {
            control(type, value);
        } catch (final IllegalStateException ex) {
            // no seal will ever take it in
            interruptions = told;
            silencedUpTo = silencedBefore;
            throw ex;
        }
    }

    /** No further generation after the current tick; the session ends as STOPPED. */
    public void stop() {
        control(IngressRecord.STOP, 0);
    }

    /** Ends the session at the next seal. What was put out before can still be polled. */
    @Override
    public void close() {
        if (state.generation == generation && state.phase == SessionState.LIVE) {
            control(IngressRecord.CLOSE, 0);
        }
    }

    /**
     * Says that nobody will poll any more: the index may be reused as soon as the session has ended. From inside a
     * handler, once {@link #poll} has returned; the ticks that it had before it are not told any more. The polling
     * thread.
     */
    public void abandon() {
        // once its end was seen the index may belong to another session
        if (!endSeen) {
            endSeen = true;
            state.consumed |= !polling;
            close();
        }
    }

    private void control(final int type, final long value) {
        if (state.generation == generation && state.phase == SessionState.LIVE) {
            offer(ingress, clock, type, state, generation, value);
        }
    }

    /**
     * Offers a control record. Control is rare and must not be lost: the ring has room again after the next seal, so a
     * full one is waited for.
     *
     * @throws IllegalStateException when it stays full: nobody drives the loop, or it is the caller who should
     */
    static void offer(
            final IngressRing ingress,
            final NanoClock clock,
            final int type,
            final SessionState state,
            final int generation,
            final long value) {
        for (int i = 0; i < OFFER_ATTEMPTS; i++) {
            if (ingress.offerControl(type, state.index, generation, clock.nanoTime(), value)) {
                return;
            }
            LockSupport.parkNanos(OFFER_PARK_NS);
        }
        throw new IllegalStateException("the ingress ring stays full at " + ingress.capacity() + " records: no beat is "
                + "sealed; call TickInvoker.tick(), or Engine.step() when stepped, between controls");
    }
}
