package dev.tactus.engine.model;

import dev.tactus.kernel.WeightType;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;

/**
 * Turns checked tensors into what kernels read: big ones in place, small ones as float32 copies. Used by one thread,
 * while the model is loaded.
 */
final class WeightLoader {
    /** A cache line, and the widest vector. */
    private static final int ALIGNMENT = 64;

    private final Checkpoint checkpoint;
    private final FreezableArena arena;

    /** Copies are allocated from {@code arena} under {@link MemoryTag#WEIGHTS}. */
    WeightLoader(final Checkpoint checkpoint, final FreezableArena arena) {
        this.checkpoint = checkpoint;
        this.arena = arena;
    }

    /** A [rows, cols] tensor. */
    Matrix matrix(final String name) {
        final Tensor tensor = checkpoint.tensor(name);
        final long[] shape = tensor.shape();
        return new Matrix(typeOf(tensor), addressOf(tensor), (int) shape[0], (int) shape[1]);
    }

    /** A [count, rows, cols] tensor. */
    MatrixStack stack(final String name) {
        final Tensor tensor = checkpoint.tensor(name);
        final long[] shape = tensor.shape();
        return new MatrixStack(typeOf(tensor), addressOf(tensor), (int) shape[0], (int) shape[1], (int) shape[2]);
    }

    /** A vector as [1, n], or a [rows, cols] table, as float32. */
    FloatTable table(final String name) {
        final Tensor tensor = checkpoint.tensor(name);
        final long[] shape = tensor.shape();
        final int rows = shape.length == 1 ? 1 : (int) shape[0];
        return new FloatTable(widened(tensor), rows, (int) shape[shape.length - 1]);
    }

    /** A convolution as float32 [taps, channels], so that one tap of all channels lies in a row. */
    FloatTable conv(final String name) {
        final Tensor tensor = checkpoint.tensor(name);
        final long[] shape = tensor.shape();
        final int channels = (int) shape[0];
        final int taps = (int) shape[shape.length - 1];
        final long address = allocate((long) channels * taps);
        for (int tap = 0; tap < taps; tap++) {
            for (int channel = 0; channel < channels; channel++) {
                final float value = tensor.floatAt((long) channel * taps + tap);
                OffHeap.putFloat(address + ((long) tap * channels + channel) * Float.BYTES, value);
            }
        }
        return new FloatTable(address, taps, channels);
    }

    /** A tensor of one element. */
    float scalar(final String name) {
        return checkpoint.tensor(name).floatAt(0);
    }

    private static WeightType typeOf(final Tensor tensor) {
        return tensor.dtype() == DType.BF16 ? WeightType.BF16 : WeightType.F32;
    }

    /** F16 has no kernel: it is widened once, beside the file. BF16 and F32 stay where they are. */
    private long addressOf(final Tensor tensor) {
        return tensor.dtype() == DType.F16 ? widened(tensor) : tensor.address();
    }

    private long widened(final Tensor tensor) {
        final long elements = tensor.elements();
        final long address = allocate(elements);
        if (tensor.dtype() == DType.F32) {
            OffHeap.copy(tensor.address(), address, elements * Float.BYTES);
        } else {
            for (long i = 0; i < elements; i++) {
                OffHeap.putFloat(address + i * Float.BYTES, tensor.floatAt(i));
            }
        }
        return address;
    }

    private long allocate(final long floats) {
        return arena.allocate(MemoryTag.WEIGHTS, floats * Float.BYTES, ALIGNMENT)
                .address();
    }
}
