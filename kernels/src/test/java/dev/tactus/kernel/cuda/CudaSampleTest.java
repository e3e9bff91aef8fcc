package dev.tactus.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tactus.kernel.KernelSet;
import dev.tactus.kernel.LogProbability;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.kernel.cuda.MappedDevice.Buffer;
import dev.tactus.kernel.reference.ReferenceKernels;
import java.util.function.LongToIntFunction;
import org.junit.jupiter.api.Test;

/** Tokens are drawn on the device as the reference draws them, under the mask of each session's state. */
class CudaSampleTest {
    private static final KernelSet REFERENCE = new ReferenceKernels();
    private static final int POLICIES = 3;
    private static final SamplingParameters[] PARAMETERS = {
        SamplingParameters.GREEDY,
        new SamplingParameters(1f, 256, 1f),
        new SamplingParameters(0.7f, 40, 0.9f),
        new SamplingParameters(1e-3f, 256, 1f),
        new SamplingParameters(50f, 256, 0.5f),
        new SamplingParameters(1f, 3, 1e-6f),
        new SamplingParameters(2f, 1, 1f),
        new SamplingParameters(1f, 255, 0.999f)
    };

    /** What logits a test has: for a row and id, their bits. */
    private interface Logits {
        float of(int row, int id);
    }

    @Test
    void shouldDrawWhatTheReferenceDraws() {
        for (final int vocabulary : new int[] {1, 63, 80, 257, 8192, 8193, 20_000}) {
            try (MappedDevice device = new MappedDevice(vocabulary)) {
                new Draw(device, vocabulary, 16, 4)
                        .check((row, id) -> 4f * (float) device.random().nextGaussian());
            }
        }
    }

    @Test
    void shouldBreakTiesTowardsTheLowerId() {
        try (MappedDevice device = new MappedDevice(1)) {
            final float[] few = {0f, -0f, 1f, 1f, -2f};
            new Draw(device, 9000, 16, 4).check((row, id) -> few[device.random().nextInt(few.length)]);
            new Draw(device, 700, 16, 4).check((row, id) -> -0f);
        }
    }

    @Test
    void shouldMergeMoreSlicesThanABlockHoldsAtOnce() {
        try (MappedDevice device = new MappedDevice(2)) {
            new Draw(device, 33 * 8192 + 5, 2, 2)
                    .check((row, id) -> (float) device.random().nextGaussian());
        }
    }

    @Test
    void shouldReportWhatIsNotFiniteWhateverTheMask() {
        for (final float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            try (MappedDevice device = new MappedDevice(3)) {
                final int[] drawn = new Draw(device, 8300, 6, 4)
                        .check((row, id) -> row < 3 && id == 4095 * row + 50 ? wrong : id * 1e-4f);
                for (int row = 0; row < 3; row++) {
                    assertEquals(KernelSet.NOT_FINITE, drawn[row], wrong + " in row " + row);
                }
            }
        }
    }

    @Test
    void shouldReportAnEmptyMask() {
        try (MappedDevice device = new MappedDevice(4)) {
            for (final int id : new Draw(device, 500, 4, 0).check((row, i) -> i)) {
                assertEquals(KernelSet.NOTHING_ALLOWED, id);
            }
        }
    }

    @Test
    void shouldLetNothingButTheScriptThrough() {
        try (MappedDevice device = new MappedDevice(5)) {
            final Draw draw = new Draw(device, 300, 4, 4);
            final Buffer script = device.ints(GenerateColumns.SPEAK, 77, GenerateColumns.HEAR);
            final int[] policies = {0, 1, 2, 1};
            final int[] outputs = {1, 0, 1, 2};
            // entry e has output row 3 - e
            final int[] expected = {GenerateColumns.HEAR, GenerateColumns.QUIET, GenerateColumns.QUIET, 77};
            draw.prepare((row, id) -> (float) device.random().nextGaussian());
            for (int e = 0; e < 4; e++) {
                draw.columns.of(GenerateField.SCRIPT).putLong(e, script.device());
                draw.columns.of(GenerateField.SCRIPT_LENGTH).putInt(e, 3);
                draw.columns.of(GenerateField.POLICY).putInt(e, policies[e]);
                draw.columns.of(GenerateField.OUTPUTS).putInt(e, outputs[e]);
            }
            draw.run();
            draw.assertDrawn(row -> expected[(int) row], 4);
            for (int e = 0; e < 4; e++) {
                draw.columns.of(GenerateField.OUTPUTS).putInt(e, 3);
            }
            draw.run();
            draw.assertDrawn(row -> GenerateColumns.QUIET, 4);
        }
    }

    @Test
    void shouldDrawNothingInATeacherForcedPass() {
        try (MappedDevice device = new MappedDevice(6)) {
            final Draw draw = new Draw(device, 100, 2, 4);
            draw.prepare((row, id) -> id);
            draw.columns.header(GenerateColumns.SAMPLING, 0);
            draw.run();
            draw.assertDrawn(row -> -1, 2); // as the buffer was
        }
    }

    /** Rows of logits, one per entry, and what the plan says of the entries. */
    private static final class Draw {
        private final MappedDevice device;
        private final int vocabulary;
        private final int rows;
        private final GenerateColumns columns;
        private final Buffer logits;
        private final SamplingParameters[] parameters;

        /** {@code allowed} of 8 ids pass a mask. */
        Draw(final MappedDevice device, final int vocabulary, final int rows, final int allowed) {
            this.device = device;
            this.vocabulary = vocabulary;
            this.rows = rows;
            columns = new GenerateColumns(device, new GenerateColumns.Sizes(rows, rows, 13, vocabulary, 0));
            logits = device.floats((long) rows * vocabulary);
            parameters = new SamplingParameters[rows];
            final Buffer masks = columns.of(GenerateField.MASKS);
            for (long word = 0; word < masks.bytes() / 8; word++) {
                long bits = 0;
                for (int i = 0; i < Long.SIZE; i++) {
                    bits |= device.random().nextInt(8) < allowed ? 1L << i : 0;
                }
                masks.putLong(word, bits);
            }
        }

        void prepare(final Logits values) {
            columns.header(GenerateColumns.OUTPUT_ROWS, rows);
            for (int row = 0; row < rows; row++) {
                final int entry = rows - 1 - row;
                columns.of(GenerateField.OUTPUT_ENTRY).putInt(row, entry);
                parameters[entry] = PARAMETERS[entry % PARAMETERS.length];
                columns.of(GenerateField.TEMPERATURE).putFloat(entry, parameters[entry].temperature());
                columns.of(GenerateField.TOP_P).putFloat(entry, parameters[entry].topP());
                columns.of(GenerateField.TOP_K).putInt(entry, parameters[entry].topK());
                columns.of(GenerateField.SEED).putLong(entry, device.random().nextLong());
                columns.of(GenerateField.TICK).putLong(entry, device.random().nextLong());
                columns.of(GenerateField.OUTPUTS).putInt(entry, device.random().nextInt(13));
                columns.of(GenerateField.MACHINE).putInt(entry, device.random().nextInt(3));
                columns.of(GenerateField.TALKING).putInt(entry, device.random().nextInt(2));
                columns.of(GenerateField.TEXT_USED)
                        .putInt(entry, device.random().nextInt(4));
                columns.of(GenerateField.TEXT_BUDGET)
                        .putInt(entry, device.random().nextInt(4));
                columns.of(GenerateField.POLICY).putInt(entry, device.random().nextInt(POLICIES));
                columns.of(GenerateField.LOG_PROBABILITIES).putInt(entry, entry % 2);
                for (int id = 0; id < vocabulary; id++) {
                    logits.putFloat((long) row * vocabulary + id, values.of(row, id));
                }
            }
        }

        void run() {
            final Buffer keys = device.bytes(SampleLaunches.keyBytes(vocabulary, rows + 1));
            device.run(SampleLaunches.of(columns.launches(device), logits.device(), keys.device(), rows + 1));
        }

        void assertDrawn(final LongToIntFunction expected, final int count) {
            for (int row = 0; row < count; row++) {
                assertEquals(
                        expected.applyAsInt(row),
                        columns.of(GenerateField.SAMPLED).getInt(row),
                        "row " + row);
            }
        }

        private int get(final GenerateField field, final int entry) {
            return columns.of(field).getInt(entry);
        }

        private long mask(final int entry) {
            final int spent = get(GenerateField.TEXT_USED, entry) >= get(GenerateField.TEXT_BUDGET, entry) ? 1 : 0;
            final int number =
                    ((get(GenerateField.MACHINE, entry) * 2 + get(GenerateField.TALKING, entry)) * 2 + spent) * POLICIES
                            + get(GenerateField.POLICY, entry);
            final long words = (vocabulary + Long.SIZE - 1) / Long.SIZE;
            return columns.of(GenerateField.MASKS).host() + 8 * words * number;
        }

        /** Draws, compares tokens and log-probabilities with the reference's, and returns the tokens. */
        int[] check(final Logits values) {
            prepare(values);
            run();
            final int[] drawn = new int[rows];
            final Buffer scratch = device.bytes(Math.max(REFERENCE.scratchBytes(1, 1), 4L * vocabulary));
            for (int row = 0; row < rows; row++) {
                final int entry = rows - 1 - row;
                final long from = logits.host() + 4L * row * vocabulary;
                final String what = "vocabulary " + vocabulary + ", row " + row + ", " + parameters[entry];
                drawn[row] = REFERENCE.sample(
                        from,
                        vocabulary,
                        mask(entry),
                        parameters[entry],
                        columns.of(GenerateField.SEED).getLong(entry),
                        (int) columns.of(GenerateField.TICK).getLong(entry),
                        get(GenerateField.OUTPUTS, entry),
                        scratch.host());
                assertEquals(drawn[row], columns.of(GenerateField.SAMPLED).getInt(row), what);
                final int log = columns.of(GenerateField.SAMPLED_LOG).getInt(row);
                final int expected = entry % 2 == 1 && drawn[row] >= 0
                        ? Float.floatToRawIntBits(LogProbability.of(from, vocabulary, drawn[row], scratch.host()))
                        : -1; // as the buffer was
                assertEquals(expected, log, () -> what + ", log-probability");
            }
            return drawn;
        }
    }
}
