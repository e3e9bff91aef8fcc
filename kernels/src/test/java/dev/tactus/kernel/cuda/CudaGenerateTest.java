package dev.tactus.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.kernel.cuda.MappedDevice.Buffer;
import dev.tactus.memory.OffHeap;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Ticks of sessions of every kind, pass by pass: what comes out and the rows of every further pass are those of a plain
 * account of the rules (MODEL.md 2.3), which is kept here.
 */
class CudaGenerateTest {
    private static final int MAX_OUTPUTS = 13;
    private static final int BLOCK = 10;
    private static final int TEXT = 20;
    private static final int VOCABULARY = 64;
    private static final int TOKEN_ROW = 0;
    private static final int SPEECH_ROW = 3;
    private static final int SAY_BLOCKS = 4;
    private static final int START = 0;
    private static final int SAY = 3;
    private static final int END = 4;
    private static final int COMPLETE = 5;

    @Test
    void shouldMoveSessionsOnAsTheRulesSay() {
        for (int seed = 1; seed <= 12; seed++) {
            try (MappedDevice device = new MappedDevice(seed)) {
                final Tick tick = new Tick(device, 1 + device.random().nextInt(9));
                tick.play();
            }
        }
    }

    @Test
    void shouldCountMoreSessionsThanABlockHasThreads() {
        try (MappedDevice device = new MappedDevice(20)) {
            final Tick tick = new Tick(device, 531);
            tick.play();
            assertTrue(tick.spoke > 10 && tick.failed > 1 && tick.flushed > 10, "cases were missing: " + tick);
        }
    }

    @Test
    void shouldCompleteEveryEntryOfATeacherForcedPass() {
        try (MappedDevice device = new MappedDevice(21)) {
            final Tick tick = new Tick(device, 3);
            tick.columns.header(GenerateColumns.SAMPLING, 0);
            final GenerateLaunches launches = tick.columns.launches(device);
            device.run(List.of(launches.begin(), launches.advance()));
            final Buffer next = tick.columns.of(GenerateField.OUT_NEXT);
            assertEquals(List.of(0, 0, 0, 1), List.of(next.getInt(0), next.getInt(1), next.getInt(2), next.getInt(3)));
            for (int e = 0; e < 3; e++) {
                assertEquals(2, tick.columns.of(GenerateField.OUT_STATUS).getInt(e));
                assertEquals(0, tick.columns.of(GenerateField.OUT_COUNT).getInt(e));
            }
            assertEquals(tick.rows, tick.columns.header(GenerateColumns.ROWS), "the forced pass's rows stay");
        }
    }

    @Test
    void shouldRefuseFieldsThatAreMissing() {
        try (MappedDevice device = new MappedDevice(22)) {
            for (final long[] fields : List.of(new long[3], new long[GenerateField.values().length])) {
                try {
                    new GenerateLaunches(device.kernels(), fields);
                    throw new AssertionError("accepted " + fields.length + " fields");
                } catch (final IllegalArgumentException ex) {
                    assertTrue(ex.getMessage().contains("expected"), ex.getMessage());
                }
            }
        }
    }

    /** What a session has in the next pass. */
    private record Row(
            int entry, int kind, int value, long position, float tau, boolean draws, long taken, long made) {}

    /** A job of the vocoder. */
    private record Job(int entry, long block, long samples) {}

    /** A session as the rules see it. */
    private static final class Session {
        private int machine = START;
        private int textUsed;
        private int blocks;
        private long position;
        private boolean draws = true;
        private boolean makes;
        private int error;
        private int samples;
        private int status;
        private final List<Integer> tokens = new ArrayList<>();
        private final List<Integer> drawnIn = new ArrayList<>();
        private final List<Float> logs = new ArrayList<>();
    }

    /** A tick of random sessions, on the device and by the rules. */
    private static final class Tick {
        private final MappedDevice device;
        private final GenerateColumns columns;
        private final int entries;
        private final int rows;
        private final Session[] sessions;
        private final List<Row> next = new ArrayList<>();
        private final List<Job> jobs = new ArrayList<>();
        private int spoke;
        private int failed;
        private int flushed;

        Tick(final MappedDevice device, final int entries) {
            this.device = device;
            this.entries = entries;
            sessions = new Session[entries];
            columns = new GenerateColumns(
                    device, new GenerateColumns.Sizes(entries, 4 * entries, MAX_OUTPUTS, VOCABULARY, BLOCK));
            int row = 0;
            for (int e = 0; e < entries; e++) {
                final int count = 1 + device.random().nextInt(4);
                columns.of(GenerateField.ENTRY).putInt(e, e);
                columns.of(GenerateField.FIRST_ROW).putInt(e, row);
                columns.of(GenerateField.ROWS_OF_SEGMENT).putInt(e, count);
                sessions[e] = new Session();
                sessions[e].position = device.random().nextLong(1L << 40);
                for (int i = 0; i < count; i++, row++) {
                    columns.of(GenerateField.POSITION).putLong(row, sessions[e].position++);
                    columns.of(GenerateField.OUTPUT_ROW).putInt(row, i + 1 == count ? e : -1);
                }
                plan(e);
            }
            rows = row;
            columns.header(GenerateColumns.ROWS, rows);
            columns.header(GenerateColumns.SEGMENTS, entries);
            columns.header(GenerateColumns.OUTPUT_ROWS, entries);
            OffHeap.zero(columns.of(GenerateField.OUT_NEXT).host(), 16);
        }

        private void plan(final int e) {
            columns.of(GenerateField.HELD_BACK).putInt(e, device.random().nextInt(3));
            columns.of(GenerateField.LOG_PROBABILITIES)
                    .putInt(e, device.random().nextInt(2));
            columns.of(GenerateField.BLOCKS).putLong(e, 1_000_000L + 1000L * e);
            columns.of(GenerateField.SAMPLES).putLong(e, 9_000_000L + 100_000L * e);
            for (int i = 0; i < MAX_OUTPUTS; i++) {
                columns.of(GenerateField.OUTPUT_TAU).putFloat((long) e * MAX_OUTPUTS + i, (float)
                        device.random().nextDouble());
            }
        }

        private int get(final GenerateField field, final long index) {
            return columns.of(field).getInt(index);
        }

        void play() {
            final GenerateLaunches launches = columns.launches(device);
            device.run(List.of(launches.begin()));
            for (int row = 0; row < rows; row++) {
                final int entry = get(GenerateField.ROW_ENTRY, row);
                assertEquals(true, row >= get(GenerateField.FIRST_ROW, entry), "row " + row + " of entry " + entry);
                assertEquals(get(GenerateField.ADAPTER, entry), get(GenerateField.ROW_ADAPTER, row));
            }
            int passes = 0;
            do {
                final int[] drawn = draw();
                device.run(List.of(launches.advance()));
                advance(drawn);
                passes++;
                check(passes);
            } while (!next.isEmpty() || !jobs.isEmpty());
            assertTrue(passes <= MAX_OUTPUTS + 2, passes + " passes");
            for (final Session session : sessions) {
                assertEquals(COMPLETE, session.machine, "a session was forgotten");
            }
        }

        /** What the pass draws and makes, per output row and per voice row: a random token, now and then a failure. */
        private int[] draw() {
            final int[] drawn = new int[entries];
            int output = 0;
            int voice = 0;
            for (int e = 0; e < entries; e++) {
                final Session session = sessions[e];
                if (session.machine != COMPLETE && session.draws) {
                    drawn[e] = device.random().nextInt(40) == 0 ? -1 : id(session);
                    columns.of(GenerateField.SAMPLED).putInt(output, drawn[e]);
                    columns.of(GenerateField.SAMPLED_LOG).putFloat(output++, -e - 0.5f);
                } else if (session.machine != COMPLETE && session.makes) {
                    drawn[e] = device.random().nextInt(20) == 0 ? 0 : 1;
                    columns.of(GenerateField.VOICE_FINITE).putInt(voice++, drawn[e]);
                }
            }
            return drawn;
        }

        /** Any token that a mask would let through: text, mostly, and no speech for which there is no room. */
        private int id(final Session session) {
            final int[] ids = {TEXT, TEXT, GenerateColumns.HEAR, GenerateColumns.SPEAK, TEXT, GenerateColumns.QUIET};
            final boolean room = session.tokens.size() + 1 + SAY_BLOCKS <= MAX_OUTPUTS;
            return room && device.random().nextInt(4) == 0
                    ? GenerateColumns.SAY
                    : ids[device.random().nextInt(ids.length)];
        }

        /** The rules, over all entries. */
        private void advance(final int[] drawn) {
            next.clear();
            jobs.clear();
            for (int e = 0; e < entries; e++) {
                final Session session = sessions[e];
                if (session.machine == COMPLETE) {
                    continue;
                }
                if (session.draws) {
                    token(e, session, drawn[e]);
                } else if (session.makes) {
                    block(e, session, drawn[e] != 0);
                } else {
                    complete(session);
                }
            }
        }

        private static void complete(final Session session) {
            session.machine = COMPLETE;
            session.status = 2;
        }

        private void fail(final Session session) {
            session.error = 1;
            failed++;
            complete(session);
        }

        private void add(final int e, final Session session, final int token, final float log) {
            session.tokens.add(token);
            session.drawnIn.add(session.machine);
            session.logs.add(get(GenerateField.LOG_PROBABILITIES, e) != 0 ? log : Float.NaN);
        }

        private float tau(final int e, final Session session) {
            return columns.of(GenerateField.OUTPUT_TAU).getFloat((long) e * MAX_OUTPUTS + session.tokens.size() - 1);
        }

        private long place(final int e, final int block) {
            return 1_000_000L + 1000L * e + (block % 2) * 4L * BLOCK;
        }

        private void token(final int e, final Session session, final int id) {
            if (id < 0) {
                fail(session);
                return;
            }
            add(e, session, id, -e - 0.5f);
            session.textUsed += next(session.machine, id) == session.machine ? 1 : 0;
            session.machine = next(session.machine, id);
            final int heldBack = get(GenerateField.HELD_BACK, e);
            if (session.machine == SAY) {
                session.status = 1;
                if (heldBack == 2) {
                    jobs.add(new Job(e, 0, 9_000_000L + 100_000L * e));
                }
                next.add(new Row(e, TOKEN_ROW, id, session.position++, tau(e, session), false, 0, place(e, 0)));
                session.draws = false;
                session.makes = true;
                spoke++;
            } else if (session.machine != END && session.tokens.size() < MAX_OUTPUTS) {
                next.add(new Row(e, TOKEN_ROW, id, session.position++, tau(e, session), true, 0, 0));
            } else if (heldBack != 0) {
                session.status = 1;
                session.draws = false;
                session.samples = heldBack == 2 ? 0 : 1600;
                jobs.add(new Job(e, 0, 9_000_000L + 100_000L * e));
                flushed++;
            } else {
                complete(session);
            }
        }

        private static int next(final int machine, final int id) {
            return switch (id) {
                case GenerateColumns.QUIET -> END;
                case GenerateColumns.HEAR -> 1;
                case GenerateColumns.SPEAK -> 2;
                case GenerateColumns.SAY -> SAY;
                default -> machine;
            };
        }

        private void block(final int e, final Session session, final boolean finite) {
            if (!finite) {
                fail(session);
                return;
            }
            final long place = place(e, session.blocks);
            add(e, session, -2, 0f);
            jobs.add(new Job(e, place, 9_000_000L + 100_000L * e + 3200L * session.blocks));
            session.blocks++;
            session.samples = 800 * session.blocks;
            session.makes = session.blocks < SAY_BLOCKS;
            if (session.makes) {
                final long made = place(e, session.blocks);
                next.add(new Row(e, SPEECH_ROW, 0, session.position++, tau(e, session), false, place, made));
            }
        }

        private void check(final int passes) {
            checkRows();
            for (int j = 0; j < jobs.size(); j++) {
                assertEquals(
                        jobs.get(j),
                        new Job(
                                get(GenerateField.JOB_ENTRY, j),
                                columns.of(GenerateField.JOB_BLOCK).getLong(j),
                                columns.of(GenerateField.JOB_SAMPLES).getLong(j)));
            }
            int voices = 0;
            for (final Row row : next) {
                voices += row.made() != 0 ? 1 : 0;
            }
            final Buffer out = columns.of(GenerateField.OUT_NEXT);
            assertEquals(
                    List.of(next.size(), jobs.size(), voices, passes),
                    List.of(out.getInt(0), out.getInt(1), out.getInt(2), out.getInt(3)));
            assertEquals(
                    List.of(next.size(), next.size(), voices, jobs.size()),
                    List.of(
                            columns.header(GenerateColumns.ROWS),
                            columns.header(GenerateColumns.SEGMENTS),
                            columns.header(GenerateColumns.VOICE_ROWS),
                            columns.header(GenerateColumns.JOBS)));
            for (int e = 0; e < entries; e++) {
                checkOut(e);
            }
        }

        private void checkRows() {
            int output = 0;
            int voice = 0;
            int speech = 0;
            for (int r = 0; r < next.size(); r++) {
                final Row row = next.get(r);
                final int value = get(GenerateField.VALUE, r);
                final boolean taken = row.taken() != 0;
                assertEquals(
                        row,
                        new Row(
                                get(GenerateField.ENTRY, r),
                                get(GenerateField.KIND, r),
                                taken ? 0 : value,
                                columns.of(GenerateField.POSITION).getLong(r),
                                columns.of(GenerateField.TAU).getFloat(r),
                                get(GenerateField.OUTPUT_ROW, r) >= 0,
                                taken ? columns.of(GenerateField.SPEECH_BLOCK).getLong(value) : 0,
                                row.made() != 0
                                        ? columns.of(GenerateField.VOICE_BLOCK).getLong(voice)
                                        : 0),
                        "row " + r);
                assertEquals(taken ? speech++ : value, value, "source of row " + r);
                assertEquals(row.draws() ? output : -1, get(GenerateField.OUTPUT_ROW, r), "output of row " + r);
                assertEquals(row.made() != 0 ? voice : -1, get(GenerateField.VOICE_ROW, r), "voice of row " + r);
                assertEquals(List.of(r, 1), List.of(get(GenerateField.FIRST_ROW, r), segmentRows(r)), "segment " + r);
                final int adapter = get(GenerateField.ADAPTER, row.entry());
                assertEquals(
                        List.of(row.entry(), adapter),
                        List.of(get(GenerateField.ROW_ENTRY, r), get(GenerateField.ROW_ADAPTER, r)));
                if (row.draws()) {
                    assertEquals(row.entry(), get(GenerateField.OUTPUT_ENTRY, output));
                    assertEquals(adapter, get(GenerateField.OUTPUT_ADAPTER, output++));
                }
                if (row.made() != 0) {
                    assertEquals(row.entry(), get(GenerateField.VOICE_ENTRY, voice++));
                }
            }
            assertEquals(output, columns.header(GenerateColumns.OUTPUT_ROWS));
            assertEquals(speech, columns.header(GenerateColumns.SPEECH_SOURCES));
        }

        private int segmentRows(final int segment) {
            return get(GenerateField.ROWS_OF_SEGMENT, segment);
        }

        private void checkOut(final int e) {
            final Session session = sessions[e];
            assertEquals(
                    List.of(session.tokens.size(), session.error, session.samples, session.status, session.textUsed),
                    List.of(
                            get(GenerateField.OUT_COUNT, e),
                            get(GenerateField.OUT_ERROR, e),
                            get(GenerateField.OUT_SAMPLES, e),
                            get(GenerateField.OUT_STATUS, e),
                            get(GenerateField.TEXT_USED, e)),
                    "entry " + e);
            for (int i = 0; i < session.tokens.size(); i++) {
                final long at = (long) e * MAX_OUTPUTS + i;
                assertEquals(session.tokens.get(i), get(GenerateField.OUT_TOKEN, at));
                assertEquals(session.drawnIn.get(i), get(GenerateField.OUT_DRAWN_IN, at));
                assertEquals(
                        session.logs.get(i),
                        columns.of(GenerateField.OUT_LOG_PROBABILITY).getFloat(at));
            }
        }

        @Override
        public String toString() {
            return spoke + " spoke, " + failed + " failed, " + flushed + " were flushed";
        }
    }
}
