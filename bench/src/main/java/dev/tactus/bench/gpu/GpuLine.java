package dev.tactus.bench.gpu;

/**
 * What an op at one size took.
 *
 * @param op what it does
 * @param shape of its operands
 * @param numerics the class of its products, or empty
 * @param rows rows of a product, or sessions
 * @param bytes that it has to read and write
 * @param operand bytes of what it reads most of
 * @param medianNs of one call inside a graph of many; NaN where times say nothing
 * @param p10Ns likewise
 * @param p90Ns likewise
 */
public record GpuLine(
        String op,
        String shape,
        String numerics,
        int rows,
        double bytes,
        long operand,
        double medianNs,
        double p10Ns,
        double p90Ns) {
    /** Bytes per nanosecond, which are GB/s; NaN where times say nothing. */
    public double gigabytesPerSecond() {
        return bytes / medianNs;
    }
}
