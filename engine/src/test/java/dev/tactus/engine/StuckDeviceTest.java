package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.device.Backend;
import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import dev.tactus.scheduler.SilenceReason;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StuckDeviceTest {
    private static final long TIMEOUT_NS = 3 * EngineContext.PERIOD_NS;
    /** More than a tick has: the clock stands still while it runs. */
    private static final int OPS_PER_TURN = 1000;

    private static final long TURN_NS = EngineContext.PERIOD_NS / 20;

    private final AtomicLong clock = new AtomicLong(1);
    private final List<EndReason> ends = new ArrayList<>();
    private final List<SilenceReason> reasons = new ArrayList<>();

    private Engine launch(final EngineFixture fixture, final Backend device) {
        return Engine.launch(fixture.context(2)
                .pacing(Pacing.REALTIME)
                .phases(2)
                .deviceTimeoutNs(TIMEOUT_NS)
                .clock(clock::get)
                .ports(device == null ? null : (context, machine) -> device));
    }

    private void run(final Engine engine, final Session session, final int turns) {
        for (int i = 0; i < turns; i++) {
            clock.addAndGet(TURN_NS);
            for (int op = 0; op < OPS_PER_TURN; op++) {
                engine.invoker().doWork();
            }
            session.poll(new SessionHandler() {
                @Override
                public void onTick(final TickEvent event) {
                    reasons.add(event.reason());
                }

                @Override
                public void onEnd(final EndReason reason, final long ticks) {
                    ends.add(reason);
                }
            });
        }
    }

    @Test
    void shouldEndSessionsAndOpenAgainOnAnotherDevice() {
        try (EngineFixture fixture = new EngineFixture("text-dense")) {
            try (Engine engine = launch(fixture, new NeverReturns(true))) {
                final Session session = engine.open(SessionSpec.of(Modality.TEXT));
                run(engine, session, 3 * 20 + 15);
                assertEquals(List.of(), ends);
                run(engine, session, 2 * 20);
                assertEquals(List.of(EndReason.DEVICE_STUCK), ends);
                assertEquals(List.of(SilenceReason.STALLED), reasons);
                assertEquals(1, engine.counters().get(LoopCounters.MISSED));
                assertTrue(engine.failure().getMessage().contains("did not return from a tick within 600 ms"));
                assertThrows(IllegalStateException.class, () -> engine.open(SessionSpec.of(Modality.TEXT)));
            }
            ends.clear();
            reasons.clear();
            try (Engine engine = launch(fixture, null)) {
                final Session session = engine.open(SessionSpec.of(Modality.TEXT));
                run(engine, session, 4 * 20);
                assertEquals(List.of(), ends);
                assertTrue(reasons.size() >= 2, () -> reasons.toString());
                assertEquals(0, engine.counters().get(LoopCounters.MISSED));
            }
        }
    }

    @Test
    void shouldLeaveItsMemoryToADeviceThatMayStillWrite() {
        final MemoryLedger memory = new MemoryLedger();
        final NeverReturns device = new NeverReturns(false);
        try (EngineFixture fixture = new EngineFixture("text-dense")) {
            final Engine engine = Engine.launch(fixture.context(1)
                    .pacing(Pacing.REALTIME)
                    .deviceTimeoutNs(TIMEOUT_NS)
                    .clock(clock::get)
                    .ledger(memory)
                    .ports((context, machine) -> device));
            final Session session = engine.open(SessionSpec.of(Modality.TEXT));
            run(engine, session, 8 * 20);
            assertEquals(List.of(EndReason.DEVICE_STUCK), ends);
            final long live = memory.liveBytes();
            engine.close();
            assertEquals(live, memory.liveBytes(), "memory that the device may write to");
            assertFalse(device.closed);
        }
    }

    /** Takes a tick and never comes back from it. */
    private static final class NeverReturns implements Backend {
        private final boolean idleAtClose;
        private boolean closed;

        NeverReturns(final boolean idleAtClose) {
            this.idleAtClose = idleAtClose;
        }

        @Override
        public String name() {
            return "stuck";
        }

        @Override
        public long submit(final TickPlan plan, final TickOutput output) {
            output.clear(plan.entries());
            return 1;
        }

        @Override
        public int poll(final long ticket) {
            return PENDING;
        }

        @Override
        public Throwable failure() {
            return null;
        }

        @Override
        public long logits() {
            return 0;
        }

        @Override
        public long conditions() {
            return 0;
        }

        @Override
        public void close() {
            closed = true;
        }

        @Override
        public boolean awaitIdle(final long ns) {
            return idleAtClose;
        }
    }
}
