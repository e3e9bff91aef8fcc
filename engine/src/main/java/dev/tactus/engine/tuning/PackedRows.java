package dev.tactus.engine.tuning;

import dev.tactus.engine.TeacherForcing;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.InvalidModelException;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.memory.OffHeap;
import java.util.List;

/** The rows of a batch: its sequences one after the other, each from position 0. Packed by one thread. */
final class PackedRows {
    static final byte TOKEN = 0;
    static final byte AUDIO = 1;
    static final byte PATCH = 2;
    static final byte SPEECH = 3;

    private final ModelConfig config;
    private final boolean hears;
    private final boolean sees;
    private final boolean speaks;
    private final TrainingLimits limits;
    private final int[] starts;
    private final byte[] kinds;
    private final int[] values;
    private final int[] outputRows;
    private final long[] bins;
    private final long[] pixels;
    private final long[] blocks;
    private final int[] speechRows;
    private final long blockBytes;
    private int sequences;
    private int rows;
    private int outputs;
    private int audio;
    private int patches;
    private int speech;

    PackedRows(final Parameters parameters, final TrainingLimits limits) {
        this.config = parameters.config();
        this.hears = parameters.hears();
        this.sees = parameters.sees();
        this.speaks = parameters.speaks();
        this.limits = limits;
        starts = new int[limits.sequences() + 1];
        kinds = new byte[limits.positions()];
        values = new int[limits.positions()];
        outputRows = new int[limits.outputs()];
        bins = new long[limits.audio()];
        pixels = new long[limits.patches()];
        blocks = new long[limits.speech()];
        speechRows = new int[limits.speech()];
        blockBytes = config.interaction()
                .flatMap(InteractionConfig::audioOut)
                .map(voice -> (long) voice.blockElements() * Float.BYTES)
                .orElse(0L);
    }

    /** Takes a batch. */
    void pack(final List<Example> examples) {
        sequences = 0;
        rows = 0;
        outputs = 0;
        audio = 0;
        patches = 0;
        speech = 0;
        if (examples.isEmpty()) {
            throw new IllegalArgumentException("a batch of no sequences: expected at least 1");
        }
        require("sequences", examples.size(), limits.sequences());
        for (final Example example : examples) {
            add(example.sequence());
            final int first = starts[sequences - 1];
            final int[] wanted = example.outputs();
            require("outputs", outputs + wanted.length, limits.outputs());
            for (final int position : wanted) {
                outputRows[outputs++] = first + position;
            }
        }
    }

    private void add(final TeacherForcing.Sequence sequence) {
        final int[] ids = sequence.ids();
        if (ids.length == 0) {
            throw new InvalidModelException("sequence " + sequences + " has no positions: expected at least 1");
        }
        require("positions of sequence " + sequences, ids.length, limits.longest());
        require("positions", rows + ids.length, limits.positions());
        starts[sequences] = rows;
        final int firstAudio = audio;
        final int firstPatch = patches;
        final int firstBlock = speech;
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] == TeacherForcing.Sequence.SPEECH) {
                addBlock(sequence, i, speech - firstBlock);
                continue;
            }
            if (ids[i] < 0 || ids[i] >= config.text().vocab()) {
                throw new InvalidModelException("id " + ids[i] + " at position " + i + " of sequence " + sequences
                        + ": expected 0 to " + (config.text().vocab() - 1));
            }
            addRow(sequence, ids[i], audio - firstAudio, patches - firstPatch);
        }
        if (audio - firstAudio != sequence.audio() || patches - firstPatch != sequence.patches()) {
            throw new InvalidModelException("sequence " + sequences + " has " + (audio - firstAudio) + " audio and "
                    + (patches - firstPatch) + " image placeholders: found " + sequence.audio() + " rows of bins and "
                    + sequence.patches() + " patches, expected as many");
        }
        if (speech - firstBlock != sequence.blocks()) {
            throw new InvalidModelException("sequence " + sequences + " has " + (speech - firstBlock)
                    + " places of speech: found " + sequence.blocks() + " blocks, expected as many");
        }
        sequences++;
        starts[sequences] = rows;
    }

    /** A block's row; what it is made from is the row before it. */
    private void addBlock(final TeacherForcing.Sequence sequence, final int position, final int spoken) {
        if (!speaks || spoken >= sequence.blocks()) {
            throw new InvalidModelException("row " + position + " of sequence " + sequences
                    + " is speech: found no head that speaks or no block for it");
        }
        if (position == 0) {
            throw new InvalidModelException("sequence " + sequences
                    + " begins with speech: expected a position before it, which the block is made from");
        }
        require("blocks of speech", speech + 1, limits.speech());
        blocks[speech] = sequence.speech() + spoken * blockBytes;
        speechRows[speech] = rows;
        kinds[rows] = SPEECH;
        values[rows++] = speech++;
    }

    private void addRow(final TeacherForcing.Sequence sequence, final int id, final int heard, final int seen) {
        if (id == config.audioTokenId()) {
            requireEncoder(hears && heard < sequence.audio(), "an audio");
            require("audio positions", audio + 1, limits.audio());
            bins[audio] = sequence.bins() + (long) heard * config.audio().mels() * Integer.BYTES;
            requireBins(bins[audio]);
            kinds[rows] = AUDIO;
            values[rows] = audio++;
        } else if (id == config.imageTokenId()) {
            requireEncoder(sees && seen < sequence.patches(), "an image");
            require("patches", patches + 1, limits.patches());
            pixels[patches] = sequence.pixels() + (long) seen * config.vision().patchElements() * Float.BYTES;
            kinds[rows] = PATCH;
            values[rows] = patches++;
        } else {
            kinds[rows] = TOKEN;
            values[rows] = id;
        }
        rows++;
    }

    private void requireEncoder(final boolean ready, final String what) {
        if (!ready) {
            throw new InvalidModelException("row " + rows + " of sequence " + sequences + " is " + what
                    + " placeholder: found no encoder or no data for it");
        }
    }

    private void requireBins(final long address) {
        for (int m = 0; m < config.audio().mels(); m++) {
            final int bin = OffHeap.getInt(address + (long) m * Integer.BYTES);
            if (bin < 0 || bin >= config.audio().levels()) {
                throw new InvalidModelException("bin " + bin + " of band " + m + " of sequence " + sequences
                        + ": expected 0 to " + (config.audio().levels() - 1));
            }
        }
    }

    private static void require(final String what, final int found, final int most) {
        if (found > most) {
            throw new IllegalArgumentException(
                    "a batch of " + found + " " + what + ": expected at most " + most + ", the limit of the pass");
        }
    }

    int sequences() {
        return sequences;
    }

    int rows() {
        return rows;
    }

    int outputs() {
        return outputs;
    }

    int audio() {
        return audio;
    }

    int patches() {
        return patches;
    }

    /** First row of a sequence. */
    int start(final int sequence) {
        return starts[sequence];
    }

    /** Positions of a sequence. */
    int length(final int sequence) {
        return starts[sequence + 1] - starts[sequence];
    }

    /** {@link #TOKEN}, {@link #AUDIO}, {@link #PATCH} or {@link #SPEECH}. */
    byte kind(final int row) {
        return kinds[row];
    }

    /** A token's id, or the number of an audio position, patch or block in the batch. */
    int value(final int row) {
        return values[row];
    }

    /** The row of an output. */
    int outputRow(final int output) {
        return outputRows[output];
    }

    /** Where the bins of an audio position lie, int32 [mels]. */
    long bins(final int number) {
        return bins[number];
    }

    /** Where the pixels of a patch lie. */
    long pixels(final int number) {
        return pixels[number];
    }

    /** Blocks of speech. */
    int speech() {
        return speech;
    }

    /** Where a block lies, float32. */
    long block(final int number) {
        return blocks[number];
    }

    /** The row of a block; the one before it says how the block sounds. */
    int speechRow(final int number) {
        return speechRows[number];
    }
}
