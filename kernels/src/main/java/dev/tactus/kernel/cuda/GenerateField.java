package dev.tactus.kernel.cuda;

/**
 * The fields of {@code struct Generate} in {@code generate.cuh}, in order: 8 bytes each, a device address or a number.
 * {@code mapped} memory is pinned and seen by the host. Columns are int32 or float32 where nothing else is said, and
 * addresses int64. Constants; any thread.
 */
public enum GenerateField {
    /** Per entry: address of the session's state. */
    STATE,
    /** Per entry: session tick, int64. */
    TICK,
    /** Per entry: seed, int64. */
    SEED,
    /** Per entry: policy of the output machine. */
    POLICY,
    /** Per entry: 1 where the previous tick ended in speech. */
    TALKING,
    /** Per entry: text ids it may put out. */
    TEXT_BUDGET,
    /** Per entry: 1 where its vocoder holds samples back, 2 where these are to be thrown away. */
    HELD_BACK,
    /** Per entry: 1 where the log-probabilities of its tokens are wanted. */
    LOG_PROBABILITIES,
    /** Per entry: number of its adapter, 0 for none. */
    ADAPTER,
    /** Per entry: address of its last two blocks of speech. */
    BLOCKS,
    /** Per entry: address of the samples of the tick. */
    SAMPLES,
    /** Per entry: address of int32 ids, 0 for none. */
    SCRIPT,
    /** Per entry: ids of its script. */
    SCRIPT_LENGTH,
    /** Per entry: 0 for greedy. */
    TEMPERATURE,
    /** Per entry: probability mass kept. */
    TOP_P,
    /** Per entry: candidates kept, 1 to 256. */
    TOP_K,
    /** Per entry and output position: tau. */
    OUTPUT_TAU,
    /** Per entry: state of the output machine, 5 once its output is whole. */
    MACHINE,
    /** Per entry: text ids of the tick so far. */
    TEXT_USED,
    /** Per entry: blocks of speech of the tick so far. */
    BLOCKS_MADE,
    /** Per entry: output positions of the tick so far. */
    OUTPUTS,
    /** Per entry: position of its next row, int64. */
    NEXT_POSITION,
    /** Per entry: its output row in the pass at work, or negative. */
    DRAWS,
    /** Per entry: its voice row in the pass at work, or negative. */
    MAKES,
    /** Counts of the pass, 16 int32. */
    HEADER,
    /** Per row: RowKind. */
    KIND,
    /** Per row: token id or source. */
    VALUE,
    /** Per row: position, int64. */
    POSITION,
    /** Per row: tau. */
    TAU,
    /** Per row: its output row, or negative. */
    OUTPUT_ROW,
    /** Per row: its voice row, or negative. */
    VOICE_ROW,
    /** Per row: its entry. */
    ROW_ENTRY,
    /** Per row: its adapter. */
    ROW_ADAPTER,
    /** Per segment: its entry. */
    ENTRY,
    /** Per segment: its first row. */
    FIRST_ROW,
    /** Per segment: how many rows it has. */
    ROWS_OF_SEGMENT,
    /** Per output row: its entry. */
    OUTPUT_ENTRY,
    /** Per output row: its adapter. */
    OUTPUT_ADAPTER,
    /** Per speech source: address of the block. */
    SPEECH_BLOCK,
    /** Per voice row: where its block goes. */
    VOICE_BLOCK,
    /** Per voice row: its entry. */
    VOICE_ENTRY,
    /** Per job: its entry. */
    JOB_ENTRY,
    /** Per job: address of the block, 0 for silence. */
    JOB_BLOCK,
    /** Per job: where its samples go. */
    JOB_SAMPLES,
    /** Per entry, mapped: output positions. */
    OUT_COUNT,
    /** Per entry, mapped: 0, or 1 where a number was not finite. */
    OUT_ERROR,
    /** Per entry, mapped: samples of speech. */
    OUT_SAMPLES,
    /** Per entry, mapped: 0 generating, 1 speaking, 2 complete. */
    OUT_STATUS,
    /** Per entry and output position, mapped: token id, or -2 for a block. */
    OUT_TOKEN,
    /** Per entry and output position, mapped: state it was drawn in. */
    OUT_DRAWN_IN,
    /** Per entry and output position, mapped: log-probability where wanted. */
    OUT_LOG_PROBABILITY,
    /** Mapped, int32 [4]: rows, jobs, voice rows of the next pass; passes that are over. */
    OUT_NEXT,
    /** Most output positions of an entry. */
    MAX_OUTPUTS,
    /** Ids that have a logit. */
    VOCABULARY,
    /** The quiet token. */
    QUIET,
    /** The token that begins captions. */
    HEAR,
    /** The token that begins what is said. */
    SPEAK,
    /** The token that begins blocks of speech. */
    SAY,
    /** Elements of a block of speech; 0 where the model does not speak. */
    BLOCK,
    /** The output machine's masks. */
    MASKS,
    /** Int64 words of a mask. */
    MASK_WORDS,
    /** Per output row: token, or negative for a failure. */
    SAMPLED,
    /** Per output row: log-probability where wanted. */
    SAMPLED_LOG,
    /** Per voice row: 1 where its block is made of numbers. */
    VOICE_FINITE;

    /** Whether it is a number, not an address. */
    boolean isNumber() {
        return switch (this) {
            case MAX_OUTPUTS, VOCABULARY, QUIET, HEAR, SPEAK, SAY, BLOCK, MASK_WORDS -> true;
            default -> false;
        };
    }
}
