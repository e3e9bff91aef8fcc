package dev.tactus.kernel.cuda;

import dev.tactus.cuda.CudaFunction;
import dev.tactus.cuda.KernelArguments;
import java.lang.foreign.MemorySegment;

/**
 * {@code struct Generate}, which every kernel that draws, speaks or moves sessions on is given by value, and the two
 * launches that need nothing else: the beginning of a tick, and the step between two passes.
 *
 * <p>Made once, when graphs are captured, by the thread that owns the context; what its fields point to must live as
 * long as the launches that are made with it.
 */
public final class GenerateLaunches {
    private static final int THREADS = 256;

    private final CudaKernels kernels;
    private final long[] fields;
    private final MemorySegment struct;

    /**
     * Takes the fields.
     *
     * @param fields a value per {@link GenerateField}, in order
     * @throws IllegalArgumentException when there are fewer or more, when a field that every pass reads is 0, or a
     *     number is negative
     */
    public GenerateLaunches(final CudaKernels kernels, final long[] fields) {
        final GenerateField[] names = GenerateField.values();
        if (fields.length != names.length) {
            throw new IllegalArgumentException(
                    fields.length + " fields of a generation: expected " + names.length + ", one per GenerateField");
        }
        for (final GenerateField field : names) {
            final long value = fields[field.ordinal()];
            if (field.isNumber() ? value < 0 : value == 0 && isAlwaysRead(field)) {
                throw new IllegalArgumentException("generation field " + field + " is " + value + ": expected "
                        + (field.isNumber() ? "0 or more" : "an address"));
            }
        }
        this.kernels = kernels;
        this.fields = fields.clone();
        this.struct = MemorySegment.ofArray(this.fields);
    }

    /** A model that does not speak has no places for blocks, and one that only reads has no masks. */
    private static boolean isAlwaysRead(final GenerateField field) {
        return switch (field) {
            case HEADER, ENTRY, FIRST_ROW, ROWS_OF_SEGMENT, POSITION, OUTPUT_ROW, MACHINE, OUT_STATUS, OUT_NEXT -> true;
            default -> false;
        };
    }

    /** The value of a field. */
    public long field(final GenerateField field) {
        return fields[field.ordinal()];
    }

    /**
     * The launch that puts every entry of a tick at the start of its output; after the plan is on the device. The host
     * has zeroed {@link GenerateField#OUT_NEXT} before.
     */
    public CudaLaunch begin() {
        return build("tactus_generate_begin", 1, 1, THREADS, 0);
    }

    /**
     * The launch that ends a pass: takes what it drew and made, and writes the rows of the next one. After the vocoder
     * of the same pass.
     */
    public CudaLaunch advance() {
        return build("tactus_advance", 1, 1, THREADS, 0);
    }

    /** A launch with the fields as its first argument. */
    CudaLaunch build(
            final String kernel,
            final long gridX,
            final long gridY,
            final int block,
            final int sharedBytes,
            final Object... others) {
        if (gridX < 1 || gridX > Integer.MAX_VALUE || gridY < 1 || gridY > LaunchBuilder.MAX_GRID_Y) {
            throw new IllegalArgumentException(kernel + " would have a grid of " + gridX + " x " + gridY
                    + " blocks: expected 1 to 2^31 - 1 and 1 to 65535");
        }
        final CudaFunction function = kernels.function(kernel);
        final KernelArguments arguments = function.newArguments();
        arguments.setBytes(0, struct);
        for (int i = 0; i < others.length; i++) {
            set(arguments, i + 1, others[i]);
        }
        if (sharedBytes > LaunchBuilder.MAX_SHARED_BYTES) {
            function.allowSharedBytes(sharedBytes);
        }
        return new CudaLaunch(function, arguments, (int) gridX, (int) gridY, block, sharedBytes);
    }

    private static void set(final KernelArguments arguments, final int index, final Object value) {
        if (value instanceof Long address) {
            arguments.setLong(index, address);
        } else if (value instanceof Integer number) {
            arguments.setInt(index, number);
        } else {
            arguments.setBytes(index, (MemorySegment) value);
        }
    }

    /** Refuses an address that is missing or not a multiple of {@code alignment}. */
    static long require(final String what, final long address, final int alignment) {
        if (address == 0 || address % alignment != 0) {
            throw new IllegalArgumentException(what + " is at " + Long.toHexString(address)
                    + ": expected a device address that is a multiple of " + alignment);
        }
        return address;
    }
}
