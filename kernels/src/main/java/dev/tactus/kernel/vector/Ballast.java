package dev.tactus.kernel.vector;

/**
 * Bytecodes that never run, so that C2 compiles a vector kernel on its own.
 *
 * <p>C2 stops inlining when a compilation has made 18,000 nodes (NodeCountInliningCutoff), which some 40 vector
 * operations do. Where this happens inside a kernel, the vector at hand becomes an object. A kernel that fits when
 * compiled alone may not fit when inlined into its caller behind others, and which of both happens depends on the order
 * in which methods got hot. A method above 325 bytecodes (FreqInlineSize) is never inlined, dead ones included, and
 * neither an annotation nor a flag is needed. So each kernel that is not long enough by itself begins with
 *
 * <pre>
 *   if (Ballast.ABOARD) {
 *       Ballast.stow(999, 999, …);
 *   }
 * </pre>
 *
 * which C2 removes. {@code KernelInliningTest} weighs the kernels.
 */
final class Ballast {
    /** Always false; javac does not know, but C2 does. */
    static final boolean ABOARD = Boolean.parseBoolean("no");

    private Ballast() {}

    /** Takes seven bytecodes for each number. */
    static void stow(final int... stones) {
        throw new IllegalStateException(stones.length + " numbers were stowed: expected dead code");
    }
}
