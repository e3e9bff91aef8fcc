package dev.tactus.bench.gpu;

import dev.tactus.cuda.CudaStream;
import dev.tactus.kernel.cuda.CudaLaunch;
import java.util.List;

/**
 * An op at one size.
 *
 * @param op what it does
 * @param shape of its operands
 * @param numerics the class of its products, or empty
 * @param rows rows of a product, or sessions
 * @param bytes that it has to read and write
 * @param operand bytes of what it reads most of
 * @param copies the same on other operands, one after the other
 */
record GpuCase(String op, String shape, String numerics, int rows, double bytes, long operand, List<Work> copies) {
    /** The op of products. */
    static final String PRODUCT = "product";

    /** The op that others are judged by. */
    static final String COPY = "copy";

    /** Something that is put into a stream. */
    interface Work {
        void put(CudaStream stream);

        static Work of(final List<CudaLaunch> launches) {
            return stream -> {
                for (final CudaLaunch launch : launches) {
                    launch.launch(stream);
                }
            };
        }
    }
}
