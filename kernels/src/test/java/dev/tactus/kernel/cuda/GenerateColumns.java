package dev.tactus.kernel.cuda;

import dev.tactus.kernel.cuda.MappedDevice.Buffer;
import java.util.EnumMap;
import java.util.Map;

/** What {@code struct Generate} points to, in memory that host and device share. */
final class GenerateColumns {
    static final int QUIET = 2;
    static final int HEAR = 5;
    static final int SPEAK = 3;
    static final int SAY = 4;

    // counts of a pass's header, as pass.cuh has them
    static final int ROWS = 0;
    static final int SEGMENTS = 1;
    static final int OUTPUT_ROWS = 2;
    static final int SPEECH_SOURCES = 5;
    static final int VOICE_ROWS = 6;
    static final int JOBS = 7;
    static final int ENTRIES = 8;
    static final int SAMPLING = 9;

    private static final int COUNTS = 16;
    private static final int MASKS = 36;

    private final Map<GenerateField, Buffer> columns = new EnumMap<>(GenerateField.class);
    private final Map<GenerateField, Long> numbers = new EnumMap<>(GenerateField.class);

    /**
     * Sizes of a test.
     *
     * @param rows most of anything that a pass counts, not below the entries
     */
    record Sizes(int entries, int rows, int maxOutputs, int vocabulary, int block) {
        int words() {
            return (vocabulary + Long.SIZE - 1) / Long.SIZE;
        }
    }

    GenerateColumns(final MappedDevice device, final Sizes sizes) {
        for (final GenerateField field : GenerateField.values()) {
            if (!field.isNumber()) {
                columns.put(field, device.bytes(bytes(field, sizes)));
            }
        }
        numbers.put(GenerateField.MAX_OUTPUTS, (long) sizes.maxOutputs());
        numbers.put(GenerateField.VOCABULARY, (long) sizes.vocabulary());
        numbers.put(GenerateField.QUIET, (long) QUIET);
        numbers.put(GenerateField.HEAR, (long) HEAR);
        numbers.put(GenerateField.SPEAK, (long) SPEAK);
        numbers.put(GenerateField.SAY, (long) SAY);
        numbers.put(GenerateField.BLOCK, (long) sizes.block());
        numbers.put(GenerateField.MASK_WORDS, (long) sizes.words());
        header(ENTRIES, sizes.entries());
        header(SAMPLING, 1);
        for (int e = 0; e < sizes.entries(); e++) {
            of(GenerateField.SCRIPT).putLong(e, 0);
            of(GenerateField.SCRIPT_LENGTH).putInt(e, 0);
            of(GenerateField.LOG_PROBABILITIES).putInt(e, 0);
            of(GenerateField.ADAPTER).putInt(e, e % 3);
        }
    }

    private static long bytes(final GenerateField field, final Sizes sizes) {
        return switch (field) {
            case STATE, TICK, SEED, BLOCKS, SAMPLES, SCRIPT, NEXT_POSITION -> 8L * sizes.entries();
            case POSITION, SPEECH_BLOCK, VOICE_BLOCK, JOB_BLOCK, JOB_SAMPLES -> 8L * sizes.rows();
            case OUTPUT_TAU, OUT_TOKEN, OUT_DRAWN_IN, OUT_LOG_PROBABILITY -> 4L * sizes.entries() * sizes.maxOutputs();
            case MASKS -> 8L * MASKS * sizes.words();
            case HEADER -> 4L * COUNTS;
            case OUT_NEXT -> 16;
            case KIND,
                    VALUE,
                    TAU,
                    OUTPUT_ROW,
                    VOICE_ROW,
                    ROW_ENTRY,
                    ROW_ADAPTER,
                    ENTRY,
                    FIRST_ROW,
                    ROWS_OF_SEGMENT,
                    OUTPUT_ENTRY,
                    OUTPUT_ADAPTER,
                    VOICE_ENTRY,
                    JOB_ENTRY,
                    SAMPLED,
                    SAMPLED_LOG,
                    VOICE_FINITE -> 4L * sizes.rows();
            default -> 4L * sizes.entries();
        };
    }

    Buffer of(final GenerateField field) {
        return columns.get(field);
    }

    void header(final int count, final int value) {
        of(GenerateField.HEADER).putInt(count, value);
    }

    int header(final int count) {
        return of(GenerateField.HEADER).getInt(count);
    }

    GenerateLaunches launches(final MappedDevice device) {
        final GenerateField[] fields = GenerateField.values();
        final long[] values = new long[fields.length];
        for (final GenerateField field : fields) {
            values[field.ordinal()] =
                    field.isNumber() ? numbers.get(field) : of(field).device();
        }
        return new GenerateLaunches(device.kernels(), values);
    }
}
