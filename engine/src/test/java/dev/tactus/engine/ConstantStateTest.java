package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;

/** A session's state is a constant, however long it lives. */
class ConstantStateTest {
    private static final int SHORT = 200;
    private static final int LONG = 20_000;

    @Test
    void shouldHoldAsMuchAfterTwentyThousandTicksAsAfterTwoHundred() {
        final MemoryLedger ledger = new MemoryLedger();
        try (LoadedModel model = LoadedModel.open(GoldenCase.directory("text-dense"), ledger);
                Engine engine = Engine.launch(new EngineContext()
                        .model(model)
                        .interaction(InteractionConfig.resolve("default", model.config()))
                        .threadingMode(ThreadingMode.INVOKER)
                        .pacing(Pacing.STEPPED)
                        .ledger(ledger))) {
            final Session session = engine.open(SessionSpec.of(Modality.TEXT));
            final ScriptedSession fed = new ScriptedSession(session, Modality.TEXT.bit(), 3, SystemNanoClock.INSTANCE);
            run(engine, fed, 0, SHORT);
            final List<Long> early = account(ledger);
            // a held session takes everything in and is quiet: one pass per tick keeps the test short
            session.hold(true);
            run(engine, fed, SHORT, LONG);
            assertEquals(early, account(ledger));
            assertEquals(LONG, engine.counters().get(LoopCounters.TICKS));
            assertTrue(early.get(MemoryTag.KV.ordinal()) > 0, "the session has keys and values");
        }
        assertEquals(0, ledger.liveBytes(), ledger.toString());
    }

    private static void run(final Engine engine, final ScriptedSession fed, final int from, final int to) {
        for (int tick = from; tick < to; tick++) {
            fed.feed(tick);
            engine.invoker().tick();
            assertEquals(1, fed.session().poll(event -> {}));
        }
    }

    /** Live bytes and number of allocations, per tag. */
    private static List<Long> account(final MemoryLedger ledger) {
        final List<Long> result = new ArrayList<>();
        for (final MemoryTag tag : MemoryTag.values()) {
            result.add(ledger.liveBytes(tag));
        }
        for (final MemoryTag tag : MemoryTag.values()) {
            result.add(ledger.allocations(tag));
        }
        return result;
    }
}
