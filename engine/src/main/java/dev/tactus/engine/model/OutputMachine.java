package dev.tactus.engine.model;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.lang.foreign.MemorySegment;

/**
 * What a tick may put out (MODEL.md 2.3), as tables: states, the sampling mask of each, and transitions.
 *
 * <pre>
 *   START: &lt;quiet&gt; | &lt;hear&gt; | &lt;speak&gt; | &lt;say&gt; if talking
 *   HEAR:  text | &lt;speak&gt; | &lt;quiet&gt; | &lt;say&gt; if talking
 *   SPEAK: text | &lt;quiet&gt; | &lt;say&gt;
 *   SAY:   4 audio-out blocks, then the tick ends
 * </pre>
 *
 * When the text budget is used up only &lt;quiet&gt; and &lt;say&gt; remain. A held session has &lt;quiet&gt; alone; a
 * muted one may caption but neither speak nor say. A model without a voice never has &lt;say&gt;. Immutable; any
 * thread.
 */
public final class OutputMachine {
    /** Nothing drawn yet. */
    public static final int START = 0;
    /** Captions. */
    public static final int HEAR = 1;
    /** What the model says. */
    public static final int SPEAK = 2;
    /** Blocks of speech. */
    public static final int SAY = 3;
    /** The tick is over. */
    public static final int END = 4;

    /** The session may do what it likes. */
    public static final int FREE = 0;
    /** The session may caption, neither speak nor say. */
    public static final int MUTED = 1;
    /** The session is quiet. */
    public static final int HELD = 2;

    /** Blocks of speech of a tick that speaks. */
    public static final int SAY_BLOCKS = 4;

    private static final int STATES = 3;
    private static final int POLICIES = 3;

    private final InteractionConfig ids;
    private final boolean voice;
    private final int vocabulary;
    private final int words;
    private final long masks;

    /**
     * The machine of a model.
     *
     * @param model the vocabulary and the placeholder ids, which are never put out
     * @param ids the control tokens
     * @param voice whether the model has an audio head
     * @param arena where the masks lie
     */
    public OutputMachine(
            final ModelConfig model, final InteractionConfig ids, final boolean voice, final FreezableArena arena) {
        this.ids = ids;
        this.voice = voice;
        this.vocabulary = model.text().unpaddedVocab();
        this.words = words(vocabulary);
        final int count = STATES * 2 * 2 * POLICIES;
        this.masks = arena.allocate(MemoryTag.TABLE, (long) count * words * Long.BYTES, 64)
                .address();
        for (int state = START; state < STATES; state++) {
            for (int policy = FREE; policy < POLICIES; policy++) {
                for (int bits = 0; bits < 4; bits++) {
                    fill(model, state, (bits & 1) != 0, (bits & 2) != 0, policy);
                }
            }
        }
    }

    /** 64-bit words of a mask over {@code vocabulary} ids. */
    public static int words(final int vocabulary) {
        return (vocabulary + Long.SIZE - 1) / Long.SIZE;
    }

    private void fill(
            final ModelConfig model, final int state, final boolean talking, final boolean spent, final int policy) {
        final long mask = mask(state, talking, spent, policy);
        allow(mask, ids.quietTokenId());
        if (policy == HELD) {
            return;
        }
        final boolean free = policy == FREE;
        if (voice && free && (state == SPEAK || talking)) {
            allow(mask, ids.sayTokenId());
        }
        if (spent) {
            return;
        }
        if (state == START) {
            allow(mask, ids.hearTokenId());
        }
        if (free && state != SPEAK) {
            allow(mask, ids.speakTokenId());
        }
        if (state != START) {
            allowText(model, mask);
        }
    }

    private void allowText(final ModelConfig model, final long mask) {
        for (int id = 0; id < model.text().unpaddedVocab(); id++) {
            if (isText(model, id)) {
                allow(mask, id);
            }
        }
    }

    private boolean isText(final ModelConfig model, final int id) {
        return !isControl(id)
                && id != model.audioTokenId()
                && id != model.imageTokenId()
                && id != model.audioBosTokenId()
                && id != model.imageBosTokenId();
    }

    private static void allow(final long mask, final int id) {
        final long word = mask + (id >>> 6) * (long) Long.BYTES;
        OffHeap.putLong(word, OffHeap.getLong(word) | 1L << id);
    }

    /** Whether an id is one of the interaction's control tokens. */
    public boolean isControl(final int id) {
        return id == ids.tickTokenId()
                || id == ids.quietTokenId()
                || id == ids.speakTokenId()
                || id == ids.sayTokenId()
                || id == ids.audioGapTokenId()
                || id == ids.videoGapTokenId()
                || id == ids.textInTokenId()
                || id == ids.hearTokenId()
                || id == ids.cutTokenId();
    }

    /**
     * Address of the bit set of ids that may be drawn.
     *
     * @param state START, HEAR or SPEAK
     * @param talking whether the previous tick ended in speech
     * @param spent whether the text budget is used up
     * @param policy {@link #FREE}, {@link #MUTED} or {@link #HELD}
     */
    public long mask(final int state, final boolean talking, final boolean spent, final int policy) {
        final int number = ((state * 2 + (talking ? 1 : 0)) * 2 + (spent ? 1 : 0)) * POLICIES + policy;
        return masks + (long) number * words * Long.BYTES;
    }

    /** Ids that have a logit. */
    public int vocabulary() {
        return vocabulary;
    }

    /** Words of a mask. */
    public int words() {
        return words;
    }

    /** The state after drawing {@code id} in {@code state}. */
    public int next(final int state, final int id) {
        if (id == ids.quietTokenId()) {
            return END;
        }
        if (id == ids.hearTokenId()) {
            return HEAR;
        }
        if (id == ids.speakTokenId()) {
            return SPEAK;
        }
        return id == ids.sayTokenId() ? SAY : state;
    }

    /** The quiet token, which ends a tick. */
    public int quiet() {
        return ids.quietTokenId();
    }

    /** The token that begins captions. */
    public int hear() {
        return ids.hearTokenId();
    }

    /** The token that begins what the model says in text. */
    public int speak() {
        return ids.speakTokenId();
    }

    /** The token that begins blocks of speech. */
    public int say() {
        return ids.sayTokenId();
    }

    /**
     * All masks, for a device that draws by itself: int64 [states, talking, spent, policies, {@link #words()}], in the
     * order of {@link #mask}'s parameters.
     */
    public MemorySegment masks() {
        return OffHeap.ALL.asSlice(masks, (long) STATES * 2 * 2 * POLICIES * words * Long.BYTES);
    }

    /**
     * Most output positions of a tick: an opening token, a second one, the text, the end, and the blocks of a voice.
     */
    public static int maxOutputs(final InteractionConfig ids) {
        return 1 + 1 + ids.textOutMax() + 1 + SAY_BLOCKS;
    }
}
