package dev.tactus.engine;

import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.engine.ledger.Stage;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.scheduler.SilenceReason;
import java.lang.foreign.MemorySegment;
import org.agrona.DirectBuffer;

/** One tick of a session, read in place from its ring. Reused for every tick: valid during the handler's call only. */
public final class TickEvent {
    /** Stands in the place of a token id for a block of speech. */
    public static final int BLOCK = TickOutput.BLOCK;

    /** Samples by which speech is later than the blocks that it is made of: 45 ms. */
    public static final int SPEECH_DELAY_SAMPLES = Vocoder.DELAY_SAMPLES;

    private final OutputMachine machine;
    private final boolean logProbabilities;
    private final SpeechSlots slots;
    private DirectBuffer buffer;
    private int offset;
    private boolean speechDropped;

    TickEvent(final OutputMachine machine, final boolean logProbabilities, final SpeechSlots slots) {
        this.machine = machine;
        this.slots = slots;
        this.logProbabilities = logProbabilities;
    }

    TickEvent wrap(final DirectBuffer newBuffer, final int newOffset, final boolean dropsSpeech) {
        buffer = newBuffer;
        offset = newOffset;
        speechDropped = dropsSpeech;
        return this;
    }

    /** Where speech of a tick begins on the session's timeline: where the tick ends. */
    static long speechStartSample(final long tick) {
        return (tick + 1) * SpeechSlots.SLOT_SAMPLES;
    }

    /** Session tick, from 0. */
    public long tick() {
        return EgressRecord.number(buffer, offset);
    }

    /** Why nothing was put out; {@link SilenceReason#NONE} when something was. */
    public SilenceReason reason() {
        return SilenceReason.of(EgressRecord.reason(buffer, offset));
    }

    /** Output positions, control tokens and blocks of speech included. */
    public int tokens() {
        return EgressRecord.count(buffer, offset);
    }

    /** Token id at output position {@code i}, or {@link #BLOCK}. */
    public int tokenId(final int i) {
        return EgressRecord.tokenId(buffer, offset, i);
    }

    /**
     * The log-probability of the token at output position {@code i}, by {@link dev.tactus.kernel.LogProbability}: under
     * all logits of the unpadded vocabulary as the model gave them, before the mask of the output machine and before
     * temperature, top-k and top-p. It is, to the bit, what a trainer computes for the same sequence with the same
     * weights in the EXACT class; a policy loss therefore compares the unmasked distributions, not what was drawn from.
     *
     * @return at most 0, never NaN; 0 for a block of speech, which is not drawn
     * @throws IllegalStateException when the session did not ask for it
     */
    public float logProbability(final int i) {
        if (!logProbabilities) {
            throw new IllegalStateException(
                    "the session did not ask for log-probabilities: open it with SessionSpec.withLogProbabilities()");
        }
        return EgressRecord.logProbability(buffer, offset, i);
    }

    /** Whether position {@code i} is a caption: text of what the user said. */
    public boolean isCaption(final int i) {
        return isText(i) && EgressRecord.drawnIn(buffer, offset, i) == OutputMachine.HEAR;
    }

    /** Whether position {@code i} is text that the model says. */
    public boolean isSpoken(final int i) {
        return isText(i) && EgressRecord.drawnIn(buffer, offset, i) == OutputMachine.SPEAK;
    }

    /** Whether the tick speaks: four blocks of speech end it. */
    public boolean isSaying() {
        return tokens() > 0 && tokenId(tokens() - 1) == BLOCK;
    }

    /**
     * Samples of {@link #speech()} that this tick brings: 3200 where it speaks, 1600 in the tick after speech ended, 0
     * else, and 0 when it was dropped ({@link #speechDropped()}). They follow those of the tick before without a gap
     * and are to be heard from the end of the tick on, at {@link #speechStartSample()} (when ticks were skipped between
     * the two, what the vocoder held back is heard that much later).
     *
     * <p>The sound is {@link #SPEECH_DELAY_SAMPLES} later than the blocks, for the vocoder waits for what follows
     * before it settles a frame; what it then holds back comes in the tick after. Speech that a session ends in loses
     * these 45 ms.
     */
    public int speechSamples() {
        return speechDropped ? 0 : EgressRecord.samples(buffer, offset);
    }

    /**
     * Whether the tick spoke and its speech was taken back: the listener was interrupted ({@link Session#heardUntil},
     * {@link Session#interrupted}) before this event was polled. Its text stands; the model is told that not all of it
     * was heard.
     */
    public boolean speechDropped() {
        return speechDropped;
    }

    /**
     * The place of the tick's speech on the session's timeline, in samples at 16 kHz since its tick 0 began: (tick + 1)
     * · 3200. It follows from the tick alone, so speech is never later than its text, and delay cannot add up over a
     * session: a consumer plays a tick's speech at this place of its own clock. Where it is behind it leaves the
     * samples out that should have sounded already; where nothing is due there is silence.
     */
    public long speechStartSample() {
        return speechStartSample(tick());
    }

    /**
     * The speech of the tick, where the device wrote it: float32 samples at 16 kHz, at most 1 in size, the first
     * {@link #speechSamples()} of the segment. It is read-only, and what it holds is another tick's after the handler's
     * call.
     *
     * @throws IllegalStateException when there is none
     */
    public MemorySegment speech() {
        if (speechSamples() == 0) {
            throw new IllegalStateException("tick " + tick() + " brings no speech: ask speechSamples() first");
        }
        return slots.segment(EgressRecord.slot(buffer, offset));
    }

    private boolean isText(final int i) {
        if (tokenId(i) == BLOCK) {
            return false;
        }
        final int drawnIn = EgressRecord.drawnIn(buffer, offset, i);
        return drawnIn != OutputMachine.START && !machine.isControl(tokenId(i));
    }

    /** Duration of a stage, ns. */
    public long stageNs(final Stage stage) {
        return LedgerRow.stageNs(buffer, offset + EgressRecord.ROW, stage);
    }

    /** From the oldest capture to the emit, ns. */
    public long wallNs() {
        return LedgerRow.wallNs(buffer, offset + EgressRecord.ROW);
    }

    /** What no stage accounts for, ns. */
    public long unattributedNs() {
        return LedgerRow.unattributedNs(buffer, offset + EgressRecord.ROW);
    }

    /** The buffer with the tick's {@link LedgerRow}. */
    public DirectBuffer row() {
        return buffer;
    }

    /** Where in {@link #row()} the ledger row lies. */
    public int rowOffset() {
        return offset + EgressRecord.ROW;
    }
}
