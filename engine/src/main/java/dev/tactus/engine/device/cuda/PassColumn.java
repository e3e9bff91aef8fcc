package dev.tactus.engine.device.cuda;

import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.TickPlan;

/** The columns that the host writes for a tick: what their elements are counted by, and 4-byte words of one. */
enum PassColumn {
    KIND(PassCount.ROWS, 1),
    VALUE(PassCount.ROWS, 1),
    POSITION(PassCount.ROWS, 2),
    TAU(PassCount.ROWS, 1),
    OUTPUT_ROW(PassCount.ROWS, 1),
    VOICE_ROW(PassCount.ROWS, 1),
    ENTRY(PassCount.SEGMENTS, 1),
    FIRST_ROW(PassCount.SEGMENTS, 1),
    ROWS_OF_SEGMENT(PassCount.SEGMENTS, 1),
    OUTPUT_ENTRY(PassCount.OUTPUT_ROWS, 1),
    SPEECH_BLOCK(PassCount.SPEECH_SOURCES, 2),
    VOICE_BLOCK(PassCount.VOICE_ROWS, 2),
    JOB_ENTRY(PassCount.JOBS, 1),
    JOB_BLOCK(PassCount.JOBS, 2),
    JOB_SAMPLES(PassCount.JOBS, 2),
    STATE(PassCount.ENTRIES, 2),
    LOCAL_PAGES(PassCount.ENTRIES, 2),
    GLOBAL_PAGES(PassCount.ENTRIES, 2),
    TICK(PassCount.ENTRIES, 2),
    SEED(PassCount.ENTRIES, 2),
    ADAPTER(PassCount.ENTRIES, 1),
    POLICY(PassCount.ENTRIES, 1),
    TALKING(PassCount.ENTRIES, 1),
    TEXT_BUDGET(PassCount.ENTRIES, 1),
    HELD_BACK(PassCount.ENTRIES, 1),
    LOG_PROBABILITIES(PassCount.ENTRIES, 1),
    BLOCKS(PassCount.ENTRIES, 2),
    SAMPLES(PassCount.ENTRIES, 2),
    SCRIPT(PassCount.ENTRIES, 2),
    SCRIPT_LENGTH(PassCount.ENTRIES, 1),
    TEMPERATURE(PassCount.ENTRIES, 1),
    TOP_P(PassCount.ENTRIES, 1),
    TOP_K(PassCount.ENTRIES, 1),
    /** As many floats per entry as a tick has output positions. */
    OUTPUT_TAU(PassCount.ENTRIES, 1),
    AUDIO_LEFT(PassCount.AUDIO_SOURCES, 2),
    AUDIO_RIGHT(PassCount.AUDIO_SOURCES, 2),
    AUDIO_BINS(PassCount.AUDIO_SOURCES, 2),
    PATCH_PREVIOUS(PassCount.PATCH_SOURCES, 2),
    PATCH_CURRENT(PassCount.PATCH_SOURCES, 2),
    PATCH_PIXELS(PassCount.PATCH_SOURCES, 2),
    PATCH_ROW(PassCount.PATCH_SOURCES, 1),
    PATCH_COL(PassCount.PATCH_SOURCES, 1);

    private final PassCount count;
    private final int words;

    PassColumn(final PassCount count, final int words) {
        this.count = count;
        this.words = words;
    }

    /** What its elements are counted by. */
    PassCount count() {
        return count;
    }

    /** Words of an element in a plan whose entries have so many output positions. */
    int words(final int maxOutputs) {
        return this == OUTPUT_TAU ? words * maxOutputs : words;
    }

    /** Where a plan has it; 0 for the parameters of draws, which a plan has on the heap. */
    long in(final TickPlan plan) {
        final PassRows.Columns rows = plan.rows().columns();
        final PassRows.SpeechColumns speech = plan.rows().speechColumns();
        return switch (this) {
            case KIND -> rows.kind();
            case VALUE -> rows.value();
            case POSITION -> rows.position();
            case TAU -> rows.tau();
            case OUTPUT_ROW -> rows.outputRow();
            case ENTRY -> rows.entry();
            case FIRST_ROW -> rows.firstRow();
            case ROWS_OF_SEGMENT -> rows.rowsOfSegment();
            case OUTPUT_ENTRY -> rows.outputEntry();
            case VOICE_ROW -> speech.voiceRow();
            case SPEECH_BLOCK -> speech.speechBlock();
            case VOICE_BLOCK -> speech.voiceBlock();
            case JOB_ENTRY -> speech.jobEntry();
            case JOB_BLOCK -> speech.jobBlock();
            case JOB_SAMPLES -> speech.jobSamples();
            case TEMPERATURE, TOP_P, TOP_K -> 0;
            default -> ofEntry(plan);
        };
    }

    private long ofEntry(final TickPlan plan) {
        final TickPlan.Columns columns = plan.columns();
        final TickPlan.OutputColumns output = plan.outputColumns();
        return switch (this) {
            case STATE -> columns.state();
            case LOCAL_PAGES -> columns.localPages();
            case GLOBAL_PAGES -> columns.globalPages();
            case TICK -> columns.tick();
            case SEED -> columns.seed();
            case ADAPTER -> columns.adapter();
            case POLICY -> output.policy();
            case TALKING -> output.talking();
            case TEXT_BUDGET -> output.textBudget();
            case HELD_BACK -> output.heldBack();
            case LOG_PROBABILITIES -> output.logProbabilities();
            case BLOCKS -> output.blocks();
            case SAMPLES -> output.samples();
            case SCRIPT -> output.script();
            case SCRIPT_LENGTH -> output.scriptLength();
            case OUTPUT_TAU -> output.tau();
            default -> ofSource(columns);
        };
    }

    private long ofSource(final TickPlan.Columns columns) {
        return switch (this) {
            case AUDIO_LEFT -> columns.audioLeft();
            case AUDIO_RIGHT -> columns.audioRight();
            case AUDIO_BINS -> columns.audioBins();
            case PATCH_PREVIOUS -> columns.patchPrevious();
            case PATCH_CURRENT -> columns.patchCurrent();
            case PATCH_PIXELS -> columns.patchPixels();
            case PATCH_ROW -> columns.patchRow();
            case PATCH_COL -> columns.patchCol();
            default -> throw new AssertionError(this + " has no place in a plan");
        };
    }
}
