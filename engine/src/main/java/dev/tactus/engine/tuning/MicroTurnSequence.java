package dev.tactus.engine.tuning;

import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.audio.DmelTables;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.memory.OffHeap;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.TickLoop;
import dev.tactus.scheduler.TickRecord;
import java.util.Arrays;

/**
 * A session as one sequence to train on: its micro-turns in the order in which the engine lays them out (MODEL.md 2.2).
 *
 * <pre>
 *   position   TICK audio audio audio audio TEXT_IN t t    HEAR w w     | QUIET TICK AUDIO_GAP | QUIET …
 *   foretells                                         HEAR w    w QUIET              QUIET
 * </pre>
 *
 * <p>Every output of a tick is foretold by the position before it: the first one by the last of the input, each other
 * by its predecessor. The last output of a tick is fed back at the head of the next one, and that of the last tick
 * nowhere. Outputs must be what the output machine allows of a session that is neither held nor muted; of a session
 * that was, they are.
 *
 * <pre>
 *   position   … SPEAK w SAY block1 block2 block3 | block4 TICK …
 *   foretells      w   SAY
 *   is heard in            block1 block2 block3     block4
 * </pre>
 *
 * <p>A block of speech is made from the position before it. The fourth one is the last output of its tick, so that of
 * the last tick is in no loss.
 *
 * <p>Positions are those of the engine, and so are the logits, to the bit, as long as the trainer sees what the engine
 * sees: {@link TrainingLimits#globalWindow()} and {@link TrainingLimits#sinks()} are then those of the interaction, or
 * the session is no longer than the window. One thread; made by {@link TurnMemory#sequence}.
 */
public final class MicroTurnSequence {
    private static final String[] STATES = {"START", "HEAR", "SPEAK"};

    /** The last output was a block of speech. */
    private static final int BLOCK = TeacherForcing.Sequence.SPEECH;

    private static final int NOTHING = -1;

    private final TurnMemory memory;
    private final ModelConfig config;
    private final InteractionConfig ids;
    private final OutputMachine machine;
    private final int modalities;
    private final TokenWeights tokenWeights;
    private final long bins;
    private final long pixels;
    private final long speech;

    private int[] positions = new int[256];
    private int length;
    private int[] outputs = new int[64];
    private int[] targets = new int[64];
    private float[] weights = new float[64];
    private int outputCount;
    private int turns;
    private int pending = NOTHING;
    private final float[] pendingBlock;
    private float pendingWeight;
    private float[] blockWeights = new float[16];
    private int blocks;
    private int audio;
    private int patches;
    private AudioSlot left = AudioSlot.GAP;
    private int sampleTurn;
    private int frameCount;

    MicroTurnSequence(
            final TurnMemory memory,
            final int modalities,
            final TokenWeights tokenWeights,
            final long bins,
            final long pixels,
            final long speech) {
        this.memory = memory;
        this.config = memory.config();
        this.ids = memory.interaction();
        this.machine = memory.machine();
        this.modalities = modalities;
        this.tokenWeights = tokenWeights;
        this.bins = bins;
        this.pixels = pixels;
        this.speech = speech;
        this.pendingBlock = new float[memory.blockElements()];
    }

    /**
     * Adds the next tick.
     *
     * @throws IllegalArgumentException in one line naming the turn, what is wrong with it and what would be right; the
     *     sequence is then as it was
     * @throws IllegalStateException when another sequence was begun in the same memory
     */
    public MicroTurnSequence add(final MicroTurn turn) {
        memory.requireBuilding(this);
        final int[] drawn = turn.outputs();
        checkInput(turn.input());
        checkOutputs(turn.input().skippedBefore() == 0 && pending == BLOCK, drawn);
        final float[] spoken = turn.speech();
        checkSpeech(drawn[drawn.length - 1] == ids.sayTokenId(), spoken);
        memory.requireRoom("turn " + turns, heard(turn.input()), patchesOf(turn.input()), blocksOf(spoken));
        input(turn.input());
        int state = OutputMachine.START;
        for (int i = 0; i < drawn.length; i++) {
            want(drawn[i], turn.weight() * weight(state, drawn[i]));
            if (i < drawn.length - 1) {
                position(drawn[i]);
            }
            state = machine.next(state, drawn[i]);
        }
        pending = drawn[drawn.length - 1];
        if (spoken.length > 0) {
            say(spoken, turn.weight());
        }
        turns++;
        return this;
    }

    /** {@code <say>} and all blocks but the last one, which is fed back in the next tick. */
    private void say(final float[] spoken, final float weight) {
        position(pending);
        final int each = pendingBlock.length;
        for (int i = 0; i < MicroTurn.BLOCKS; i++) {
            System.arraycopy(spoken, i * each, pendingBlock, 0, each);
            pendingWeight = weight;
            if (i < MicroTurn.BLOCKS - 1) {
                block();
            }
        }
        pending = BLOCK;
    }

    private void block() {
        memory.addBlock(pendingBlock);
        if (blocks == blockWeights.length) {
            blockWeights = Arrays.copyOf(blockWeights, 2 * blocks);
        }
        blockWeights[blocks++] = pendingWeight;
        position(BLOCK);
    }

    /** Blocks that become positions with a turn: its first three, and the one that the turn before left. */
    private int blocksOf(final float... spoken) {
        return (pending == BLOCK ? 1 : 0) + (spoken.length > 0 ? MicroTurn.BLOCKS - 1 : 0);
    }

    /** Positions that {@link #add} would add. */
    public int positionsOf(final MicroTurn turn) {
        final TurnInput input = turn.input();
        final boolean hears = Modality.AUDIO.in(modalities);
        final boolean sees = Modality.VIDEO.in(modalities);
        final int skipped = 2 + (hears ? 1 : 0) + (sees ? 1 : 0);
        int count = (pending == NOTHING ? 0 : 1) + input.skippedBefore() * skipped + 1 + (input.cut() ? 1 : 0);
        count += hears ? heard(input) == 0 ? 1 : TickRecord.AUDIO_POSITIONS : 0;
        count += sees ? Math.max(1, patchesOf(input)) : 0;
        count += input.text().length == 0 ? 0 : 1 + input.text().length;
        return count + turn.outputs().length - 1 + (turn.speech().length > 0 ? MicroTurn.BLOCKS : 0);
    }

    /** Ticks so far, without those that were skipped. */
    public int turns() {
        return turns;
    }

    /** Positions so far. */
    public int length() {
        return length;
    }

    /** Outputs so far. */
    public int outputs() {
        return outputCount;
    }

    /**
     * The sequence so far, for a supervised loss; {@link TrainingExample#sampled} adds what a policy loss reads. Its
     * outputs are those of all turns, in order. Its bins and pixels lie in the {@link TurnMemory}.
     *
     * @throws IllegalStateException when there is no turn, or another sequence was begun in the same memory
     */
    public TrainingExample build() {
        memory.requireBuilding(this);
        if (turns == 0) {
            throw new IllegalStateException("a sequence of no turns: expected at least 1");
        }
        final TeacherForcing.Sequence sequence = new TeacherForcing.Sequence(
                        Arrays.copyOf(positions, length), bins, audio, pixels, patches)
                .withSpeech(blocks == 0 ? 0 : speech, blocks);
        return TrainingExample.supervised(
                        new Example(sequence, Arrays.copyOf(outputs, outputCount)),
                        Arrays.copyOf(targets, outputCount),
                        Arrays.copyOf(weights, outputCount))
                .withSpeechWeights(Arrays.copyOf(blockWeights, blocks));
    }

    private float weight(final int state, final int id) {
        if (id == ids.quietTokenId()) {
            return tokenWeights.quiet();
        }
        if (machine.isControl(id)) {
            return tokenWeights.control();
        }
        return state == OutputMachine.HEAR ? tokenWeights.caption() : tokenWeights.speech();
    }

    /** Patches of an input. */
    int patchesOf(final TurnInput input) {
        return input.frame() == null ? 0 : ids.videoRows() * ids.videoCols();
    }

    private void input(final TurnInput input) {
        if (pending == BLOCK) {
            block();
        } else if (pending != NOTHING) {
            position(pending);
        }
        for (int i = 0; i < input.skippedBefore(); i++) {
            skippedTick();
        }
        position(ids.tickTokenId());
        if (input.cut()) {
            position(ids.cutTokenId());
        }
        if (Modality.AUDIO.in(modalities)) {
            audio(input);
        }
        if (Modality.VIDEO.in(modalities)) {
            video(input.frame());
        }
        if (input.text().length > 0) {
            position(ids.textInTokenId());
            for (final int id : input.text()) {
                position(id);
            }
        }
    }

    private void skippedTick() {
        position(ids.tickTokenId());
        if (Modality.AUDIO.in(modalities)) {
            position(ids.audioGapTokenId());
        }
        if (Modality.VIDEO.in(modalities)) {
            position(ids.videoGapTokenId());
        }
        position(ids.quietTokenId());
        left = AudioSlot.GAP;
    }

    private void audio(final TurnInput input) {
        if (heard(input) == 0) {
            position(ids.audioGapTokenId());
            left = AudioSlot.GAP;
            return;
        }
        for (final AudioSlot slot : input.audio()) {
            if (slot instanceof AudioSlot.Samples sound) {
                memory.addSamples(sound.samples(), sampleTurn, left == AudioSlot.GAP);
                sampleTurn ^= 1;
            } else if (slot instanceof AudioSlot.Bins known) {
                memory.addBins(known.bins());
            }
            final boolean gap = slot == AudioSlot.GAP;
            position(gap ? ids.audioGapTokenId() : config.audioTokenId());
            audio += gap ? 0 : 1;
            left = slot;
        }
    }

    /** Audio positions of an input. */
    static int heard(final TurnInput input) {
        return (int)
                input.audio().stream().filter(slot -> slot != AudioSlot.GAP).count();
    }

    private void video(final byte[] frame) {
        if (frame == null) {
            position(ids.videoGapTokenId());
            return;
        }
        memory.addFrame(frame, frameCount & 1, frameCount == 0);
        frameCount++;
        for (int i = 0; i < ids.videoRows() * ids.videoCols(); i++) {
            position(config.imageTokenId());
            patches++;
        }
    }

    private void position(final int id) {
        if (length == positions.length) {
            positions = Arrays.copyOf(positions, 2 * length);
        }
        positions[length++] = id;
    }

    /** Asks for the logits of the position that was added last. */
    private void want(final int target, final float weight) {
        if (outputCount == outputs.length) {
            outputs = Arrays.copyOf(outputs, 2 * outputCount);
            targets = Arrays.copyOf(targets, 2 * outputCount);
            weights = Arrays.copyOf(weights, 2 * outputCount);
        }
        outputs[outputCount] = length - 1;
        targets[outputCount] = target;
        weights[outputCount++] = weight;
    }

    /** Checks an input alone, as that of turn {@code turn}. */
    void check(final int turn, final TurnInput input) {
        turns = turn;
        checkInput(input);
    }

    private void checkInput(final TurnInput input) {
        final int skipped = input.skippedBefore();
        require(
                skipped >= 0 && skipped <= TickLoop.MAX_SKIPPED,
                skipped + " skipped ticks before it",
                "0 to " + TickLoop.MAX_SKIPPED + ", after which a session ends as stalled");
        require(
                input.audio().isEmpty() || Modality.AUDIO.in(modalities),
                "sound in a session that did not declare AUDIO",
                "no sound, or the modality declared");
        require(
                input.frame() == null || Modality.VIDEO.in(modalities),
                "a frame in a session that did not declare VIDEO",
                "no frame, or the modality declared");
        require(
                input.text().length == 0 || Modality.TEXT.in(modalities),
                "text in a session that did not declare TEXT",
                "no text, or the modality declared");
        require(
                input.text().length <= ids.textInMax(),
                input.text().length + " text ids",
                "at most " + ids.textInMax() + ", text_in_max");
        for (final int id : input.text()) {
            require(isText(id), "text id " + id, "an id below " + machine.vocabulary() + " that is no placeholder");
        }
        checkAudio(input);
        final byte[] frame = input.frame();
        require(
                frame == null || frame.length == memory.frameBytes(),
                "a frame of " + (frame == null ? 0 : frame.length) + " bytes",
                memory.frameBytes() + ", RGB8 of the whole grid of patches");
    }

    private boolean isText(final int id) {
        return id >= 0 && id < machine.vocabulary() && id != config.audioTokenId() && id != config.imageTokenId();
    }

    private void checkAudio(final TurnInput input) {
        final int slots = input.audio().size();
        require(
                slots == 0 || slots == TickRecord.AUDIO_POSITIONS,
                slots + " audio slots",
                TickRecord.AUDIO_POSITIONS + ", or none");
        AudioSlot before = input.skippedBefore() > 0 ? AudioSlot.GAP : left;
        for (int i = 0; i < slots; i++) {
            final AudioSlot slot = input.audio().get(i);
            if (slot instanceof AudioSlot.Samples sound) {
                require(
                        sound.samples().length == DmelTables.SLOT_SAMPLES,
                        "audio slot " + i + " of " + sound.samples().length + " samples",
                        DmelTables.SLOT_SAMPLES + ", 50 ms at 16 kHz");
                require(
                        !(before instanceof AudioSlot.Bins),
                        "audio slot " + i + " of samples behind one of bins",
                        "samples behind samples or a gap: their window begins in the slot before");
            } else if (slot instanceof AudioSlot.Bins known) {
                checkBins(i, known.bins());
            }
            before = slot;
        }
    }

    private void checkBins(final int slot, final int... values) {
        final int mels = config.audio().mels();
        require(values.length == mels, "audio slot " + slot + " of " + values.length + " bins", mels + ", one per mel");
        final int levels = config.audio().levels();
        for (final int bin : values) {
            require(bin >= 0 && bin < levels, "bin " + bin + " in audio slot " + slot, "0 to " + (levels - 1));
        }
    }

    /**
     * Checks what was put out.
     *
     * @param talking whether the tick before ended in speech
     */
    private void checkOutputs(final boolean talking, final int... drawn) {
        require(drawn.length > 0, "no output", "at least <quiet>, which ends a tick");
        int state = OutputMachine.START;
        int used = 0;
        for (int i = 0; i < drawn.length; i++) {
            final int id = drawn[i];
            final String what = "output " + i + ", id " + id + ",";
            final String end = state == OutputMachine.SAY ? "<say>" : "<quiet>";
            require(state < OutputMachine.SAY, what + " behind " + end, "nothing: " + end + " ends a tick");
            require(
                    id != ids.sayTokenId() || memory.blockElements() > 0,
                    what + " is <say>",
                    "no speech: the model has no audio_out");
            final boolean spent = used >= ids.textOutMax();
            require(
                    id >= 0 && id < machine.vocabulary() && isAllowed(state, talking, spent, id),
                    what + " in " + STATES[state] + (spent ? " behind " + used + " text ids" : ""),
                    allowed(state, talking, spent));
            final int next = machine.next(state, id);
            used += next == state ? 1 : 0;
            state = next;
        }
        require(
                state >= OutputMachine.SAY,
                "an output that ends with id " + drawn[drawn.length - 1],
                memory.blockElements() > 0 ? "<quiet> or <say>, last" : "<quiet>, last");
    }

    private void checkSpeech(final boolean said, final float... spoken) {
        final int expected = said ? MicroTurn.BLOCKS * memory.blockElements() : 0;
        require(
                spoken.length == expected,
                "speech of " + spoken.length + " elements behind " + (said ? "<say>" : "<quiet>"),
                said ? expected + ", " + MicroTurn.BLOCKS + " blocks of " + memory.blockElements() : "none");
        for (int i = 0; i < spoken.length; i++) {
            require(Float.isFinite(spoken[i]), "element " + i + " of the speech is " + spoken[i], "finite numbers");
        }
    }

    private boolean isAllowed(final int state, final boolean talking, final boolean spent, final int id) {
        final long mask = machine.mask(state, talking, spent, OutputMachine.FREE);
        return (OffHeap.getLong(mask + (id >>> 6) * (long) Long.BYTES) >>> id & 1) != 0;
    }

    private String allowed(final int state, final boolean talking, final boolean spent) {
        final boolean says = memory.blockElements() > 0 && (talking || state == OutputMachine.SPEAK);
        final String say = says ? ", or <say>" : "";
        if (spent) {
            return "<quiet>, since text_out_max is " + ids.textOutMax() + say;
        }
        return switch (state) {
            case OutputMachine.START -> "<quiet>, <hear> or <speak>" + say;
            case OutputMachine.HEAR -> "text, <speak> or <quiet>" + say;
            default -> "text or <quiet>" + say;
        };
    }

    private void require(final boolean right, final String found, final String expected) {
        if (!right) {
            throw new IllegalArgumentException("turn " + turns + ": " + found + ": expected " + expected);
        }
    }
}
