package dev.tactus.kernel.cuda;

import dev.tactus.cuda.CudaFunction;
import dev.tactus.cuda.KernelArguments;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Supplier;

/** Writes the arguments of one launch, in the order of the kernel's parameters. */
final class LaunchBuilder {
    /** Most blocks of a grid along y. */
    static final int MAX_GRID_Y = 65_535;

    /** Most bytes of shared memory that a block has without asking. */
    static final int MAX_SHARED_BYTES = 48 * 1024;

    private static final int WARP = 32;

    private final CudaFunction function;
    private final KernelArguments arguments;
    private int next;

    /** A struct that is passed by value, field after field, in the alignment of C. */
    static final class Struct {
        private final ByteBuffer bytes = ByteBuffer.allocate(256).order(ByteOrder.nativeOrder());
        private int alignment = Integer.BYTES;

        Struct address(final long value) {
            align(Long.BYTES);
            bytes.putLong(value);
            return this;
        }

        Struct integer(final int value) {
            bytes.putInt(value);
            return this;
        }

        Struct real(final float value) {
            bytes.putFloat(value);
            return this;
        }

        private void align(final int to) {
            alignment = Math.max(alignment, to);
            bytes.position((bytes.position() + to - 1) / to * to);
        }

        MemorySegment segment() {
            align(alignment);
            return MemorySegment.ofArray(bytes.array()).asSlice(0, bytes.position());
        }
    }

    LaunchBuilder(final CudaKernels kernels, final String kernel) {
        function = kernels.function(kernel);
        arguments = function.newArguments();
    }

    LaunchBuilder address(final long value) {
        arguments.setLong(next++, value);
        return this;
    }

    LaunchBuilder integer(final int value) {
        arguments.setInt(next++, value);
        return this;
    }

    LaunchBuilder real(final float value) {
        arguments.setFloat(next++, value);
        return this;
    }

    LaunchBuilder struct(final Struct value) {
        arguments.setBytes(next++, value.segment());
        return this;
    }

    /** A launch of {@code gridX} blocks. */
    CudaLaunch build(final long gridX, final int block, final int sharedBytes) {
        return build(gridX, 1, block, sharedBytes);
    }

    /**
     * The launch.
     *
     * @throws IllegalArgumentException when a limit of CUDA is passed
     */
    CudaLaunch build(final long gridX, final long gridY, final int block, final int sharedBytes) {
        require(
                gridX >= 1 && gridX <= Integer.MAX_VALUE && gridY >= 1 && gridY <= MAX_GRID_Y,
                () -> function.name() + " would have a grid of " + gridX + " x " + gridY
                        + " blocks: expected 1 to 2^31 - 1 and 1 to 65535");
        require(block >= WARP && block % WARP == 0, () -> function.name() + ": a block of " + block + " threads");
        require(
                sharedBytes <= MAX_SHARED_BYTES,
                () -> function.name() + " would need " + sharedBytes + " bytes of shared memory: expected at most "
                        + MAX_SHARED_BYTES);
        return new CudaLaunch(function, arguments, (int) gridX, (int) gridY, block, sharedBytes);
    }

    /** Blocks of {@code size} that {@code count} takes. */
    static long blocks(final long count, final long size) {
        return (count + size - 1) / size;
    }

    /** Refuses what no kernel can run with. */
    static void require(final boolean holds, final Supplier<String> message) {
        if (!holds) {
            throw new IllegalArgumentException(message.get());
        }
    }

    /** Refuses sizes that are not positive. */
    static void requirePositive(final String kernel, final int... sizes) {
        for (final int size : sizes) {
            require(size > 0, () -> kernel + ": a size is " + size + ", expected at least 1");
        }
    }

    /** Refuses buffers that are missing, or that do not begin where a float can. */
    static void requireBuffers(final String kernel, final long... addresses) {
        for (final long address : addresses) {
            require(
                    address != 0 && address % Float.BYTES == 0,
                    () -> kernel + ": a buffer is at " + Long.toHexString(address)
                            + ", expected a multiple of 4 that is not 0");
        }
    }
}
