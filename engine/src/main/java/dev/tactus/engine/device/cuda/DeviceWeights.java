package dev.tactus.engine.device.cuda;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;

/** The weights and tables of a program, copied to the device once, in one piece. Immutable. */
final class DeviceWeights {
    private static final int ROUNDED_AT_ONCE = 1 << 20;
    private static final int HALF = Short.SIZE;
    private static final int BELOW_HALF = 0x7FFF;

    private final Gpu gpu;
    private final Map<Long, Long> copies = new HashMap<>();
    private final Map<Long, Long> rounded = new HashMap<>();

    /** Copies what is listed; the calling thread has entered the GPU. */
    DeviceWeights(final Gpu gpu, final FreezableArena resident, final WeightList list) {
        this.gpu = gpu;
        long next = resident.allocate(MemoryTag.WEIGHTS, list.bytes(), SlabArena.ALIGNMENT)
                .address();
        for (final Map.Entry<Long, Long> weight : list.bytesByAddress().entrySet()) {
            gpu.upload(next, weight.getKey(), weight.getValue());
            copies.put(weight.getKey(), next);
            next += WeightList.aligned(weight.getValue());
        }
        for (final Map.Entry<Long, Long> matrix : list.roundedByAddress().entrySet()) {
            round(next, matrix.getKey(), matrix.getValue());
            rounded.put(matrix.getKey(), next);
            next += WeightList.aligned(matrix.getValue() * Short.BYTES);
        }
    }

    /** Rounds float32 to the nearest bfloat16, ties to even, a piece at a time. */
    private void round(final long target, final long source, final long elements) {
        try (Arena arena = Arena.ofConfined()) {
            final long piece = arena.allocate((long) ROUNDED_AT_ONCE * Short.BYTES, Long.BYTES)
                    .address();
            for (long done = 0; done < elements; done += ROUNDED_AT_ONCE) {
                final int count = (int) Math.min(ROUNDED_AT_ONCE, elements - done);
                for (int i = 0; i < count; i++) {
                    final int bits = OffHeap.getInt(source + (done + i) * Float.BYTES);
                    final int nearest = bits + BELOW_HALF + (bits >>> HALF & 1) >>> HALF;
                    OffHeap.putShort(piece + (long) i * Short.BYTES, (short) nearest);
                }
                gpu.upload(target + done * Short.BYTES, piece, (long) count * Short.BYTES);
            }
        }
    }

    /** Where the copy of what lies at a host address is; 0 for 0. */
    long at(final long host) {
        return host == 0 ? 0 : found(copies, host);
    }

    /** Whether the matrix at a host address is on the device as bfloat16, though the model has it as float32. */
    boolean isRounded(final long host) {
        return rounded.containsKey(host);
    }

    /** Where its rounded copy is. */
    long rounded(final long host) {
        return found(rounded, host);
    }

    private static long found(final Map<Long, Long> deviceByHost, final long host) {
        final Long device = deviceByHost.get(host);
        if (device == null) {
            throw new IllegalArgumentException(
                    "nothing at " + Long.toHexString(host) + " was copied to the device: it is not in the list");
        }
        return device;
    }
}
