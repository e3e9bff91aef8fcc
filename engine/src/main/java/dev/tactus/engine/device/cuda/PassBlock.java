package dev.tactus.engine.device.cuda;

import dev.tactus.engine.device.DeviceArenas;
import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.device.cpu.CpuMemory;
import dev.tactus.engine.model.RowSpace;
import dev.tactus.engine.model.SessionLayout;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.cuda.PassLaunches;
import dev.tactus.memory.FloatColumn;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.IntColumn;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The pass as kernels see it: a header of counts and a copy of the plan's columns, in device memory, at addresses that
 * never change. The host tells the counts in mapped memory ({@link #write}); the first kernel of a tick brings them and
 * the live parts of the columns over.
 *
 * <pre>
 *   mapped    [ counts ]  [ plan's columns ]  [ parameters of draws ]
 *                 │ tactus_pass_gather, once per tick
 *   device    [ header ]  [ the same columns ]     ◀── tactus_advance writes the rows of further passes here
 * </pre>
 */
final class PassBlock {
    /** Bytes of {@code struct PassColumn}: from, to, count, words. */
    private static final long ENTRY_BYTES = 24;

    private static final long TO = 8;
    private static final long COUNT = 16;
    private static final long WORDS = 20;

    private final long counts;
    private final long header;
    private final long table;
    private final long[] columns = new long[PassColumn.values().length];
    private final FloatColumn temperature;
    private final FloatColumn topP;
    private final IntColumn topK;

    /** Room for what a plan may hold. */
    PassBlock(final Gpu gpu, final DeviceArenas arenas, final TickPlan plan, final CpuMemory.Rows most) {
        final FreezableArena mapped = arenas.mapped();
        counts = mapped.allocate(MemoryTag.PLAN, PassCount.HEADER_BYTES, SlabArena.ALIGNMENT)
                .address();
        temperature = FloatColumn.allocate(mapped, MemoryTag.PLAN, most.sessions());
        topP = FloatColumn.allocate(mapped, MemoryTag.PLAN, most.sessions());
        topK = IntColumn.allocate(mapped, MemoryTag.PLAN, most.sessions());
        final FreezableArena resident = arenas.resident();
        header = resident.allocate(MemoryTag.PLAN, PassCount.HEADER_BYTES, SlabArena.ALIGNMENT)
                .address();
        try (Arena scratch = Arena.ofConfined()) {
            final MemorySegment entries = scratch.allocate(columns.length * ENTRY_BYTES, Long.BYTES);
            for (final PassColumn column : PassColumn.values()) {
                final int words = column.words(plan.maxOutputs());
                final long bytes = (long) most(column.count(), most) * words * Integer.BYTES;
                final long address = resident.allocate(MemoryTag.PLAN, Math.max(1, bytes), SlabArena.ALIGNMENT)
                        .address();
                columns[column.ordinal()] = address;
                final long at = column.ordinal() * ENTRY_BYTES;
                entries.set(ValueLayout.JAVA_LONG, at, from(column, plan));
                entries.set(ValueLayout.JAVA_LONG, at + TO, address);
                entries.set(ValueLayout.JAVA_INT, at + COUNT, column.count().ordinal());
                entries.set(ValueLayout.JAVA_INT, at + WORDS, words);
            }
            table = gpu.table(resident, MemoryTag.PLAN, entries);
        }
    }

    private long from(final PassColumn column, final TickPlan plan) {
        return switch (column) {
            case TEMPERATURE -> temperature.address();
            case TOP_P -> topP.address();
            case TOP_K -> topK.address();
            default -> column.in(plan);
        };
    }

    /** The most that a count counts, decode passes included. */
    private static int most(final PassCount count, final CpuMemory.Rows most) {
        return switch (count) {
            case ROWS -> Math.max(most.pass(), most.sessions());
            case OUTPUT_ROWS -> Math.max(most.output(), most.sessions());
            case AUDIO_SOURCES -> most.audio();
            case PATCH_SOURCES -> most.patch();
            case SPEECH_SOURCES, VOICE_ROWS -> Math.max(most.voice(), most.sessions());
            default -> most.sessions();
        };
    }

    /** Tells what the plan holds, before the tick is launched. Tick thread; allocates nothing. */
    void write(final TickPlan plan) {
        final PassRows rows = plan.rows();
        put(PassCount.ROWS, rows.rows());
        put(PassCount.SEGMENTS, rows.segments());
        put(PassCount.OUTPUT_ROWS, rows.outputRows());
        put(PassCount.AUDIO_SOURCES, plan.audioSources());
        put(PassCount.PATCH_SOURCES, plan.patchSources());
        put(PassCount.SPEECH_SOURCES, rows.speechSources());
        put(PassCount.VOICE_ROWS, rows.voiceRows());
        put(PassCount.JOBS, rows.jobs());
        put(PassCount.ENTRIES, plan.entries());
        put(PassCount.SAMPLING, plan.isForced() ? 0 : 1);
        for (int entry = 0; entry < plan.entries(); entry++) {
            final SamplingParameters sampling = plan.sampling(entry);
            temperature.set(entry, sampling.temperature());
            topP.set(entry, sampling.topP());
            topK.set(entry, sampling.topK());
        }
    }

    /** What begins with a session, with room for the page tables of all sessions of a tick. */
    PassLaunches.Sessions sessions(final DeviceArenas arenas, final SessionLayout layout, final int most) {
        final int pages = layout.localPages() + layout.globalPages();
        final long tables = arenas.resident()
                .allocate(MemoryTag.PLAN, Math.max(1, most * pages) * (long) Long.BYTES, SlabArena.ALIGNMENT)
                .address();
        return new PassLaunches.Sessions(
                at(PassColumn.STATE),
                at(PassColumn.LOCAL_PAGES),
                at(PassColumn.GLOBAL_PAGES),
                tables,
                layout.stateBytes(),
                layout.localPages(),
                layout.globalPages());
    }

    private void put(final PassCount count, final int value) {
        OffHeap.putInt(counts + count.offset(), value);
    }

    /** Where the host tells the counts. */
    long counts() {
        return counts;
    }

    /** The header in device memory. */
    long header() {
        return header;
    }

    /** The table of columns that {@code tactus_pass_gather} reads, in device memory. */
    long table() {
        return table;
    }

    /** How many columns there are. */
    int columns() {
        return columns.length;
    }

    /** Where kernels find a count. */
    long at(final PassCount count) {
        return header + count.offset();
    }

    /** Where kernels find how many rows a space has. */
    long rows(final RowSpace space) {
        return at(PassCount.of(space));
    }

    /** Where kernels find a column. */
    long at(final PassColumn column) {
        return columns[column.ordinal()];
    }
}
