package dev.tactus.engine.tuning;

/** The feed-forward half of a layer: dense, or a mixture of experts. */
interface Mlp {
    /** {@code h = mlp(n)}, keeping what {@link #backward} needs. n and h are [rows, d]. */
    void forward(int rows, long n, long h);

    /**
     * {@code dn = …}, and the gradients of its weights are added to.
     *
     * @param n as forward had it
     * @param dh [rows, d]; may be overwritten
     */
    void backward(int rows, long n, long dh, long dn);
}
