package dev.tactus.engine;

import static dev.tactus.engine.EngineFixture.step;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.Modality;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Producers that die with a slot claimed, or are beyond their pool's rate. */
class ClaimedSlotsTest {
    private static final SessionSpec ALL = SessionSpec.of(Modality.AUDIO, Modality.VIDEO, Modality.TEXT);

    private final EngineFixture fixture = new EngineFixture("multimodal-moe");

    @AfterEach
    void close() {
        fixture.close();
    }

    private static int fill(final Session session) {
        int slots = 0;
        while (session.audio().claim() != null) {
            assertTrue(session.audio().commit(0));
            slots++;
        }
        return slots;
    }

    @Test
    void shouldCostADeadProducersSessionOneSlotAtMost() {
        try (Engine engine = fixture.launch(1)) {
            final Session session = engine.open(ALL);
            final MemorySegment left = session.audio().claim();
            for (int i = 0; i < 50; i++) {
                assertSame(left, session.audio().claim(), "whoever takes its place has the same one");
            }
            final int all = fill(session);
            step(engine);
            for (int tick = 0; tick < 5; tick++) {
                step(engine);
            }
            assertEquals(all, fill(session), "all are back, that one included");
        }
    }

    @Test
    void shouldGiveTheNextSessionTheSlotsThatADeadProducerHad() {
        try (Engine engine = fixture.launch(1)) {
            int slots = 0;
            for (int round = 0; round < 4; round++) {
                final Session session = engine.open(ALL);
                final int all = fill(session);
                assertEquals(round == 0 ? all : slots, all, "round " + round);
                slots = all;
                step(engine);
                assertNotNull(session.audio().claim());
                assertNotNull(session.video().claim());
                assertNotNull(session.text().claim());
                session.close();
                step(engine);
                session.poll(event -> {});
                assertNull(session.audio().claim(), "it has ended");
            }
            assertEquals(0, engine.counters().get(LoopCounters.STALE));
        }
    }

    @Test
    void shouldRefuseTextRatherThanLoseIt() {
        try (Engine engine = fixture.launch(1)) {
            final Session session = engine.open(SessionSpec.of(Modality.TEXT));
            final int[] ids = new int[TextInput.SLOT_IDS];
            int accepted = 0;
            int taken;
            do {
                taken = session.text().offer(ids, 0);
                accepted += taken;
            } while (taken > 0);
            assertEquals(EngineContext.POOL_TICKS * EngineContext.CHUNKS_PER_TICK * TextInput.SLOT_IDS, accepted);
            assertTrue(session.text().refused() > 0);
            step(engine);
            assertEquals(0, engine.counters().get(LoopCounters.OVERFLOW));
        }
    }
}
