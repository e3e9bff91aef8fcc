package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The sizes that a context promises are those that a launch takes. */
class PlanAgainstLedgerTest {
    static final List<MemoryTag> PROMISED = List.of(
            MemoryTag.KV,
            MemoryTag.STATE,
            MemoryTag.MEDIA,
            MemoryTag.RING,
            MemoryTag.LEDGER,
            MemoryTag.ACTIVATION,
            MemoryTag.SCRATCH);

    @ParameterizedTest
    @ValueSource(strings = {"multimodal-moe", "text-dense", "long-context"})
    void shouldTakeWhatThePlanSaysPerTag(final String name) {
        try (EngineFixture fixture = new EngineFixture(name)) {
            for (final int sessions : new int[] {1, 3}) {
                for (final ThreadingMode mode : ThreadingMode.values()) {
                    final MemoryLedger ledger = new MemoryLedger();
                    final EngineContext context =
                            fixture.context(sessions).threadingMode(mode).ledger(ledger);
                    final MemoryPlan plan = context.conclude().memoryPlan();
                    try (Engine engine = Engine.launch(context)) {
                        assertTrue(engine.failure() == null);
                        for (final MemoryTag tag : PROMISED) {
                            assertEquals(plan.bytes(tag), ledger.liveBytes(tag), tag + ", " + mode + ", " + sessions);
                        }
                    }
                    assertEquals(0, ledger.liveBytes(), ledger.toString());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 1_000_000})
    void shouldRefuseABudgetThatIsTooSmallBeforeItAllocates(final long budget) {
        try (EngineFixture fixture = new EngineFixture("multimodal-moe")) {
            final MemoryLedger ledger = new MemoryLedger();
            final EngineContext context = fixture.context(1).ledger(ledger).memoryBudget(budget);
            final IllegalArgumentException refused =
                    assertThrows(IllegalArgumentException.class, () -> Engine.launch(context));
            assertTrue(refused.getMessage().contains("memory budget"), refused.getMessage());
            for (final MemoryTag tag : MemoryTag.values()) {
                assertEquals(0, ledger.allocations(tag), tag.toString());
            }
        }
    }
}
