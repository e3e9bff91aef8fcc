package dev.tactus.scenario.eval;

import dev.tactus.engine.AudioInput;
import dev.tactus.engine.Engine;
import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.video.Letterbox;
import dev.tactus.engine.video.RgbFrame;
import dev.tactus.scenario.Episode;
import dev.tactus.scenario.language.Vocabulary;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.Modality;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * One session at a time of a stepped engine, and what it is given: before every beat {@link #feed}, after it
 * {@link #poll}. A tick that the engine would skip is held and gets no input: that leaves the same positions in the
 * context, {@code <tick>}, gaps and {@code <quiet>}. One thread.
 */
final class Lane implements SessionHandler {
    private final Engine engine;
    private final String adapter;
    private final int sayId;
    private final float[] slot = new float[Episode.SLOT_SAMPLES];
    private final byte[] frame = new byte[Episode.FRAME_BYTES];
    private final RgbFrame picture = new RgbFrame(Episode.FRAME_COLUMNS, Episode.FRAME_ROWS);
    private Letterbox letterbox;
    private Session session;
    private boolean sees;
    private boolean closing;
    private boolean held;
    private boolean cut;
    private Stimulus stimulus;
    private List<ModelTick> ticks = new ArrayList<>();
    private EndReason ended;
    private long clockNs;

    /**
     * A lane without a session.
     *
     * @param adapter of its sessions, or {@link SessionSpec#BASE}
     * @param sayId what opens speech
     */
    Lane(final Engine engine, final String adapter, final int sayId) {
        this.engine = engine;
        this.adapter = adapter;
        this.sayId = sayId;
    }

    /** Whether a session is open that could be given something. */
    boolean isOpen() {
        return session != null && !closing;
    }

    /** Whether nothing is open, so that a session can be. */
    boolean isFree() {
        return session == null;
    }

    /** Whether the open session sees. */
    boolean sees() {
        return sees;
    }

    /** Whether a stimulus is under way. */
    boolean isBusy() {
        return stimulus != null;
    }

    /** Opens a session, greedy, that hears and reads, and may see. */
    void open(final boolean video, final long seed) {
        final SessionSpec spec = video
                ? SessionSpec.of(Modality.AUDIO, Modality.VIDEO, Modality.TEXT)
                : SessionSpec.of(Modality.AUDIO, Modality.TEXT);
        open(spec.withSeed(seed).withAdapter(adapter));
    }

    /** Opens a session that hears and reads. */
    void open(final SessionSpec spec) {
        session = engine.open(spec);
        sees = Modality.VIDEO.in(spec.modalities());
        if (sees) {
            letterbox = new Letterbox(session.video().width(), session.video().height());
        }
        held = false;
        ended = null;
    }

    /** Ends the session; it is gone after the next beat. */
    void close() {
        session.close();
        closing = true;
    }

    /**
     * Begins a stimulus.
     *
     * @throws IllegalStateException if it has pictures and the session does not see, or the other way round
     */
    void begin(final Stimulus next) {
        if (next.hasVideo() != sees) {
            throw new IllegalStateException("a stimulus " + (next.hasVideo() ? "with" : "without")
                    + " pictures for a session that " + (sees ? "sees" : "does not see") + ": expected one "
                    + (sees ? "with" : "without"));
        }
        stimulus = next;
        ticks = new ArrayList<>();
    }

    /** The next tick's input. */
    void feed() {
        if (stimulus == null) {
            return;
        }
        final int tick = ticks.size();
        final boolean skipped = stimulus.isSkipped(tick);
        if (skipped != held) {
            session.hold(skipped);
            held = skipped;
        }
        cut = stimulus.isCut(tick, ticks);
        if (cut) {
            session.interrupted();
        }
        clockNs++;
        audio(tick);
        if (sees && stimulus.hasFrame(tick)) {
            frame(tick);
        }
        final int[] ids = stimulus.textIds(tick);
        if (session.text().offer(ids, clockNs) < ids.length) {
            throw new IllegalStateException("tick " + tick + ": no room for " + ids.length + " ids of text");
        }
    }

    private void audio(final int tick) {
        final AudioInput input = session.audio();
        for (int i = 0; i < Episode.SLOTS_PER_TICK; i++) {
            if (!stimulus.hasAudio(tick, i)) {
                input.skip(1);
                continue;
            }
            final MemorySegment target = input.claim();
            if (target == null) {
                throw new IllegalStateException("tick " + tick + ": no room for 50 ms of sound");
            }
            stimulus.copyAudio(tick, i, slot);
            MemorySegment.copy(slot, 0, target, ValueLayout.JAVA_FLOAT, 0, slot.length);
            if (!input.commit(clockNs)) {
                throw new IllegalStateException("tick " + tick + ": 50 ms of sound were refused");
            }
        }
    }

    private void frame(final int tick) {
        final MemorySegment target = session.video().claim();
        if (target == null) {
            throw new IllegalStateException("tick " + tick + ": no room for a frame");
        }
        stimulus.copyFrame(tick, frame);
        System.arraycopy(frame, 0, picture.pixels(), 0, frame.length);
        letterbox.draw(picture, target.address());
        if (!session.video().commit(clockNs)) {
            throw new IllegalStateException("tick " + tick + ": a frame was refused");
        }
    }

    /**
     * Takes what the beat brought.
     *
     * @return the ticks of the stimulus when it is over, else null
     */
    List<ModelTick> poll() {
        if (session == null) {
            return null;
        }
        final int before = ticks.size();
        session.poll(this);
        if (closing) {
            if (ended != null) {
                session = null;
                closing = false;
            }
            return null;
        }
        if (ended != null || stimulus != null && ticks.size() != before + 1) {
            throw new IllegalStateException("tick " + before + ": the session "
                    + (ended == null ? "put out " + (ticks.size() - before) + " ticks: expected 1" : "ended " + ended));
        }
        if (stimulus == null || ticks.size() < stimulus.ticks()) {
            return null;
        }
        stimulus = null;
        return ticks;
    }

    @Override
    public void onTick(final TickEvent event) {
        if (stimulus == null) {
            return;
        }
        final List<String> hear = new ArrayList<>();
        final List<String> speak = new ArrayList<>();
        boolean say = false;
        for (int i = 0; i < event.tokens(); i++) {
            if (event.isCaption(i)) {
                hear.add(word(event.tokenId(i)));
            } else if (event.isSpoken(i)) {
                speak.add(word(event.tokenId(i)));
            } else {
                say |= event.tokenId(i) == sayId;
            }
        }
        ticks.add(new ModelTick(hear, speak, say, cut, TickSpeech.of(event)));
    }

    @Override
    public void onEnd(final EndReason reason, final long lived) {
        ended = reason;
    }

    private static String word(final int id) {
        final int number = id - Vocabulary.FIRST_WORD_ID;
        return number >= 0 && number < Vocabulary.all().size() ? Vocabulary.word(id) : "<" + id + '>';
    }
}
