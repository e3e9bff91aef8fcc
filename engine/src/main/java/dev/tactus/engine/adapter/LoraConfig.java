package dev.tactus.engine.adapter;

/**
 * The numbers of an adapter: {@code y = dot(W, x) + scale · dot(B, dot(A, x))}.
 *
 * <p>Hu et al., "LoRA: low-rank adaptation of large language models" (arXiv 2106.09685).
 *
 * @param rank rows of A and columns of B, 1 to {@value #MOST_RANK}
 * @param alpha the scale is alpha / rank; positive
 * @param rankStabilised whether the scale is alpha / sqrt(rank) instead (arXiv 2312.03732, {@code use_rslora})
 */
public record LoraConfig(int rank, float alpha, boolean rankStabilised) {
    /** Largest rank: beyond it an adapter is no smaller than most of our matrices. */
    public static final int MOST_RANK = 4096;

    /** Refuses what makes no sense. */
    public LoraConfig {
        if (rank < 1 || rank > MOST_RANK) {
            throw new IllegalArgumentException("LoRA: rank is " + rank + ": expected 1 to " + MOST_RANK);
        }
        if (!(alpha > 0f && alpha < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("LoRA: alpha is " + alpha + ": expected a positive number");
        }
    }

    /** An adapter of that rank with scale alpha / rank. */
    public static LoraConfig of(final int rank, final float alpha) {
        return new LoraConfig(rank, alpha, false);
    }

    /** What the product of the factors is multiplied by. */
    public float scale() {
        return (float) (alpha / (rankStabilised ? Math.sqrt(rank) : rank));
    }
}
