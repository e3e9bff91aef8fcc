package dev.tactus.kernel.cuda;

import dev.tactus.cuda.CudaFunction;
import dev.tactus.cuda.CudaStream;
import dev.tactus.cuda.KernelArguments;

/**
 * A kernel with its arguments, grid and block: made and checked once, launched or captured as often as wanted. Buffers
 * that it names must live as long. Launching allocates nothing on the Java heap; the thread that owns the context does.
 */
public final class CudaLaunch {
    private final CudaFunction function;
    private final KernelArguments arguments;
    private final int gridX;
    private final int gridY;
    private final int block;
    private final int sharedBytes;

    CudaLaunch(
            final CudaFunction function,
            final KernelArguments arguments,
            final int gridX,
            final int gridY,
            final int block,
            final int sharedBytes) {
        this.function = function;
        this.arguments = arguments;
        this.gridX = gridX;
        this.gridY = gridY;
        this.block = block;
        this.sharedBytes = sharedBytes;
    }

    /**
     * Puts the launch into a stream, or into the graph that is captured from it.
     *
     * @throws dev.tactus.cuda.CudaException when the driver refuses, or when earlier work of the context has failed
     */
    public void launch(final CudaStream stream) {
        function.launch(stream, gridX, gridY, 1, block, 1, 1, sharedBytes, arguments);
    }

    /** The kernel's name. */
    public String kernel() {
        return function.name();
    }

    /** Blocks of the grid. */
    public long blocks() {
        return (long) gridX * gridY;
    }

    @Override
    public String toString() {
        return function.name() + ", grid " + gridX + " x " + gridY + ", block " + block;
    }
}
