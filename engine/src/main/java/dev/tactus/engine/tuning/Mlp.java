package dev.tactus.engine.tuning;

/** The feed-forward half of a layer: dense, or a mixture of experts. */
interface Mlp {
    /** {@code h = mlp(n)}, keeping what {@link #backward} needs. n and h are [rows, d]. */
    void forward(int rows, long n, long h);

    /** Whether anything in it is trained. */
    boolean learns();

    /**
     * {@code dn = …}, unless its address is 0, and the gradients of what is trained are added to.
     *
     * @param n as forward had it
     * @param dh [rows, d]; may be overwritten
     */
    void backward(int rows, long n, long dh, long dn);
}
