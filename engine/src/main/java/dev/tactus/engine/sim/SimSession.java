package dev.tactus.engine.sim;

import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.TickRecord;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.agrona.DirectBuffer;

/** A session of the run: the engine's handle, what its checkers expect of it, and what it put out. */
final class SimSession implements SessionHandler {
    /** Three ticks of 50 ms slots, and the left context. */
    static final int AUDIO_SLOTS = 13;

    /** Three ticks of six frames, and the one that is shown. */
    static final int VIDEO_SLOTS = 19;

    /** Three ticks of four chunks. */
    static final int TEXT_SLOTS = 12;

    private static final int[] SLOTS = {AUDIO_SLOTS, VIDEO_SLOTS, TEXT_SLOTS};

    /** An event that the consumer is to hear. */
    private record Expected(long tick, long output, long silent, int reason, int samples, int interruptions) {
        boolean speaks() {
            return samples > 0;
        }
    }

    /** Interruptions that are told apart while events wait. */
    private static final int INTERRUPTIONS = 64;

    /** Samples of a tick at 16 kHz. */
    private static final int TICK_SAMPLES = 3_200;

    /** Events that a consumer may leave unread before any is lost. */
    private static final int EVENTS = 64;

    /** Ticks of speech that it may. */
    private static final int SPEECH = 31;

    final Session engineSession;
    final SessionSpec spec;
    final int number;
    final long openedFromNs;
    final long openedToNs;
    final SeatOracle seat;
    final SlotOracle[] slots = new SlotOracle[Modality.COUNT];
    final int[] inRing = new int[Modality.COUNT];
    final List<LoneTick> ticks = new ArrayList<>();

    /** Whether the loop has its seat: from the drain of OPEN to the end. */
    boolean seated;

    /** Whether the loop ended it. */
    boolean ended;

    /** Whether its index may be taken by another one. */
    boolean over;

    /** What a seal has still to do with it: {@link #NOTHING}, {@link #TICK} or {@link #END}. */
    int due;

    /** Why the loop must end it now; null while it must not. */
    EndReason mustEnd;

    long previousEmitNs;
    LoneTick inFlight;

    /** The last output of its last tick, which the next one is to begin with; -1 for none. */
    int pending = -1;

    /** The stamp of the 50 ms before its next tick, and of the frame shown last; 0 for none. */
    long leftStamp;

    long frameStamp;

    /** The position of its next row. */
    long nextPosition;

    /** What is to be done from inside its next event; null for nothing. */
    Runnable inHandler;

    static final int NOTHING = 0;
    static final int TICK = 1;
    static final int END = 2;
    static final int PERHAPS = 3;

    private final Checks checks;
    private final EventHash log;
    private final int[] reading = new int[TickRecord.AUDIO_POSITIONS + 3];
    private final Deque<Expected> expected = new ArrayDeque<>();
    private int unreadSpeech;
    private final List<Long> heardUntil = new ArrayList<>();
    private int silencedUpTo;
    private long spokenUntil;
    private long takenBack;
    private EndReason endReason;
    private boolean abandoned;
    private boolean endHeard;

    SimSession(
            final Checks checks,
            final EventHash log,
            final Session engineSession,
            final SessionSpec spec,
            final int number,
            final long openedFromNs,
            final long openedToNs,
            final long[] counted,
            final int textInMax,
            final int textOutMax) {
        this.checks = checks;
        this.log = log;
        this.engineSession = engineSession;
        this.spec = spec;
        this.number = number;
        this.openedFromNs = openedFromNs;
        this.openedToNs = openedToNs;
        for (final Modality modality : Modality.values()) {
            if (modality.in(spec.modalities())) {
                openPool(modality);
            }
        }
        this.seat = new SeatOracle(checks, index(), spec.modalities(), slots, counted, textInMax, textOutMax);
    }

    /** A fresh pool gives its first slot first, and gives it again until it is committed. */
    private void openPool(final Modality modality) {
        final MemorySegment first = claim(modality);
        checks.that(first != null, Check.RETURNED, index(), "a fresh pool of " + modality + " slots", "none free");
        final int code = modality.code();
        slots[code] = new SlotOracle(checks, index(), modality, SLOTS[code], first.address());
        slots[code].claimed(first);
    }

    /** Slots of a modality's pool. */
    static int slots(final Modality modality) {
        return SLOTS[modality.code()];
    }

    MemorySegment claim(final Modality modality) {
        return switch (modality) {
            case AUDIO -> engineSession.audio().claim();
            case VIDEO -> engineSession.video().claim();
            case TEXT -> engineSession.text().claim();
        };
    }

    int index() {
        return engineSession.index();
    }

    int phase() {
        return engineSession.phase();
    }

    boolean has(final Modality modality) {
        return modality.in(spec.modalities());
    }

    /** Sealed to run: its slots are read until it is emitted. */
    void submitted(final DirectBuffer records, final int at, final LoneTick tick) {
        inFlight = tick;
        ticks.add(tick);
        for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
            reading[i] = TickRecord.audioSlot(records, at, i);
        }
        reading[TickRecord.AUDIO_POSITIONS] = TickRecord.audioLeft(records, at);
        final int frame = TickRecord.videoSlot(records, at);
        reading[TickRecord.AUDIO_POSITIONS + 1] = frame;
        reading[TickRecord.AUDIO_POSITIONS + 2] =
                frame == TickRecord.GAP ? frame : TickRecord.videoPrevious(records, at);
    }

    /** The engine gave a slot back: right only when the tick that reads it is over. */
    void released(final int modality, final int slot) {
        final int from = modality == Modality.AUDIO.code() ? 0 : TickRecord.AUDIO_POSITIONS + 1;
        final int to = modality == Modality.AUDIO.code() ? TickRecord.AUDIO_POSITIONS + 1 : reading.length;
        for (int i = from; inFlight != null && modality != Modality.TEXT.code() && i < to; i++) {
            if (reading[i] == slot) {
                checks.fail(
                        Check.SLOTS,
                        index(),
                        Modality.of(modality) + " slot " + slot + " until session tick " + inFlight.tick
                                + " is complete",
                        "it given back before");
            }
        }
        slots[modality].released(slot);
    }

    /** A tick was put out, or lost because the consumer is slow. */
    void emitted(
            final long tick,
            final long output,
            final long silent,
            final int reason,
            final int samples,
            final boolean lost) {
        if (samples > 0) {
            spokenUntil = speechEnd(tick, samples);
        }
        if (lost) {
            lost(tick, samples > 0);
        } else {
            expected.add(new Expected(tick, output, silent, reason, samples, seat.interruptions));
            unreadSpeech += samples > 0 ? 1 : 0;
        }
    }

    /** Where a tick's speech ends on the session's timeline: it is heard from the end of the tick on. */
    static long speechEnd(final long tick, final int samples) {
        return (tick + 1) * TICK_SAMPLES + samples;
    }

    /** Where ends what it said so far; 0 when it has said nothing. */
    long spokenUntil() {
        return spokenUntil;
    }

    private void lost(final long tick, final boolean speaks) {
        if (expected.size() < EVENTS && !(speaks && unreadSpeech >= SPEECH)) {
            checks.fail(
                    Check.QUEUES,
                    index(),
                    "room for session tick " + tick + " beside " + expected.size() + " events, " + unreadSpeech
                            + " of them with speech, that nobody has read",
                    "it lost");
        }
    }

    /** The loop ended it. */
    void ended(final EndReason reason) {
        ended = true;
        seated = false;
        endReason = reason;
        over |= abandoned;
    }

    /** Its listener is interrupted, and nobody knows how far it heard: nothing of what waits to be polled. */
    void interrupt() {
        heardUntil.add(Long.MIN_VALUE);
        silencedUpTo = heardUntil.size();
        engineSession.interrupted();
    }

    /** Its listener is interrupted, and heard up to there. */
    void heardUntil(final long sample) {
        heardUntil.add(sample);
        engineSession.heardUntil(sample);
    }

    /**
     * Whether the speech of an event that is polled now is taken back: the first interruption after it was said tells
     * how much of it was heard, for that settles it. One that does not say takes back whatever still waits, and so do
     * very many.
     */
    private boolean isTakenBack(final Expected event) {
        if (!event.speaks() || event.interruptions() >= heardUntil.size()) {
            return false;
        }
        return event.interruptions() < silencedUpTo
                || heardUntil.size() - event.interruptions() >= INTERRUPTIONS
                || heardUntil.get(event.interruptions()) < speechEnd(event.tick(), event.samples());
    }

    /** Events whose speech was taken back. */
    long takenBack() {
        return takenBack;
    }

    /** Its consumer goes away. */
    void abandon() {
        engineSession.abandon();
        abandoned = true;
        endHeard = true;
        over |= ended;
    }

    /** Its engine was closed: what waits is lost, the end comes at once. */
    void retired() {
        expected.clear();
        if (!ended) {
            ended(EndReason.CLOSED);
        }
        if (!endHeard) {
            engineSession.poll(this);
            checks.that(endHeard, Check.EVENTS, index(), "the end of a session whose engine was closed", "nothing");
        }
        over = true;
    }

    /** Polls until nothing waits; after the end it is over. */
    void poll() {
        if (endHeard) {
            return;
        }
        int heard = 1;
        while (heard > 0 && !endHeard) {
            heard = engineSession.poll(this);
        }
        over |= ended && endHeard;
    }

    @Override
    public void onTick(final TickEvent event) {
        final Expected next = expected.poll();
        if (next == null) {
            checks.fail(Check.EVENTS, index(), "no event", "one of session tick " + event.tick());
            return;
        }
        unreadSpeech -= next.speaks() ? 1 : 0;
        final boolean dropped = isTakenBack(next);
        takenBack += dropped ? 1 : 0;
        checks.equal(
                Check.EVENTS,
                index(),
                "speech that waits taken back by an interruption",
                next.tick(),
                dropped ? 1 : 0,
                event.speechDropped() ? 1 : 0);
        checks.equal(Check.EVENTS, index(), "the event of session tick", next.tick(), event.tick());
        checks.equal(
                Check.EVENTS,
                index(),
                "the hash of the output",
                next.tick(),
                dropped ? next.silent() : next.output(),
                OutputHash.of(event, spec.logProbabilities()));
        checks.equal(
                Check.EVENTS,
                index(),
                "the reason",
                next.tick(),
                next.reason(),
                event.reason().code());
        checks.equal(
                Check.EVENTS,
                index(),
                "the row of session tick",
                next.tick(),
                LedgerRow.tick(event.row(), event.rowOffset()));
        log.add(EventHash.Kind.HEARD, number, next.output());
        final Runnable action = inHandler;
        inHandler = null;
        if (action != null) {
            action.run();
        }
    }

    @Override
    public void onEnd(final EndReason reason, final long lived) {
        checks.that(!endHeard, Check.EVENTS, index(), "one end", "a second one");
        checks.that(ended, Check.ENDS, index(), "an end after the loop ended it", "one before, " + reason);
        checks.equal(Check.EVENTS, index(), "events left at its end", 0, expected.size());
        checks.that(reason == endReason, Check.ENDS, index(), "the end " + endReason, String.valueOf(reason));
        final long complete = inFlight == null ? seat.nextTick : seat.nextTick - 1;
        checks.equal(Check.EVENTS, index(), "ticks at its end", complete, lived);
        endHeard = true;
        log.add(EventHash.Kind.END_HEARD, number, reason.code());
    }
}
