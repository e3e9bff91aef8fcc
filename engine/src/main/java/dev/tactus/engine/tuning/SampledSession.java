package dev.tactus.engine.tuning;

import dev.tactus.engine.Engine;
import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.TickEvent;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.TickRecord;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A prompt on its way through an engine: fed before each tick, read after it. One thread. */
final class SampledSession implements SessionHandler {
    private final int number;
    private final Prompt prompt;
    private final SessionSpec spec;
    private final List<MicroTurn> turns = new ArrayList<>();
    private final List<Float> logProbabilities = new ArrayList<>();
    private Session session;
    private boolean ended;

    SampledSession(final int number, final Prompt prompt, final SamplingParameters sampling, final String adapter) {
        this.number = number;
        this.prompt = prompt;
        this.spec = new SessionSpec(prompt.modalities(), prompt.seed(), sampling)
                .withAdapter(adapter)
                .withLogProbabilities();
    }

    void open(final Engine engine) {
        session = engine.open(spec);
    }

    /** Commits what the next tick brings in; closes the session after its last one. */
    void feed() {
        if (ended) {
            return;
        }
        if (turns.size() == prompt.ticks()) {
            session.close();
            return;
        }
        final TurnInput input = prompt.input(turns.size());
        if (input.cut()) {
            session.interrupted();
        }
        if (Modality.AUDIO.in(prompt.modalities())) {
            feedAudio(input);
        }
        if (input.frame() != null) {
            final MemorySegment slot = claimed(session.video().claim());
            MemorySegment.copy(input.frame(), 0, slot, ValueLayout.JAVA_BYTE, 0, input.frame().length);
            accepted(session.video().commit(0));
        }
        if (input.text().length > 0) {
            accepted(session.text().offer(input.text(), 0) == input.text().length);
        }
    }

    private void feedAudio(final TurnInput input) {
        for (final AudioSlot slot : input.audio()) {
            if (slot instanceof AudioSlot.Samples sound) {
                final MemorySegment memory = claimed(session.audio().claim());
                MemorySegment.copy(sound.samples(), 0, memory, ValueLayout.JAVA_FLOAT, 0, sound.samples().length);
                accepted(session.audio().commit(0));
            } else {
                session.audio().skip(1);
            }
        }
        session.audio().skip(TickRecord.AUDIO_POSITIONS - input.audio().size());
    }

    private MemorySegment claimed(final MemorySegment slot) {
        accepted(slot != null);
        return slot;
    }

    private void accepted(final boolean taken) {
        if (!taken) {
            throw new IllegalStateException("prompt " + number + ", turn " + turns.size()
                    + ": the engine has no room for its media, which every tick takes");
        }
    }

    /** Reads what came out; returns whether the session lives. */
    boolean poll() {
        if (!ended) {
            session.poll(this);
        }
        return !ended;
    }

    @Override
    public void onTick(final TickEvent event) {
        final int[] drawn = new int[event.tokens()];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = event.tokenId(i);
            logProbabilities.add(event.logProbability(i));
        }
        if (drawn.length > 0) {
            turns.add(MicroTurn.of(prompt.input(turns.size()), drawn));
        }
    }

    @Override
    public void onEnd(final EndReason reason, final long ticks) {
        ended = true;
        if (reason != EndReason.CLOSED) {
            throw new TrainingException("prompt " + number + ", turn " + turns.size() + ": the session ended as "
                    + reason + ": expected finite logits, and " + prompt.ticks() + " turns");
        }
    }

    /** What was sampled, once the session has ended. */
    Rollout rollout(final TurnMemory memory, final TokenWeights weights) {
        final MicroTurnSequence sequence = memory.sequence(prompt.modalities(), weights);
        turns.forEach(sequence::add);
        final float[] drawn = new float[logProbabilities.size()];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = logProbabilities.get(i);
        }
        return new Rollout(prompt, turns, drawn, sequence.build().sampled(drawn, new float[drawn.length]));
    }
}
