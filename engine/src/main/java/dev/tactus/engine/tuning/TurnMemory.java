package dev.tactus.engine.tuning;

import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Kernels;
import dev.tactus.engine.audio.DmelExtractor;
import dev.tactus.engine.audio.DmelTables;
import dev.tactus.engine.model.AudioOutConfig;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.engine.model.ProgramTables;
import dev.tactus.engine.video.PixelTable;
import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.NumericClass;
import dev.tactus.kernel.vocoder.VocoderTables;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where the sound and the pictures of {@link MicroTurnSequence}s lie, quantised and normalised as the engine does it,
 * and the constants that this takes.
 *
 * <pre>
 *   bins     int32 [audio positions, mels]            sequence 0 | sequence 1 | … | free
 *   pixels   float32 [patches, 2, patch, patch, 3]    the same
 *   speech   float32 [blocks, elements of a block]    the same
 * </pre>
 *
 * <p>Sequences are built one after the other; their examples point into this memory and are valid until
 * {@link #reset()} or {@link #close()}. A training loop makes one memory, and per step resets it, builds a batch and
 * trains on it. All of it is taken at once. One thread at a time.
 */
public final class TurnMemory implements AutoCloseable {
    private final ModelConfig config;
    private final InteractionConfig interaction;
    private final FreezableArena arena;
    private final OutputMachine machine;
    private final KernelSet kernels;
    private final ProgramTables tables;
    private final DmelExtractor dmel;
    private final int maxAudio;
    private final int maxPatches;
    private final int maxBlocks;
    private final int blockElements;
    private final long bins;
    private final long pixels;
    private final long speech;
    private final MemorySegment samples; // [2, 800]: by turns the slot and the one before it
    private final MemorySegment frames; // [2]: by turns the frame and the one before it
    private final long frameBytes;
    private int audio;
    private int patches;
    private int blocks;
    private MicroTurnSequence building;

    /** Room for a batch without speech. */
    public TurnMemory(
            final ModelConfig config,
            final InteractionConfig interaction,
            final int audio,
            final int patches,
            final MemoryLedger ledger) {
        this(config, interaction, audio, patches, 0, ledger);
    }

    /**
     * Room for a batch.
     *
     * @param config the model
     * @param interaction its micro-turn
     * @param audio most audio positions of all sequences between two resets, {@code mels} int32 each
     * @param patches most patches of all sequences between two resets, {@code 2·patch·patch·3} float32 each
     * @param blocks most blocks of speech of all sequences between two resets; 0 for a model that does not speak
     * @param ledger told of all native memory
     */
    public TurnMemory(
            final ModelConfig config,
            final InteractionConfig interaction,
            final int audio,
            final int patches,
            final int blocks,
            final MemoryLedger ledger) {
        if (audio < 0 || patches < 0 || blocks < 0) {
            throw new IllegalArgumentException("memory for " + audio + " audio positions, " + patches + " patches and "
                    + blocks + " blocks of speech: expected 0 or more of each");
        }
        this.config = config;
        this.interaction = interaction;
        this.maxAudio = audio;
        this.maxPatches = patches;
        this.maxBlocks = blocks;
        this.blockElements =
                interaction.audioOut().map(AudioOutConfig::blockElements).orElse(0);
        this.kernels = Kernels.of(KernelChoice.AUTO, null, NumericClass.EXACT).set();
        this.arena = new FreezableArena(ledger);
        try {
            machine = new OutputMachine(config, interaction, blockElements > 0, arena);
            final DmelTables mel =
                    new DmelTables(arena, config.audio().mels(), config.audio().levels());
            dmel = new DmelExtractor(kernels, mel, arena);
            tables = new ProgramTables(
                    mel.hann(),
                    mel.cos(),
                    mel.sin(),
                    mel.filters(),
                    mel.thresholds(),
                    mel.thresholdCount(),
                    new PixelTable(arena).address(),
                    new VocoderTables(arena).address());
            bins = media((long) audio * config.audio().mels() * Integer.BYTES).address();
            pixels = media((long) patches * config.vision().patchElements() * Float.BYTES)
                    .address();
            speech = media((long) blocks * blockElements * Float.BYTES).address();
            samples = media(2L * DmelTables.SLOT_SAMPLES * Float.BYTES);
            frameBytes = frameBytes(config, interaction);
            frames = media(2 * frameBytes);
            arena.freeze();
        } catch (final RuntimeException | Error ex) {
            arena.close();
            throw ex;
        }
    }

    private MemorySegment media(final long bytes) {
        return arena.allocate(MemoryTag.MEDIA, Math.max(Float.BYTES, bytes), 64);
    }

    private static long frameBytes(final ModelConfig config, final InteractionConfig interaction) {
        final long patch = config.vision().patch();
        return interaction.videoRows() * patch * interaction.videoCols() * patch * PixelTable.CHANNELS;
    }

    /**
     * Begins a sequence; whichever was begun before takes no more turns.
     *
     * @param modalities bits of the modalities that the session declares
     * @param weights what its outputs count
     */
    public MicroTurnSequence sequence(final int modalities, final TokenWeights weights) {
        building = new MicroTurnSequence(this, modalities, weights, bins(audio), pixels(patches), block(blocks));
        return building;
    }

    /** Forgets all sequences: their examples must not be used any more. */
    public void reset() {
        audio = 0;
        patches = 0;
        blocks = 0;
        building = null;
    }

    /** The model. */
    public ModelConfig config() {
        return config;
    }

    /** Its micro-turn. */
    public InteractionConfig interaction() {
        return interaction;
    }

    /** Native memory of all of it. */
    public long bytes() {
        return arena.bytes();
    }

    OutputMachine machine() {
        return machine;
    }

    /** The constants of a step program. */
    ProgramTables tables() {
        return tables;
    }

    long frameBytes() {
        return frameBytes;
    }

    /** Elements of a block of speech; 0 for a model that does not speak. */
    int blockElements() {
        return blockElements;
    }

    private long block(final int number) {
        return speech + (long) number * blockElements * Float.BYTES;
    }

    private long bins(final int position) {
        return bins + (long) position * config.audio().mels() * Integer.BYTES;
    }

    private long pixels(final int patch) {
        return pixels + (long) patch * config.vision().patchElements() * Float.BYTES;
    }

    void requireBuilding(final MicroTurnSequence sequence) {
        if (building != sequence) {
            throw new IllegalStateException("this sequence is over: another one was begun in its memory, or the memory"
                    + " was reset; sequences are built one after the other");
        }
    }

    void requireRoom(final String where, final int moreAudio, final int morePatches, final int moreBlocks) {
        if (audio + moreAudio > maxAudio || patches + morePatches > maxPatches || blocks + moreBlocks > maxBlocks) {
            throw new IllegalArgumentException(where + ": " + (audio + moreAudio) + " audio positions, "
                    + (patches + morePatches) + " patches and " + (blocks + moreBlocks)
                    + " blocks of speech since the last reset: expected at most " + maxAudio + ", " + maxPatches
                    + " and " + maxBlocks + ", the room of this memory");
        }
    }

    void addBlock(final float... block) {
        MemorySegment.copy(
                block,
                0,
                OffHeap.ALL.asSlice(block(blocks), (long) block.length * Float.BYTES),
                ValueLayout.JAVA_FLOAT,
                0,
                block.length);
        blocks++;
    }

    void addBins(final int... values) {
        OffHeap.ALL.asSlice(bins(audio), values.length * (long) Integer.BYTES).copyFrom(MemorySegment.ofArray(values));
        audio++;
    }

    /**
     * Quantises a slot.
     *
     * @param turn which half of the memory of samples takes it; the other half holds the slot before
     * @param afterSilence whether there is no slot before
     */
    void addSamples(final float[] slot, final int turn, final boolean afterSilence) {
        final long bytes = (long) DmelTables.SLOT_SAMPLES * Float.BYTES;
        final long right = samples.address() + turn * bytes;
        MemorySegment.copy(slot, 0, samples, ValueLayout.JAVA_FLOAT, turn * bytes, slot.length);
        dmel.slot(afterSilence ? 0 : samples.address() + (1 - turn) * bytes, right, bins(audio));
        audio++;
    }

    /**
     * Cuts a frame and the one before it into normalised patches.
     *
     * @param turn which half of the memory of frames takes it; the other half holds the frame before
     * @param first whether there is no frame before: it is its own
     */
    void addFrame(final byte[] frame, final int turn, final boolean first) {
        MemorySegment.copy(frame, 0, frames, ValueLayout.JAVA_BYTE, turn * frameBytes, frame.length);
        final long current = frames.address() + turn * frameBytes;
        final long previous = first ? current : frames.address() + (1 - turn) * frameBytes;
        final int patch = config.vision().patch();
        for (int row = 0; row < interaction.videoRows(); row++) {
            for (int col = 0; col < interaction.videoCols(); col++) {
                kernels.patchPixels(
                        previous,
                        current,
                        interaction.videoCols() * patch,
                        patch,
                        row,
                        col,
                        tables.pixels(),
                        pixels(patches));
                patches++;
            }
        }
    }

    /** Frees the memory. Calling it again does nothing. */
    @Override
    public void close() {
        building = null;
        arena.close();
    }
}
