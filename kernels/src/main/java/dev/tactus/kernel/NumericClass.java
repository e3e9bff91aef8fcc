package dev.tactus.kernel;

/**
 * How the products of an engine are computed (NUMERICS.md). One property of an engine: within a class an op has one
 * arithmetic for every row count, so a session's bits never depend on its neighbours.
 *
 * <p>The FAST classes change projections, MLPs, experts, the unembedding and the vision linears; everything else is
 * computed as in EXACT.
 */
public enum NumericClass {
    /** Float32, equal to the bit across Java, C and CUDA, instruction sets and thread counts. */
    EXACT("exact", -1),
    /** Weights and activations rounded to bfloat16, products accumulated in float32 in the order of the CPU's unit. */
    FAST_BF16("fast-bf16", 2),
    /**
     * Weights and activations quantised to int8 with a scale per row of each, accumulated in int32: the same bits on
     * every CPU.
     */
    FAST_INT8("fast-int8", 3);

    /** Most elements of a row that int8 products may sum: 255 · 127 of them per element stay below 2³¹. */
    public static final int MAX_INT8_COLUMNS = 66_000;

    private final String label;
    private final int kind;

    NumericClass(final String label, final int kind) {
        this.label = label;
        this.kind = kind;
    }

    /** The name for options and reports: {@code fast-int8}. */
    public String label() {
        return label;
    }

    /** {@code enum tactus_kind} of a matrix prepared for a FAST class. */
    public int kind() {
        return kind;
    }
}
