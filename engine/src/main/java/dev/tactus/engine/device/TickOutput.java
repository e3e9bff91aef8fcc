package dev.tactus.engine.device;

import dev.tactus.memory.FloatColumn;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.IntColumn;
import dev.tactus.memory.LongColumn;
import dev.tactus.memory.MemoryTag;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * What a tick puts out, per plan entry: token ids, {@link #BLOCK} for a block of speech, with the state of the output
 * machine they were drawn in and, where the plan asks for them, their log-probabilities; how many samples of speech;
 * when each stage ended on the device's clock, and a flag that publishes the rest.
 *
 * <p>Written by the device until it calls {@link #complete}; read by the tick thread once {@link #isComplete}.
 */
public final class TickOutput {
    /** Stands in the place of a token id for a block of speech, which has none. */
    public static final int BLOCK = -2;

    /** The entry's output is whole. */
    public static final int OK = 0;

    /** A logit was NaN or infinite. */
    public static final int NOT_FINITE = 1;

    private final int maxOutputs;
    private final AtomicIntegerArray complete;
    private final IntColumn count;
    private final IntColumn error;
    private final IntColumn token;
    private final IntColumn drawnIn;
    private final FloatColumn logProbability;
    private final LongColumn generateNs;
    private final LongColumn speakNs;
    private final IntColumn samples;
    private final LongColumn completedNs;
    private long startedNs;
    private long preprocessNs;
    private long fuseNs;
    private int prefillRows;
    private int passes;

    /**
     * Where columns lie, for a device that writes them itself before it has {@link #complete} called: int32 but for
     * float32 {@code logProbability}; per entry, or [entries, most outputs] for {@code token}, {@code drawnIn} and
     * {@code logProbability}.
     */
    public record Columns(long count, long error, long token, long drawnIn, long logProbability, long samples) {}

    /** Room for {@code maxSessions} entries of {@code maxOutputs} positions. */
    public TickOutput(final FreezableArena arena, final int maxSessions, final int maxOutputs) {
        this.maxOutputs = maxOutputs;
        this.complete = new AtomicIntegerArray(maxSessions);
        count = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        error = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        token = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions * maxOutputs);
        drawnIn = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions * maxOutputs);
        logProbability = FloatColumn.allocate(arena, MemoryTag.PLAN, maxSessions * maxOutputs);
        generateNs = LongColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        speakNs = LongColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        samples = IntColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
        completedNs = LongColumn.allocate(arena, MemoryTag.PLAN, maxSessions);
    }

    /** Where columns lie. */
    public Columns columns() {
        return new Columns(
                count.address(),
                error.address(),
                token.address(),
                drawnIn.address(),
                logProbability.address(),
                samples.address());
    }

    /** Empties the output for a tick of {@code entries} sessions. Before submit. */
    public void clear(final int entries) {
        for (int i = 0; i < entries; i++) {
            count.set(i, 0);
            error.set(i, OK);
            generateNs.set(i, 0);
            speakNs.set(i, 0);
            samples.set(i, 0);
            complete.setPlain(i, 0);
        }
        passes = 0;
        preprocessNs = 0;
        fuseNs = 0;
    }

    /** Adds a token to an entry, drawn in machine state {@code state}. */
    public void add(final int entry, final int id, final int state) {
        final int n = count.get(entry);
        token.set(entry * maxOutputs + n, id);
        drawnIn.set(entry * maxOutputs + n, state);
        count.set(entry, n + 1);
    }

    /** Tells the log-probability of the token that was added last, for an entry whose plan asks for it. */
    public void logProbability(final int entry, final float value) {
        logProbability.set(entry * maxOutputs + count.get(entry) - 1, value);
    }

    /** Marks an entry as failed with {@link #NOT_FINITE}. */
    public void fail(final int entry, final int code) {
        error.set(entry, code);
    }

    /** Tells how many samples of speech were made. */
    public void samples(final int entry, final int count) {
        samples.set(entry, count);
    }

    /** Publishes an entry: nothing of it changes any more. */
    public void complete(final int entry, final long entryGenerateNs, final long entrySpeakNs, final long atNs) {
        generateNs.set(entry, entryGenerateNs);
        speakNs.set(entry, entrySpeakNs);
        completedNs.set(entry, atNs);
        complete.setRelease(entry, 1);
    }

    /**
     * Records the shared stages of the tick: when the device took it up and how long each lasted. Before any complete.
     */
    public void stages(final long deviceStartNs, final long preprocess, final long fuse, final int rows) {
        startedNs = deviceStartNs;
        preprocessNs = preprocess;
        fuseNs = fuse;
        prefillRows = rows;
    }

    /** Counts a pass. */
    public void countPass() {
        passes++;
    }

    /** Whether an entry's output may be read. */
    public boolean isComplete(final int entry) {
        return complete.getAcquire(entry) != 0;
    }

    /** Output positions of an entry. */
    public int count(final int entry) {
        return count.get(entry);
    }

    /** {@link #OK} or {@link #NOT_FINITE}. */
    public int error(final int entry) {
        return error.get(entry);
    }

    /** Token id at output position {@code i}, or {@link #BLOCK}. */
    public int token(final int entry, final int i) {
        return token.get(entry * maxOutputs + i);
    }

    /** The machine state in which that token was drawn. */
    public int drawnIn(final int entry, final int i) {
        return drawnIn.get(entry * maxOutputs + i);
    }

    /** The log-probability of that token; left over from another tick where the plan did not ask for it. */
    public float logProbabilityOf(final int entry, final int i) {
        return logProbability.get(entry * maxOutputs + i);
    }

    /** When the device took the tick up. */
    public long startedNs() {
        return startedNs;
    }

    /** How long preprocessing took, for all sessions of the tick. */
    public long preprocessNs() {
        return preprocessNs;
    }

    /** How long embedding and prefill took. */
    public long fuseNs() {
        return fuseNs;
    }

    /** How long sampling and decode passes took until the entry was complete, or until it spoke. */
    public long generateNs(final int entry) {
        return generateNs.get(entry);
    }

    /** How long the passes took in which the entry spoke. */
    public long speakNs(final int entry) {
        return speakNs.get(entry);
    }

    /** Samples of speech that were made. */
    public int samples(final int entry) {
        return samples.get(entry);
    }

    /** When the entry was complete. */
    public long completedNs(final int entry) {
        return completedNs.get(entry);
    }

    /** Rows of the prefill. */
    public int prefillRows() {
        return prefillRows;
    }

    /** Passes so far. */
    public int passes() {
        return passes;
    }
}
