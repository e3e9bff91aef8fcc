package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.device.PassRows;
import dev.tactus.engine.device.RowKind;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.SlotPool;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.TickLoop;
import dev.tactus.scheduler.TickRecord;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The rows of a tick against MODEL.md 2.2, for every combination of what a record can hold. */
class PlannerTest {
    private static final int GAP = TickRecord.GAP;
    private static final int PENDING = 77;
    private static final long FIRST_POSITION = 5_000;

    private final ModelConfig model = EngineFixture.config("multimodal-moe");
    private final InteractionConfig ids = InteractionConfig.resolve("default", model);
    private final int maxRows = Planner.maxRows(ids, TickLoop.MAX_SKIPPED);
    private final FreezableArena arena = new FreezableArena(new MemoryLedger());
    private final TickPlan plan = new TickPlan(arena, 2, maxRows, 2 * 4, 2 * 12, OutputMachine.maxOutputs(ids));
    private final UnsafeBuffer record = new UnsafeBuffer(new byte[TickRecord.length(ids.textInMax())]);
    // planning reads no media: the addresses need not be memory
    private final SlotPool[] pools = {
        new SlotPool(1L << 20, 64, 10), new SlotPool(1L << 21, 64, 10), new SlotPool(1L << 22, 64, 10)
    };

    @AfterEach
    void close() {
        arena.close();
    }

    /** What one combination is made of. */
    private record Case(
            int modalities,
            boolean first,
            int skipped,
            boolean cut,
            int audioMask,
            boolean left,
            int frames,
            int text) {}

    /** Writes a record at the offsets that {@link TickRecord} draws. */
    private void write(final Case c, final int flags) {
        record.setMemory(0, record.capacity(), (byte) 0);
        record.putLong(8, 42);
        record.putInt(16, flags | (c.cut ? TickRecord.CUT : 0));
        record.putInt(24, ids.textOutMax());
        record.putInt(28, c.skipped);
        for (int i = 0; i < 4; i++) {
            record.putInt(32 + 4 * i, (c.audioMask >> i & 1) != 0 ? i + 1 : GAP);
        }
        record.putInt(48, c.left ? 7 : GAP);
        record.putInt(52, c.frames > 0 ? 3 : GAP);
        record.putInt(56, c.frames > 1 ? 2 : GAP);
        record.putInt(60, c.text);
        for (int i = 0; i < c.text; i++) {
            record.putInt(96 + 4 * i, 100 + i);
        }
    }

    private SessionState session(final Case c) {
        final SessionState session = new SessionState(0, pools, null, 11, 0, 22, 33, null, null, -1, false);
        session.modalities = c.modalities;
        session.seed = 9;
        session.sampling = SamplingParameters.GREEDY;
        session.pendingToken = c.first ? -1 : PENDING;
        session.nextPosition = c.first ? 0 : FIRST_POSITION;
        return session;
    }

    private List<String> expected(final Case c) {
        final List<String> rows = new ArrayList<>();
        final boolean hears = Modality.AUDIO.in(c.modalities);
        final boolean sees = Modality.VIDEO.in(c.modalities);
        if (!c.first) {
            rows.add("token " + PENDING);
        }
        for (int i = 0; i < c.skipped; i++) {
            rows.add("token " + ids.tickTokenId());
            if (hears) {
                rows.add("token " + ids.audioGapTokenId());
            }
            if (sees) {
                rows.add("token " + ids.videoGapTokenId());
            }
            rows.add("token " + ids.quietTokenId());
        }
        rows.add("token " + ids.tickTokenId());
        if (c.cut) {
            rows.add("token " + ids.cutTokenId());
        }
        if (hears && c.audioMask == 0) {
            rows.add("token " + ids.audioGapTokenId());
        }
        for (int i = 0; hears && c.audioMask != 0 && i < 4; i++) {
            final boolean before = i == 0 ? c.left : (c.audioMask >> i - 1 & 1) != 0;
            final long left = before ? pools[0].address(i == 0 ? 7 : i) : 0;
            rows.add(
                    (c.audioMask >> i & 1) == 0
                            ? "token " + ids.audioGapTokenId()
                            : "audio " + left + " " + pools[0].address(i + 1));
        }
        if (sees && c.frames == 0) {
            rows.add("token " + ids.videoGapTokenId());
        }
        for (int patch = 0; sees && c.frames > 0 && patch < 12; patch++) {
            final long previous = pools[1].address(c.frames > 1 ? 2 : 3);
            rows.add("patch " + previous + " " + pools[1].address(3) + " " + patch / 4 + " " + patch % 4);
        }
        if (c.text > 0) {
            rows.add("token " + ids.textInTokenId());
        }
        for (int i = 0; i < c.text; i++) {
            rows.add("token " + (100 + i));
        }
        return rows;
    }

    private List<String> planned() {
        final PassRows rows = plan.rows();
        final List<String> result = new ArrayList<>();
        for (int row = 0; row < rows.rows(); row++) {
            final int value = rows.value(row);
            if (rows.kind(row) == RowKind.TOKEN) {
                result.add("token " + value);
            } else if (rows.kind(row) == RowKind.AUDIO) {
                result.add("audio " + plan.audioLeft(value) + " " + plan.audioRight(value));
            } else {
                result.add("patch " + plan.patchPrevious(value) + " " + plan.patchCurrent(value) + " "
                        + plan.patchRow(value) + " " + plan.patchCol(value));
            }
        }
        return result;
    }

    private int check(final Case c) {
        write(c, 0);
        final SessionState session = session(c);
        final long first = session.nextPosition;
        plan.clear(false);
        new Planner(ids, new Tau(model.text())).plan(record, 0, session, plan);
        final PassRows rows = plan.rows();
        assertEquals(expected(c), planned(), c.toString());
        for (int row = 0; row < rows.rows(); row++) {
            assertEquals(first + row, rows.position(row), c.toString());
            assertEquals(row == rows.rows() - 1 ? 0 : PassRows.NO_OUTPUT, rows.outputRow(row), c.toString());
            assertEquals(0, rows.entryOfRow(row));
        }
        assertEquals(first + rows.rows(), session.nextPosition, c.toString());
        return rows.rows();
    }

    @Test
    void shouldPlanEveryCombinationInOrder() {
        int most = 0;
        for (int bits = 0; bits < 4 * 2 * 2 * 2 * 16 * 3 * 3; bits++) {
            int rest = bits;
            final int modalities = rest % 4 | Modality.TEXT.bit();
            rest /= 4;
            final boolean first = rest % 2 != 0;
            rest /= 2;
            final boolean cut = rest % 2 != 0;
            rest /= 2;
            final boolean left = rest % 2 != 0;
            rest /= 2;
            final int audio = rest % 16;
            rest /= 16;
            final int frames = rest % 3;
            final int text = new int[] {0, 1, ids.textInMax()}[rest / 3];
            for (final int skipped : new int[] {0, 1, TickLoop.MAX_SKIPPED}) {
                most = Math.max(most, check(new Case(modalities, first, skipped, cut, audio, left, frames, text)));
            }
        }
        assertEquals(maxRows, most, "the bound is reached and never exceeded: a plan with more rows throws");
    }

    @Test
    void shouldGiveTheEntryWhatTheOutputMachineNeeds() {
        final Case c = new Case(Modality.TEXT.bit(), false, 0, false, 0, false, 0, 0);
        final int both = TickRecord.HELD | TickRecord.MUTED;
        for (final int flags : new int[] {0, TickRecord.HELD, TickRecord.MUTED, both, TickRecord.CUT}) {
            for (final boolean talking : new boolean[] {false, true}) {
                write(c, flags);
                final SessionState session = session(c);
                session.talking = talking;
                plan.clear(false);
                new Planner(ids, new Tau(model.text())).plan(record, 0, session, plan);
                final boolean held = (flags & TickRecord.HELD) != 0;
                final int muted = flags == TickRecord.MUTED ? OutputMachine.MUTED : OutputMachine.FREE;
                assertEquals(held ? OutputMachine.HELD : muted, plan.policy(0));
                assertEquals(talking && flags != TickRecord.CUT, plan.talking(0), "what was cut is over");
                assertEquals(ids.textOutMax(), plan.textBudget(0));
                assertEquals(42, plan.tick(0));
                assertEquals(9, plan.seed(0));
                assertEquals(List.of(11L, 22L, 33L), List.of(plan.state(0), plan.localPages(0), plan.globalPages(0)));
                assertEquals(0, plan.scriptAddress(0));
            }
        }
    }

    @Test
    void shouldCarryTauOfEveryPositionInAndOut() {
        final ModelConfig scaled = EngineFixture.config("long-context");
        assertTrue(scaled.text().logScalingFloor().isPresent(), "the case is there for its scaling");
        final double floor = scaled.text().logScalingFloor().getAsInt();
        final double alpha = scaled.text().logScalingAlpha();
        final Case c = new Case(Modality.TEXT.bit(), false, 2, true, 0, false, 0, 3);
        write(c, 0);
        plan.clear(false);
        new Planner(ids, new Tau(scaled.text())).plan(record, 0, session(c), plan);
        final int rows = plan.rows().rows();
        for (int i = 0; i < rows + OutputMachine.maxOutputs(ids); i++) {
            final double ratio = Math.max(1.0, (FIRST_POSITION + i + 1) / floor);
            final float expected = (float) (1 + alpha * StrictMath.log(ratio));
            assertEquals(expected, i < rows ? plan.rows().tau(i) : plan.outputTau(0, i - rows));
        }
    }

    @Test
    void shouldKeepSessionsApartInOnePlan() {
        final Case c = new Case(7, true, 0, false, 15, false, 1, 1);
        write(c, 0);
        plan.clear(false);
        final Planner planner = new Planner(ids, new Tau(model.text()));
        planner.plan(record, 0, session(c), plan);
        final int firstRows = plan.rows().rows();
        planner.plan(record, 0, session(c), plan);
        assertEquals(2, plan.entries());
        assertEquals(2, plan.rows().segments());
        assertEquals(2, plan.rows().outputRows());
        assertEquals(firstRows, plan.rows().firstRow(1));
        assertEquals(firstRows, plan.rows().rowsOfSegment(1));
        assertEquals(0, plan.rows().position(firstRows));
        assertEquals(1, plan.rows().entryOfRow(firstRows));
        assertEquals(1, plan.rows().outputRow(2 * firstRows - 1));
    }
}
