package dev.tactus.engine.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.EnginePorts;
import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Session;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.engine.device.Backend;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.engine.ledger.Stage;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import dev.tactus.scheduler.SilenceReason;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Found by the simulation: the row of a tick that the device failed in left its time on the device unattributed. */
class FailedTickRowTest {
    private static final long DEVICE_NS = 30_000_000;

    @Test
    void shouldAccountForATickThatTheDeviceFailedIn() {
        final Checks checks = new Checks(0, Scenario.FAILING_DEVICE);
        final VirtualClock clock = new VirtualClock(new SimDraws(0, 0, 0), 1, 0, 1);
        final AtomicInteger ticks = new AtomicInteger();
        try (SimModel model = new SimModel();
                Engine engine = Engine.launch(new EngineContext()
                        .model(model.loaded())
                        .threadingMode(ThreadingMode.INVOKER)
                        .pacing(Pacing.REALTIME)
                        .kernels(KernelChoice.REFERENCE)
                        .clock(clock)
                        .ports(new EnginePorts() {
                            @Override
                            public Backend device(final EngineContext context, final OutputMachine machine) {
                                return new SimDevice(context, machine, new Failing(), 0, Plant.NONE, checks);
                            }
                        }))) {
            engine.invoker().doWork();
            final Session session = engine.open(SessionSpec.of(Modality.TEXT));
            for (int beat = 0; beat < 3; beat++) {
                clock.advanceTo(engine.grid().sealNs(beat));
                engine.invoker().doWork();
                clock.advanceTo(clock.nowNs() + DEVICE_NS);
                engine.invoker().doWork();
            }
            session.poll(event -> {
                ticks.incrementAndGet();
                assertEquals(SilenceReason.STALLED, event.reason());
                assertTrue(event.wallNs() >= DEVICE_NS, () -> "wall " + event.wallNs());
                assertEquals(0, event.unattributedNs());
                final long waited = LedgerRow.stageNs(event.row(), event.rowOffset(), Stage.WAIT);
                assertTrue(waited >= DEVICE_NS, () -> "waited " + waited + " ns");
            });
        }
        assertEquals(1, ticks.get());
    }

    /** A device that fails at the end of its first pass. */
    private static final class Failing implements SimDevice.Pace {
        @Override
        public long delayNs() {
            return 0;
        }

        @Override
        public long preprocessNs() {
            return 0;
        }

        @Override
        public long fuseNs() {
            return DEVICE_NS / 2;
        }

        @Override
        public long passNs() {
            return 0;
        }

        @Override
        public boolean fails() {
            return true;
        }
    }
}
