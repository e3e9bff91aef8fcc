package dev.tactus.engine.device;

import dev.tactus.memory.FloatColumn;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.IntColumn;
import dev.tactus.memory.LongColumn;
import dev.tactus.memory.MemoryTag;

/**
 * The rows of one pass over all due sessions: a struct of arrays in native memory.
 *
 * <p>The rows of one session are neighbours and in rising position: a segment. Written by the planner (prefill) or by
 * the device (decode), read by every op of the pass.
 *
 * <pre>
 *   row      0 1 2 3 4 5 | 6 7 8 9 | 10 11 …
 *   segment  0           | 1       | 2
 * </pre>
 */
public final class PassRows {
    /** A row whose logits nobody asked for, or that no block of speech is made of. */
    public static final int NO_OUTPUT = -1;

    private final IntColumn kind;
    private final IntColumn value;
    private final LongColumn position;
    private final FloatColumn tau;
    private final IntColumn outputRow;
    private final IntColumn segmentOfRow;
    private final IntColumn entry;
    private final IntColumn firstRow;
    private final IntColumn rowsOfSegment;
    private final IntColumn outputEntry;
    private final LongColumn speechBlock;
    private final IntColumn voiceRow;
    private final LongColumn voiceBlock;
    private final IntColumn jobEntry;
    private final LongColumn jobBlock;
    private final LongColumn jobSamples;
    private final Columns columns;
    private final SpeechColumns speechColumns;
    private int rows;
    private int segments;
    private int outputRows;
    private int speechSources;
    private int voiceRows;
    private int jobs;

    /** Where the columns lie, for kernels that read them: int32 but for int64 {@code position}, float32 {@code tau}. */
    public record Columns(
            long kind,
            long value,
            long position,
            long tau,
            long outputRow,
            long entry,
            long firstRow,
            long rowsOfSegment,
            long outputEntry) {}

    /** Where the columns of speech lie: int64 addresses, but for int32 {@code voiceRow} and {@code jobEntry}. */
    public record SpeechColumns(
            long speechBlock, long voiceRow, long voiceBlock, long jobEntry, long jobBlock, long jobSamples) {}

    /** Room for {@code maxRows} rows of {@code maxSegments} sessions. */
    public PassRows(final FreezableArena arena, final int maxRows, final int maxSegments) {
        kind = IntColumn.allocate(arena, MemoryTag.PLAN, maxRows);
        value = IntColumn.allocate(arena, MemoryTag.PLAN, maxRows);
        position = LongColumn.allocate(arena, MemoryTag.PLAN, maxRows);
        tau = FloatColumn.allocate(arena, MemoryTag.PLAN, maxRows);
        outputRow = IntColumn.allocate(arena, MemoryTag.PLAN, maxRows);
        segmentOfRow = IntColumn.allocate(arena, MemoryTag.PLAN, maxRows);
        entry = IntColumn.allocate(arena, MemoryTag.PLAN, maxSegments);
        firstRow = IntColumn.allocate(arena, MemoryTag.PLAN, maxSegments);
        rowsOfSegment = IntColumn.allocate(arena, MemoryTag.PLAN, maxSegments);
        outputEntry = IntColumn.allocate(arena, MemoryTag.PLAN, maxRows);
        speechBlock = LongColumn.allocate(arena, MemoryTag.PLAN, maxRows);
        voiceRow = IntColumn.allocate(arena, MemoryTag.PLAN, maxRows);
        voiceBlock = LongColumn.allocate(arena, MemoryTag.PLAN, maxRows);
        jobEntry = IntColumn.allocate(arena, MemoryTag.PLAN, maxSegments);
        jobBlock = LongColumn.allocate(arena, MemoryTag.PLAN, maxSegments);
        jobSamples = LongColumn.allocate(arena, MemoryTag.PLAN, maxSegments);
        speechColumns = new SpeechColumns(
                speechBlock.address(),
                voiceRow.address(),
                voiceBlock.address(),
                jobEntry.address(),
                jobBlock.address(),
                jobSamples.address());
        columns = new Columns(
                kind.address(),
                value.address(),
                position.address(),
                tau.address(),
                outputRow.address(),
                entry.address(),
                firstRow.address(),
                rowsOfSegment.address(),
                outputEntry.address());
    }

    /** Where the columns lie. */
    public Columns columns() {
        return columns;
    }

    /** Where the columns of speech lie. */
    public SpeechColumns speechColumns() {
        return speechColumns;
    }

    /** Empties the pass. */
    public void clear() {
        rows = 0;
        segments = 0;
        outputRows = 0;
        speechSources = 0;
        voiceRows = 0;
        jobs = 0;
    }

    /** Begins the rows of plan entry {@code planEntry}. */
    public void beginSegment(final int planEntry) {
        entry.set(segments, planEntry);
        firstRow.set(segments, rows);
        rowsOfSegment.set(segments, 0);
        segments++;
    }

    /**
     * Adds a row to the current segment.
     *
     * @throws IllegalStateException when the pass is full
     */
    public void add(final int rowKind, final int rowValue, final long rowPosition, final float rowTau) {
        if (rows == kind.length()) {
            throw new IllegalStateException("a pass holds " + rows + " rows: no room for one more");
        }
        kind.set(rows, rowKind);
        value.set(rows, rowValue);
        position.set(rows, rowPosition);
        tau.set(rows, rowTau);
        outputRow.set(rows, NO_OUTPUT);
        voiceRow.set(rows, NO_OUTPUT);
        segmentOfRow.set(rows, segments - 1);
        rowsOfSegment.set(segments - 1, rowsOfSegment.get(segments - 1) + 1);
        rows++;
    }

    /** Adds a row to the current segment whose input is the block of speech at an address, float32, normalised. */
    public void addSpeech(final long block, final long rowPosition, final float rowTau) {
        add(RowKind.SPEECH, speechSources, rowPosition, rowTau);
        speechBlock.set(speechSources++, block);
    }

    /** Asks for the logits of the last row added. */
    public void wantOutput() {
        outputEntry.set(outputRows, entry.get(segments - 1));
        outputRow.set(rows - 1, outputRows++);
    }

    /**
     * Asks for a block of speech made of the last row added.
     *
     * @param block where its noise stands, float32, and the block afterwards; a teacher-forced pass leaves it alone
     */
    public void wantBlock(final long block) {
        voiceBlock.set(voiceRows, block);
        voiceRow.set(rows - 1, voiceRows++);
    }

    /**
     * Asks for the sound of a block that an earlier pass made. One job per entry, in rising order of entries.
     *
     * @param block where it stands; 0 for silence that brings out what the vocoder holds back
     * @param samples where 800 samples of a block go, or the 1600 of silence
     */
    public void addJob(final int planEntry, final long block, final long samples) {
        jobEntry.set(jobs, planEntry);
        jobBlock.set(jobs, block);
        jobSamples.set(jobs++, samples);
    }

    /** Rows of the pass. */
    public int rows() {
        return rows;
    }

    /** Sessions of the pass. */
    public int segments() {
        return segments;
    }

    /** Rows whose logits are computed. */
    public int outputRows() {
        return outputRows;
    }

    /** Blocks of speech that the pass takes in. */
    public int speechSources() {
        return speechSources;
    }

    /** Rows that a block of speech is made of. */
    public int voiceRows() {
        return voiceRows;
    }

    /** Jobs of the vocoder. */
    public int jobs() {
        return jobs;
    }

    /** Where the block of a speech source stands. */
    public long speechBlock(final int source) {
        return speechBlock.get(source);
    }

    /** The number of a row among those that a block is made of, or {@link #NO_OUTPUT}. */
    public int voiceRow(final int row) {
        return voiceRow.get(row);
    }

    /** Where the block of a voice row will stand. */
    public long voiceBlock(final int voice) {
        return voiceBlock.get(voice);
    }

    /** The plan entry of a job. */
    public int jobEntry(final int job) {
        return jobEntry.get(job);
    }

    /** Where the block of a job stands; 0 for silence. */
    public long jobBlock(final int job) {
        return jobBlock.get(job);
    }

    /** Where the samples of a job go. */
    public long jobSamples(final int job) {
        return jobSamples.get(job);
    }

    /** {@link RowKind} of a row. */
    public int kind(final int row) {
        return kind.get(row);
    }

    /** Token id or source index of a row. */
    public int value(final int row) {
        return value.get(row);
    }

    /** Absolute position of a row in its session's sequence. */
    public long position(final int row) {
        return position.get(row);
    }

    /** τ of a row. */
    public float tau(final int row) {
        return tau.get(row);
    }

    /** Where the logits of a row go, or {@link #NO_OUTPUT}. */
    public int outputRow(final int row) {
        return outputRow.get(row);
    }

    /** The plan entry that an output row belongs to. */
    public int outputEntry(final int output) {
        return outputEntry.get(output);
    }

    /** The plan entry that a row belongs to. */
    public int entryOfRow(final int row) {
        return entry.get(segmentOfRow.get(row));
    }

    /** The segment that a row belongs to. */
    public int segmentOfRow(final int row) {
        return segmentOfRow.get(row);
    }

    /** The plan entry of a segment. */
    public int entry(final int segment) {
        return entry.get(segment);
    }

    /** The first row of a segment. */
    public int firstRow(final int segment) {
        return firstRow.get(segment);
    }

    /** The number of rows of a segment. */
    public int rowsOfSegment(final int segment) {
        return rowsOfSegment.get(segment);
    }
}
