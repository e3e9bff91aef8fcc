package dev.tactus.kernel.c;

import dev.tactus.kernel.SamplingParameters;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.KvRingLayout;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;

/**
 * What a pass runs on, as {@code struct tactus_pass}: counts, and the addresses of columns that others own. Filled and
 * checked by one thread before the workers start; read by them until they are done. Setting and checking allocate
 * nothing.
 */
public final class NativePass {
    private static final int COUNTS = 0;
    private static final int SPEECH_COUNTS = 6;
    private static final int ADAPTED = SPEECH_COUNTS + 3;
    private static final int ROWS = ADAPTED + 1;
    private static final int ENTRIES = ROWS + 8;
    private static final int ADAPTER = ENTRIES + 5;
    private static final int AUDIO = ADAPTER + 1;
    private static final int PATCHES = AUDIO + 3;
    private static final int SPEECH = PATCHES + 5;
    private static final int DRAWS = SPEECH + 6;
    private static final int TIMES = DRAWS + 6;
    static final long BYTES = (TIMES + 3L) * Long.BYTES;

    private static final int TOKEN = 0;
    private static final int AUDIO_ROW = 1;
    private static final int PATCH_ROW = 2;
    private static final int SPEECH_ROW = 3;

    /** Beyond any frame; the program does not know how many rows of patches one has. */
    private static final int MOST_PATCH_ROWS = 1 << 16;

    /** So far from the end of an int64 that C may add pages and windows to it. */
    private static final long LAST_POSITION = 1L << 60;

    private final long address;
    private int rows;
    private int segments;
    private int outputRows;
    private int audioSources;
    private int patchSources;
    private int speechSources;
    private int voiceRows;
    private int jobs;
    private boolean sampling;
    private int entries;
    private NativeProgram checkedFor;

    /** An empty pass. */
    public NativePass(final FreezableArena arena) {
        address = arena.allocate(MemoryTag.PLAN, BYTES, 64).address();
    }

    long address() {
        return address;
    }

    NativeProgram checkedFor() {
        return checkedFor;
    }

    private void put(final int field, final long value) {
        OffHeap.putLong(address + field * (long) Long.BYTES, value);
    }

    private long get(final int field) {
        return OffHeap.getLong(address + field * (long) Long.BYTES);
    }

    /**
     * How much there is of everything but speech, of which there is none then.
     *
     * @param planEntries entries of the plan, which segments refer to
     * @param draws whether tokens are drawn
     */
    public void counts(
            final int rowCount,
            final int segmentCount,
            final int outputRowCount,
            final int audioCount,
            final int patchCount,
            final int planEntries,
            final boolean draws) {
        checkedFor = null;
        rows = rowCount;
        segments = segmentCount;
        outputRows = outputRowCount;
        audioSources = audioCount;
        patchSources = patchCount;
        entries = planEntries;
        sampling = draws;
        put(COUNTS, rowCount);
        put(COUNTS + 1, segmentCount);
        put(COUNTS + 2, outputRowCount);
        put(COUNTS + 3, audioCount);
        put(COUNTS + 4, patchCount);
        put(COUNTS + 5, draws ? 1 : 0);
        put(ADAPTED, 0);
        speech(0, 0, 0, 0, 0, 0);
        speechCounts(0, 0, 0);
    }

    /** Columns by row: int32 kind and value, int64 position, float32 τ, int32 output row; then by segment, int32. */
    public void rows(
            final long kind,
            final long value,
            final long position,
            final long tau,
            final long outputRow,
            final long entry,
            final long firstRow,
            final long rowsOfSegment) {
        checkedFor = null;
        put(ROWS, kind);
        put(ROWS + 1, value);
        put(ROWS + 2, position);
        put(ROWS + 3, tau);
        put(ROWS + 4, outputRow);
        put(ROWS + 5, entry);
        put(ROWS + 6, firstRow);
        put(ROWS + 7, rowsOfSegment);
    }

    /**
     * Columns by plan entry, int64: address of the state, of both page tables, session tick, seed; then int32: adapter,
     * 0 for the base alone.
     */
    public void entries(
            final long state,
            final long localPages,
            final long globalPages,
            final long tick,
            final long seed,
            final long adapter) {
        checkedFor = null;
        put(ENTRIES, state);
        put(ENTRIES + 1, localPages);
        put(ENTRIES + 2, globalPages);
        put(ENTRIES + 3, tick);
        put(ENTRIES + 4, seed);
        put(ADAPTER, adapter);
    }

    /**
     * How much speech there is; after {@link #counts}.
     *
     * @param sources blocks that are taken in
     * @param voices rows that a block is made of: none of them draws a token
     * @param vocoderJobs blocks, or silence, to make samples of; none where nothing is drawn
     */
    public void speechCounts(final int sources, final int voices, final int vocoderJobs) {
        checkedFor = null;
        speechSources = sources;
        voiceRows = voices;
        jobs = vocoderJobs;
        put(SPEECH_COUNTS, sources);
        put(SPEECH_COUNTS + 1, voices);
        put(SPEECH_COUNTS + 2, vocoderJobs);
    }

    /**
     * Columns of speech: int64 addresses of the blocks that are taken in; int32 per row, which voice row it is; int64
     * per voice row, where its noise is and its block will be; by job, int32 plan entry, int64 address of the block or
     * 0 for silence that brings out what is held back, int64 address of the samples.
     */
    public void speech(
            final long block,
            final long voiceRow,
            final long voiceBlock,
            final long jobEntry,
            final long jobBlock,
            final long jobSamples) {
        checkedFor = null;
        put(SPEECH, block);
        put(SPEECH + 1, voiceRow);
        put(SPEECH + 2, voiceBlock);
        put(SPEECH + 3, jobEntry);
        put(SPEECH + 4, jobBlock);
        put(SPEECH + 5, jobSamples);
    }

    /** Columns by audio source, int64 addresses: left context, slot, given bins. */
    public void audio(final long left, final long right, final long bins) {
        checkedFor = null;
        put(AUDIO, left);
        put(AUDIO + 1, right);
        put(AUDIO + 2, bins);
    }

    /** Columns by patch source: int64 addresses of both frames, int32 row and column, int64 address of given pixels. */
    public void patches(final long previous, final long current, final long row, final long column, final long pixels) {
        checkedFor = null;
        put(PATCHES, previous);
        put(PATCHES + 1, current);
        put(PATCHES + 2, row);
        put(PATCHES + 3, column);
        put(PATCHES + 4, pixels);
    }

    /**
     * Columns by output row: int32 plan entry, int64 address of the mask, float32 temperature, top-p, int32 top-k,
     * output position.
     */
    public void draws(
            final long entry,
            final long mask,
            final long temperature,
            final long topP,
            final long topK,
            final long outputPosition) {
        checkedFor = null;
        put(DRAWS, entry);
        put(DRAWS + 1, mask);
        put(DRAWS + 2, temperature);
        put(DRAWS + 3, topP);
        put(DRAWS + 4, topK);
        put(DRAWS + 5, outputPosition);
    }

    /** How long preprocessing took in the last pass, for the whole of which worker 0 kept the time. */
    public long preprocessNs() {
        return get(TIMES + 1) - get(TIMES);
    }

    /** How long everything between preprocessing and the draw took. */
    public long fuseNs() {
        return get(TIMES + 2) - get(TIMES + 1);
    }

    /**
     * Makes sure that a program can run on this: counts within its limits, every index within what it indexes, no
     * column or address missing that C would read. To be called after the columns are filled and again when anything of
     * them changes.
     *
     * <p>What only its owner knows is not checked: how long columns, states, pages, masks, frames and sound slots are.
     * The program knows how wide a frame is, but not how high.
     *
     * @throws IllegalArgumentException naming what is wrong
     */
    public void check(final NativeProgram program) {
        checkedFor = null;
        final RowSpaces limits = program.limits();
        final PassBounds bounds = program.bounds();
        requireCount("rows", rows, limits.pass());
        requireCount("segments", segments, limits.segments());
        requireCount("output rows", outputRows, limits.output());
        requireCount("audio sources", audioSources, limits.audio());
        requireCount("patch sources", patchSources, limits.patch());
        requireCount("blocks of speech", speechSources, limits.speech());
        requireCount("voice rows", voiceRows, limits.voice());
        requireCount("jobs of the vocoder", jobs, limits.voice() == 0 ? 0 : limits.segments());
        if (rows > 0 || segments > 0) {
            requireColumns("rows and segments", ROWS, ENTRIES);
            requireColumns("plan entries", ENTRIES, AUDIO);
            put(ADAPTED, checkSegments(bounds, program.adapters()));
            checkRows(bounds.tableRows());
        }
        checkAudio(bounds);
        checkPatches(bounds);
        checkSpeech();
        if (sampling) {
            checkDraws();
        }
        checkedFor = program;
    }

    private static void requireCount(final String what, final int count, final int limit) {
        if (count < 0 || count > limit) {
            throw new IllegalArgumentException(
                    "a pass has " + count + " " + what + ": the program was built for " + limit);
        }
    }

    private void requireColumns(final String what, final int from, final int to) {
        for (int field = from; field < to; field++) {
            if (get(field) == 0) {
                throw new IllegalArgumentException("column " + (field - from) + " of " + what + " has no address");
            }
        }
    }

    private static void requireIndex(final String what, final int at, final int index, final int end) {
        if (index < 0 || index >= end) {
            throw new IllegalArgumentException(what + " of " + at + " is " + index + ": expected 0 to " + (end - 1));
        }
    }

    private static void requireAddress(final String what, final int at, final long address) {
        if (address == 0) {
            throw new IllegalArgumentException(what + " of " + at + " has no address");
        }
    }

    private int column(final int field, final int index) {
        return OffHeap.getInt(get(field) + index * (long) Integer.BYTES);
    }

    private float floatColumn(final int field, final int index) {
        return OffHeap.getFloat(get(field) + index * (long) Float.BYTES);
    }

    private long longColumn(final int field, final int index) {
        return OffHeap.getLong(get(field) + index * (long) Long.BYTES);
    }

    /** Returns how many segments have an adapter. */
    private int checkSegments(final PassBounds bounds, final int adapters) {
        int adapted = 0;
        int next = 0;
        int before = -1;
        for (int s = 0; s < segments; s++) {
            final int entry = column(ROWS + 5, s);
            requireIndex("the plan entry of segment", s, entry, entries);
            // two workers would change one session's state at a time
            if (entry <= before) {
                throw new IllegalArgumentException("the plan entry of segment " + s + " is " + entry
                        + ": expected more than " + before + ", that of the segment before it");
            }
            before = entry;
            final int adapter = column(ADAPTER, entry);
            requireIndex("the adapter of plan entry", entry, adapter, adapters + 1);
            adapted += adapter == 0 ? 0 : 1;
            final int count = column(ROWS + 7, s);
            if (column(ROWS + 6, s) != next || count < 1 || count > rows - next) {
                throw new IllegalArgumentException("segment " + s + " has " + count + " rows from "
                        + column(ROWS + 6, s) + " on: expected at least 1, from " + next + " on, of " + rows);
            }
            if (count > bounds.segmentRows()) {
                throw new IllegalArgumentException("segment " + s + " has " + count
                        + " rows: a ring of pages has room for " + bounds.segmentRows() + " beside its window");
            }
            checkPositions(s, next, count);
            checkSession(bounds, entry, longColumn(ROWS + 2, next + count - 1));
            next += count;
        }
        if (next != rows) {
            throw new IllegalArgumentException("segments hold " + next + " rows of " + rows);
        }
        return adapted;
    }

    /** Rows of a segment follow each other: attention visits the pages between the lowest and the highest. */
    private void checkPositions(final int segment, final int first, final int count) {
        final long position = longColumn(ROWS + 2, first);
        if (position < 0 || position > LAST_POSITION - count) {
            throw new IllegalArgumentException(
                    "the position of row " + first + " is " + position + ": expected 0 to " + (LAST_POSITION - count));
        }
        for (int i = 1; i < count; i++) {
            if (longColumn(ROWS + 2, first + i) != position + i) {
                throw new IllegalArgumentException("the position of row " + (first + i) + " is "
                        + longColumn(ROWS + 2, first + i) + ": expected " + (position + i) + ", since segment "
                        + segment + " is at " + position + " in row " + first);
            }
        }
    }

    /** What a session keeps is there, up to the page of its last position. */
    private void checkSession(final PassBounds bounds, final int entry, final long lastPosition) {
        if (bounds.hasCarries()) {
            requireAddress("the state of plan entry", entry, longColumn(ENTRIES, entry));
        }
        checkPages("local", longColumn(ENTRIES + 1, entry), bounds.pages(true), entry, lastPosition);
        checkPages("global", longColumn(ENTRIES + 2, entry), bounds.pages(false), entry, lastPosition);
    }

    private static void checkPages(
            final String kind, final long table, final int pages, final int entry, final long lastPosition) {
        if (pages == 0) {
            return;
        }
        if (table == 0) {
            throw new IllegalArgumentException("plan entry " + entry + " has no table of " + kind + " pages");
        }
        final long used = Math.min(pages, (lastPosition >> KvRingLayout.PAGE_SHIFT) + 1);
        for (int page = 0; page < used; page++) {
            if (OffHeap.getLong(table + page * (long) Long.BYTES) == 0) {
                throw new IllegalArgumentException(
                        "plan entry " + entry + " has no " + kind + " page " + page + " for position " + lastPosition);
            }
        }
    }

    private void checkRows(final int tableRows) {
        int outputs = 0;
        for (int row = 0; row < rows; row++) {
            final int value = column(ROWS + 1, row);
            switch (column(ROWS, row)) {
                case TOKEN -> requireIndex("the token id of row", row, value, tableRows);
                case AUDIO_ROW -> requireIndex("the audio source of row", row, value, audioSources);
                case PATCH_ROW -> requireIndex("the patch source of row", row, value, patchSources);
                case SPEECH_ROW -> requireIndex("the block of speech of row", row, value, speechSources);
                default ->
                    throw new IllegalArgumentException(
                            "the kind of row " + row + " is " + column(ROWS, row) + ": expected 0 to 3");
            }
            final int output = column(ROWS + 4, row);
            if (output >= 0) {
                // they are handed out in the order of rows, so none is written twice
                if (output != outputs) {
                    throw new IllegalArgumentException(
                            "the output row of row " + row + " is " + output + ": expected " + outputs);
                }
                outputs++;
            }
        }
        if (outputs != outputRows) {
            throw new IllegalArgumentException("rows name " + outputs + " output rows of " + outputRows);
        }
    }

    /** Every source has samples, or bins that a table has rows for. */
    private void checkAudio(final PassBounds bounds) {
        if (audioSources == 0) {
            return;
        }
        requireColumns("audio sources", AUDIO, PATCHES);
        for (int source = 0; source < audioSources; source++) {
            final long bins = longColumn(AUDIO + 2, source);
            if (bins == 0) {
                requireAddress("the sound of audio source", source, longColumn(AUDIO + 1, source));
                continue;
            }
            for (int mel = 0; mel < bounds.mels(); mel++) {
                final int bin = OffHeap.getInt(bins + mel * (long) Integer.BYTES);
                if (bin < 0 || bin >= bounds.binsPerMel()) {
                    throw new IllegalArgumentException("bin " + mel + " of audio source " + source + " is " + bin
                            + ": expected 0 to " + (bounds.binsPerMel() - 1));
                }
            }
        }
    }

    /** Every source has pixels, or two frames and a place in them. */
    private void checkPatches(final PassBounds bounds) {
        if (patchSources == 0) {
            return;
        }
        requireColumns("patch sources", PATCHES, SPEECH);
        for (int source = 0; source < patchSources; source++) {
            if (longColumn(PATCHES + 4, source) != 0) {
                continue;
            }
            requireAddress("the frame before patch source", source, longColumn(PATCHES, source));
            requireAddress("the frame of patch source", source, longColumn(PATCHES + 1, source));
            requireIndex("the patch row of source", source, column(PATCHES + 2, source), MOST_PATCH_ROWS);
            requireIndex("the patch column of source", source, column(PATCHES + 3, source), bounds.frameColumns());
        }
    }

    /** Blocks and samples are somewhere, and no vocoder is at work for two jobs at a time. */
    private void checkSpeech() {
        if (speechSources > 0) {
            requireColumn("block of speech", SPEECH);
        }
        for (int source = 0; source < speechSources; source++) {
            requireFloats("the block of speech", source, longColumn(SPEECH, source));
        }
        if (voiceRows > 0) {
            requireColumn("voice row", SPEECH + 1);
            requireColumn("place of a block", SPEECH + 2);
            checkVoiceRows();
        }
        if (jobs > 0) {
            requireColumns("jobs", SPEECH + 3, DRAWS);
            checkJobs();
        }
    }

    private void requireColumn(final String what, final int field) {
        if (get(field) == 0) {
            throw new IllegalArgumentException("the column " + what + " has no address");
        }
    }

    private static void requireFloats(final String what, final int at, final long address) {
        requireAddress(what, at, address);
        if (address % Float.BYTES != 0) {
            throw new IllegalArgumentException(what + " of " + at + " begins at an address that 4 does not divide");
        }
    }

    private void checkVoiceRows() {
        int voices = 0;
        for (int row = 0; row < rows; row++) {
            final int voice = column(SPEECH + 1, row);
            if (voice >= 0) {
                if (voice != voices) {
                    throw new IllegalArgumentException(
                            "the voice row of row " + row + " is " + voice + ": expected " + voices);
                }
                voices++;
            }
        }
        if (voices != voiceRows) {
            throw new IllegalArgumentException("rows name " + voices + " voice rows of " + voiceRows);
        }
        for (int voice = 0; voice < voiceRows && sampling; voice++) {
            requireFloats("the place of the block of voice row", voice, longColumn(SPEECH + 2, voice));
        }
    }

    private void checkJobs() {
        if (!sampling) {
            throw new IllegalArgumentException("a pass that draws nothing has " + jobs + " jobs of the vocoder");
        }
        requireColumns("plan entries", ENTRIES, ENTRIES + 1);
        int before = -1;
        for (int job = 0; job < jobs; job++) {
            final int entry = column(SPEECH + 3, job);
            requireIndex("the plan entry of job", job, entry, entries);
            if (entry <= before) {
                throw new IllegalArgumentException("the plan entry of job " + job + " is " + entry
                        + ": expected more than " + before + ", that of the job before it");
            }
            before = entry;
            requireFloats("the state of plan entry", entry, longColumn(ENTRIES, entry));
            final long block = longColumn(SPEECH + 4, job);
            if (block != 0) {
                requireFloats("the block of job", job, block);
            }
            requireFloats("the samples of job", job, longColumn(SPEECH + 5, job));
        }
    }

    private void checkDraws() {
        if (outputRows + voiceRows != segments) {
            throw new IllegalArgumentException("a pass that draws has " + outputRows + " output rows and " + voiceRows
                    + " voice rows for " + segments + " segments");
        }
        if (segments == 0) {
            return;
        }
        if (outputRows > 0) {
            requireColumns("draws", DRAWS, TIMES);
        }
        int drawn = 0;
        for (int segment = 0; segment < segments; segment++) {
            drawn += checkOutputOf(segment, drawn);
        }
        for (int s = 0; s < outputRows; s++) {
            requireAddress("the mask of output row", s, longColumn(DRAWS + 1, s));
            final float temperature = floatColumn(DRAWS + 2, s);
            if (!(temperature >= 0 && temperature < Float.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "the temperature of output row " + s + " is " + temperature + ": expected 0 or more");
            }
            final float topP = floatColumn(DRAWS + 3, s);
            if (!(topP > 0 && topP <= 1)) {
                throw new IllegalArgumentException(
                        "top-p of output row " + s + " is " + topP + ": expected more than 0, at most 1");
            }
            final int topK = column(DRAWS + 4, s);
            if (topK < 1 || topK > SamplingParameters.MAX_CANDIDATES) {
                throw new IllegalArgumentException("top-k of output row " + s + " is " + topK + ": expected 1 to "
                        + SamplingParameters.MAX_CANDIDATES);
            }
        }
    }

    /**
     * A segment draws from one of its rows, or makes a block of one; returns whether it draws, and then with what its
     * own session asks for.
     */
    private int checkOutputOf(final int segment, final int drawn) {
        final int first = column(ROWS + 6, segment);
        int outputs = 0;
        int voices = 0;
        for (int row = first; row < first + column(ROWS + 7, segment); row++) {
            outputs += column(ROWS + 4, row) < 0 ? 0 : 1;
            voices += voiceRows == 0 || column(SPEECH + 1, row) < 0 ? 0 : 1;
        }
        if (outputs + voices != 1) {
            throw new IllegalArgumentException("segment " + segment + " has " + outputs + " output rows and " + voices
                    + " voice rows: expected one of them");
        }
        if (outputs == 1 && column(DRAWS, drawn) != column(ROWS + 5, segment)) {
            throw new IllegalArgumentException("the plan entry of output row " + drawn + " is " + column(DRAWS, drawn)
                    + ": expected " + column(ROWS + 5, segment) + ", that of segment " + segment);
        }
        return outputs;
    }
}
