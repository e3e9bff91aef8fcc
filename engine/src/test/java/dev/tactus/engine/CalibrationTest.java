package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.device.cpu.CpuBackend;
import dev.tactus.scheduler.BatchWork;
import dev.tactus.scheduler.CostModel;
import dev.tactus.scheduler.Demand;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import java.io.IOException;
import java.nio.file.Path;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What launch measures of a real device, and what a session is told that does not fit. */
@Timeout(60)
class CalibrationTest {
    private static final int SESSIONS = 4;
    private static final int AUDIO = Modality.AUDIO.bit();
    private static final int BOTH = AUDIO | Modality.VIDEO.bit();
    private static final long MS = 1_000_000;

    @TempDir
    static Path directory;

    private static EngineContext context(final VoiceFixture fixture, final int sessions, final NanoClock clock) {
        return fixture.context(sessions)
                .pacing(Pacing.REALTIME)
                .phases(2)
                .clock(clock)
                .conclude();
    }

    private static Calibration calibrate(final EngineContext context, final long budgetNs) {
        try (EngineMemory memory = new EngineMemory(context, context.ledger());
                CpuBackend backend =
                        new CpuBackend(memory.program, memory.cpu, context.clock(), 0, Thread::new, false)) {
            final Calibration found = Calibration.run(context, memory, backend, budgetNs);
            for (final SessionState session : memory.sessions) {
                assertTrue(session.isReusable());
            }
            // all pages were given back, or these would find none
            new CalibrationTick(context, memory).prepare(context.maxSessions());
            return found;
        }
    }

    @Test
    void shouldMeasureWhatTicksCost() throws IOException {
        try (VoiceFixture fixture = new VoiceFixture(directory)) {
            final Calibration found = calibrate(context(fixture, SESSIONS, SystemNanoClock.INSTANCE), 300 * MS);
            final CostModel model = found.model();
            final BatchWork quiet = new BatchWork().set(2, 12, 0, 0, 0, 0);
            final BatchWork speech = new BatchWork().set(2, 12, 0, 6, 10, 8);
            final String what = found + ": " + model.meanNs(quiet) + ", " + model.meanNs(speech);
            // on a machine that is busy elsewhere there is no upper limit
            assertTrue(model.meanNs(quiet) > 10_000, what);
            assertTrue(model.meanNs(speech) >= model.meanNs(quiet), what);
            assertTrue(model.tailNs(quiet) > model.meanNs(quiet), what);
            assertTrue(Double.isNaN(found.spread()) || found.spread() >= 0, what);
            assertTrue(found.fitError() >= 0 && found.tookNs() > 0, what);
            for (final double coefficient : model.coefficientsNs()) {
                assertTrue(coefficient >= 0, what);
            }
        }
    }

    /** A clock that moves by as much with every look at it: passes cost, and nothing else does. */
    @Test
    void shouldSayWhatFitsByWhatItMeasured() throws IOException {
        final long[] now = {0};
        try (VoiceFixture fixture = new VoiceFixture(directory)) {
            final Calibration found = calibrate(context(fixture, SESSIONS, () -> now[0] += 2 * MS), Long.MAX_VALUE / 2);
            assertEquals(SESSIONS, found.mostSessions());
            assertEquals(0, found.spread(), "every tick takes as long as the others of its kind");
            assertEquals(0, found.fitError(), 0.02);
            final double[] costs = found.model().coefficientsNs();
            assertTrue(costs[4] > MS, "a pass looks at the clock: " + costs[4]);
            assertEquals(0, costs[1], 0.1 * MS, "a session does not");
            assertEquals(4_096, found.forecast(AUDIO, Demand.steady(0, 0)));
            assertTrue(
                    found.utilisation(BOTH, Demand.steady(1, 3), 2) > found.utilisation(BOTH, Demand.steady(0, 0), 2));
        }
    }

    @Test
    void shouldRefuseAClockThatStandsStill() throws IOException {
        try (VoiceFixture fixture = new VoiceFixture(directory)) {
            final EngineContext context = context(fixture, 1, () -> 1);
            final IllegalStateException thrown =
                    assertThrows(IllegalStateException.class, () -> calibrate(context, MS));
            assertTrue(thrown.getMessage().contains("stands still"), thrown::getMessage);
        }
    }

    @Test
    void shouldTellARefusedSessionWhatWouldFit() throws IOException {
        final CostModel ten = CostModel.of(0, 0, 10 * MS, 0, MS, 0, 0, 0);
        try (VoiceFixture fixture = new VoiceFixture(directory)) {
            final EngineContext context = context(fixture, 40, SystemNanoClock.INSTANCE);
            try (EngineMemory memory = new EngineMemory(context, context.ledger())) {
                final AdmissionDesk desk = new AdmissionDesk(context, ten, Demand.steady(0, 0));
                int open = 0;
                for (; open < 18; open++) {
                    enter(memory.sessions[open], desk.admit(AUDIO, memory.sessions));
                }
                final int[] perSlot = new int[2];
                for (int i = 0; i < open; i++) {
                    perSlot[memory.sessions[i].slot]++;
                }
                assertEquals(9, perSlot[0]);
                final String refused = assertThrows(AdmissionException.class, () -> desk.admit(BOTH, memory.sessions))
                        .getMessage();
                assertTrue(refused.startsWith("no room for one more session of audio+video: "), refused);
                assertTrue(refused.contains("beside the 18 open: 0 of audio+video, 1 of audio, 1 of text"), refused);
                assertTrue(refused.contains("there is memory for 22 of 40 more, "), refused);
                assertTrue(refused.contains(" s of such a session"), refused);
                assertFalse(refused.contains("\n"), refused);
                // one that ended makes room, without anybody having said so
                memory.sessions[3].phase = SessionState.ENDED;
                assertEquals(memory.sessions[3].slot, desk.admit(AUDIO, memory.sessions));
            }
        }
    }

    @Test
    void shouldTakeOneSessionWhateverTheModelSays() throws IOException {
        final CostModel wrong = CostModel.of(0, 0, 900 * MS, 0, 0, 0, 0, 0);
        try (VoiceFixture fixture = new VoiceFixture(directory)) {
            final EngineContext context = context(fixture, 4, SystemNanoClock.INSTANCE);
            try (EngineMemory memory = new EngineMemory(context, context.ledger())) {
                final AdmissionDesk desk = new AdmissionDesk(context, wrong, Demand.steady(0, 0));
                enter(memory.sessions[0], desk.admit(AUDIO, memory.sessions));
                assertThrows(AdmissionException.class, () -> desk.admit(AUDIO, memory.sessions));
            }
        }
    }

    private static void enter(final SessionState state, final int slot) {
        state.slot = slot;
        state.modalities = AUDIO;
        state.phase = SessionState.LIVE;
    }
}
