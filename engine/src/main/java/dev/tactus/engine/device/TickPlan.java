package dev.tactus.engine.device;

import dev.tactus.kernel.SamplingParameters;
import dev.tactus.memory.FloatColumn;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.IntColumn;
import dev.tactus.memory.LongColumn;
import dev.tactus.memory.MemoryTag;

/**
 * Everything a backend needs to know of one tick of all due sessions, and nothing else: the rows of the prefill, one
 * entry per session, and the media that rows refer to.
 *
 * <p>Filled by the planner on the tick thread, read by the device from submit until the ticket is done. Allocated once.
 */
public final class TickPlan {
    private final PassRows rows;
    private static final int HELD_BACK = 1;
    private static final int DISCARDED = 2;

    private final int maxOutputs;

    private final IntColumn session;
    private final LongColumn state;
    private final LongColumn localPages;
    private final LongColumn globalPages;
    private final LongColumn tick;
    private final LongColumn seed;
    private final IntColumn textBudget;
    private final IntColumn policy;
    private final IntColumn talking;
    private final LongColumn blocks;
    private final LongColumn samples;
    private final IntColumn heldBack;
    private final IntColumn adapter;
    private final LongColumn script;
    private final IntColumn scriptLength;
    private final IntColumn logProbabilities;
    private final FloatColumn outputTau;
    private final SamplingParameters[] sampling;
    private int entries;

    private final LongColumn audioLeft;
    private final LongColumn audioRight;
    private final LongColumn audioBins;
    private int audioSources;

    private final LongColumn patchPrevious;
    private final LongColumn patchCurrent;
    private final IntColumn patchRow;
    private final IntColumn patchCol;
    private final LongColumn patchPixels;
    private int patchSources;

    private boolean forced;
    private final Columns columns;
    private final OutputColumns outputColumns;

    /**
     * Where columns lie, for kernels that read them: int64 but for int32 {@code adapter}, {@code patchRow} and
     * {@code patchCol}.
     */
    public record Columns(
            long state,
            long localPages,
            long globalPages,
            long tick,
            long seed,
            long adapter,
            long audioLeft,
            long audioRight,
            long audioBins,
            long patchPrevious,
            long patchCurrent,
            long patchRow,
            long patchCol,
            long patchPixels) {}

    /**
     * Where the columns lie that say what entries may put out, for a device that moves sessions on by itself: int32 but
     * for int64 {@code blocks}, {@code samples} and {@code script} and float32 {@code tau} [entries, most outputs].
     */
    public record OutputColumns(
            long policy,
            long talking,
            long textBudget,
            long blocks,
            long samples,
            long heldBack,
            long script,
            long scriptLength,
            long logProbabilities,
            long tau) {}

    /**
     * An empty plan.
     *
     * @param arena where its columns lie
     * @param maxSessions most entries
     * @param maxRows most rows of the prefill
     * @param maxAudio most audio sources
     * @param maxPatches most patch sources
     * @param maxOutputs most output positions of one session in one tick
     */
    public TickPlan(
            final FreezableArena arena,
            final int maxSessions,
            final int maxRows,
            final int maxAudio,
            final int maxPatches,
            final int maxOutputs) {
        this.rows = new PassRows(arena, maxRows, maxSessions);
        this.maxOutputs = maxOutputs;
        session = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        state = LongColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        localPages = LongColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        globalPages = LongColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        tick = LongColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        seed = LongColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        textBudget = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        policy = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        talking = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        blocks = LongColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        samples = LongColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        heldBack = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        adapter = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        script = LongColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        scriptLength = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        logProbabilities = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        outputTau = FloatColumn.allocate(arena, MemoryTag.PLAN, maxSessions * maxOutputs);
        sampling = new SamplingParameters[maxSessions];
        audioLeft = LongColumn.allocate(arena, MemoryTag.PLAN, maxAudio);
        audioRight = LongColumn.allocate(arena, MemoryTag.PLAN, maxAudio);
        audioBins = LongColumn.allocate(arena, MemoryTag.PLAN, maxAudio);
        patchPrevious = LongColumn.allocate(arena, MemoryTag.PLAN, maxPatches);
        patchCurrent = LongColumn.allocate(arena, MemoryTag.PLAN, maxPatches);
        patchRow = IntColumn.allocate(arena, MemoryTag.PLAN, maxPatches);
        patchCol = IntColumn.allocate(arena, MemoryTag.PLAN, maxPatches);
        patchPixels = LongColumn.allocate(arena, MemoryTag.PLAN, maxPatches);
        columns = new Columns(
                state.address(),
                localPages.address(),
                globalPages.address(),
                tick.address(),
                seed.address(),
                adapter.address(),
                audioLeft.address(),
                audioRight.address(),
                audioBins.address(),
                patchPrevious.address(),
                patchCurrent.address(),
                patchRow.address(),
                patchCol.address(),
                patchPixels.address());
        outputColumns = new OutputColumns(
                policy.address(),
                talking.address(),
                textBudget.address(),
                blocks.address(),
                samples.address(),
                heldBack.address(),
                script.address(),
                scriptLength.address(),
                logProbabilities.address(),
                outputTau.address());
    }

    /** Where columns lie. */
    public Columns columns() {
        return columns;
    }

    /** Where the columns lie that say what entries may put out. */
    public OutputColumns outputColumns() {
        return outputColumns;
    }

    /**
     * Empties the plan.
     *
     * @param teacherForced true: one pass, nothing is sampled (logits, trainer, equality tests)
     */
    public void clear(final boolean teacherForced) {
        rows.clear();
        entries = 0;
        audioSources = 0;
        patchSources = 0;
        forced = teacherForced;
    }

    /** Adds a session and begins its rows; returns its entry. */
    public int addEntry(
            final int sessionIndex,
            final long stateAddress,
            final long localPageTable,
            final long globalPageTable,
            final long sessionTick,
            final long sessionSeed,
            final SamplingParameters parameters) {
        final int entry = entries++;
        session.set(entry, sessionIndex);
        state.set(entry, stateAddress);
        localPages.set(entry, localPageTable);
        globalPages.set(entry, globalPageTable);
        tick.set(entry, sessionTick);
        seed.set(entry, sessionSeed);
        adapter.set(entry, 0);
        blocks.set(entry, 0);
        samples.set(entry, 0);
        heldBack.set(entry, 0);
        script.set(entry, 0);
        scriptLength.set(entry, 0);
        logProbabilities.set(entry, 0);
        sampling[entry] = parameters;
        rows.beginSegment(entry);
        return entry;
    }

    /** Sets what the output machine of an entry may do: its policy, whether it was talking, and its text budget. */
    public void output(final int entry, final int outputPolicy, final boolean wasTalking, final int budget) {
        policy.set(entry, outputPolicy);
        talking.set(entry, wasTalking ? 1 : 0);
        textBudget.set(entry, budget);
    }

    /**
     * Sets where the speech of an entry goes; an entry begins without.
     *
     * @param blockPlaces address of its last two blocks, float32 [2, elements of a block]; output position i of a
     *     tick's blocks stands at i mod 2
     * @param sampleSlot address of float32 [3200], the samples of the tick
     * @param holdsBack whether its vocoder holds samples back: the last block it was given was not silence
     */
    public void speech(final int entry, final long blockPlaces, final long sampleSlot, final boolean holdsBack) {
        blocks.set(entry, blockPlaces);
        samples.set(entry, sampleSlot);
        heldBack.set(entry, holdsBack ? HELD_BACK : 0);
    }

    /**
     * Has the samples that an entry's vocoder holds back, if any, brought out and thrown away: nobody is to hear them.
     */
    public void discardHeldBack(final int entry) {
        heldBack.set(entry, holdsBack(entry) ? DISCARDED : 0);
    }

    /** Chooses the adapter of an entry: its number, from 1 on. An entry begins with 0, the base alone. */
    public void adapter(final int entry, final int number) {
        adapter.set(entry, number);
    }

    /** Lets output position p of an entry choose nothing but id p of the int32 ids at {@code address} (benches). */
    public void script(final int entry, final long address, final int length) {
        script.set(entry, address);
        scriptLength.set(entry, length);
    }

    /** Asks for the log-probability of every token that an entry draws. */
    public void wantLogProbabilities(final int entry) {
        logProbabilities.set(entry, 1);
    }

    /** Sets τ of output position {@code output} of an entry. */
    public void outputTau(final int entry, final int output, final float value) {
        outputTau.set(entry * maxOutputs + output, value);
    }

    /** Adds live audio: the slot's samples and those before it (0: silence); returns the source's index. */
    public int addAudio(final long left, final long right) {
        audioLeft.set(audioSources, left);
        audioRight.set(audioSources, right);
        audioBins.set(audioSources, 0);
        return audioSources++;
    }

    /** Adds audio whose dMel bins are known, int32 [mels]; returns the source's index. */
    public int addAudioBins(final long bins) {
        audioBins.set(audioSources, bins);
        return audioSources++;
    }

    /** Adds a patch of a pair of RGB8 frames; returns the source's index. */
    public int addPatch(final long previous, final long current, final int row, final int col) {
        patchPrevious.set(patchSources, previous);
        patchCurrent.set(patchSources, current);
        patchRow.set(patchSources, row);
        patchCol.set(patchSources, col);
        patchPixels.set(patchSources, 0);
        return patchSources++;
    }

    /** Adds a patch whose normalised float32 pixels are known; returns the source's index. */
    public int addPatchPixels(final long pixels) {
        patchPixels.set(patchSources, pixels);
        return patchSources++;
    }

    /** The rows of the prefill. */
    public PassRows rows() {
        return rows;
    }

    /** Whether nothing is sampled. */
    public boolean isForced() {
        return forced;
    }

    /** Sessions in the plan. */
    public int entries() {
        return entries;
    }

    /** Most output positions of one session in one tick. */
    public int maxOutputs() {
        return maxOutputs;
    }

    /** Session index of an entry. */
    public int session(final int entry) {
        return session.get(entry);
    }

    /** Address of the session's constant state. */
    public long state(final int entry) {
        return state.get(entry);
    }

    /** Address of the session's table of local pages. */
    public long localPages(final int entry) {
        return localPages.get(entry);
    }

    /** Address of the session's table of global pages. */
    public long globalPages(final int entry) {
        return globalPages.get(entry);
    }

    /** Number of the entry's adapter; 0 for the base alone. */
    public int adapter(final int entry) {
        return adapter.get(entry);
    }

    /** Session tick of an entry. */
    public long tick(final int entry) {
        return tick.get(entry);
    }

    /** Seed of an entry. */
    public long seed(final int entry) {
        return seed.get(entry);
    }

    /** Sampling parameters of an entry. */
    public SamplingParameters sampling(final int entry) {
        return sampling[entry];
    }

    /** Text ids an entry may emit. */
    public int textBudget(final int entry) {
        return textBudget.get(entry);
    }

    /** Output policy of an entry. */
    public int policy(final int entry) {
        return policy.get(entry);
    }

    /** Whether the entry's previous tick ended in speech. */
    public boolean talking(final int entry) {
        return talking.get(entry) != 0;
    }

    /** Where the last two blocks of an entry stand. */
    public long blocks(final int entry) {
        return blocks.get(entry);
    }

    /** Where the samples of an entry go. */
    public long samples(final int entry) {
        return samples.get(entry);
    }

    /** Whether the entry's vocoder holds samples back. */
    public boolean holdsBack(final int entry) {
        return heldBack.get(entry) != 0;
    }

    /** Whether what the entry's vocoder holds back is to be thrown away, before anything new is said. */
    public boolean discardsHeldBack(final int entry) {
        return heldBack.get(entry) == DISCARDED;
    }

    /** Address of the entry's script, 0 for none. */
    public long scriptAddress(final int entry) {
        return script.get(entry);
    }

    /** Ids in the entry's script. */
    public int scriptLength(final int entry) {
        return scriptLength.get(entry);
    }

    /** Whether the log-probabilities of an entry's tokens are wanted. */
    public boolean wantsLogProbabilities(final int entry) {
        return logProbabilities.get(entry) != 0;
    }

    /** τ of an output position. */
    public float outputTau(final int entry, final int output) {
        return outputTau.get(entry * maxOutputs + output);
    }

    /** Audio sources. */
    public int audioSources() {
        return audioSources;
    }

    /** Samples before the slot, 0 for silence. */
    public long audioLeft(final int source) {
        return audioLeft.get(source);
    }

    /** Samples of the slot. */
    public long audioRight(final int source) {
        return audioRight.get(source);
    }

    /** Known bins, 0 when they are computed from samples. */
    public long audioBins(final int source) {
        return audioBins.get(source);
    }

    /** Patch sources. */
    public int patchSources() {
        return patchSources;
    }

    /** Frame of the first temporal slot. */
    public long patchPrevious(final int source) {
        return patchPrevious.get(source);
    }

    /** Frame of the second temporal slot. */
    public long patchCurrent(final int source) {
        return patchCurrent.get(source);
    }

    /** Row of the patch in its frame. */
    public int patchRow(final int source) {
        return patchRow.get(source);
    }

    /** Column of the patch in its frame. */
    public int patchCol(final int source) {
        return patchCol.get(source);
    }

    /** Known pixels, 0 when they are taken from frames. */
    public long patchPixels(final int source) {
        return patchPixels.get(source);
    }
}
