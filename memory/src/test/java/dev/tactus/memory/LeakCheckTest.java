package dev.tactus.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

class LeakCheckTest {
    @Test
    void shouldFailTheLeakingTestAndNoOther() {
        final Events tests = EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(Planted.class))
                .execute()
                .testEvents();
        final List<String> messages = tests.failed()
                .map(event -> event.getRequiredPayload(org.junit.platform.engine.TestExecutionResult.class)
                        .getThrowable()
                        .orElseThrow()
                        .getMessage())
                .toList();
        assertEquals(2, tests.succeeded().count());
        assertEquals(1, messages.size(), messages::toString);
        assertTrue(messages.getFirst().contains("leaks KV 64 bytes, TEST 7 bytes"), messages::toString);
    }

    @Test
    void shouldNameEachTagThatIsOffBalance() {
        final MemoryLedger ledger = new MemoryLedger();
        ledger.onAllocate(MemoryTag.RING, 10);
        ledger.onAllocate(MemoryTag.PLAN, 3);
        ledger.onFree(MemoryTag.PLAN, 3);
        ledger.onFree(MemoryTag.TABLE, 1);
        assertEquals(List.of("RING 10 bytes", "TABLE -1 bytes"), LeakCheck.leaks(ledger));
    }

    /** Run by the test above only: nested classes are not picked up by name. */
    @ExtendWith(LeakCheck.class)
    static class Planted {
        private MemoryLedger before;

        @BeforeEach
        void keepLedger(final MemoryLedger ledger) {
            before = ledger;
        }

        @Test
        void leaking(final MemoryLedger ledger) {
            assertEquals(before, ledger);
            ledger.onAllocate(MemoryTag.KV, 64);
            ledger.onAllocate(MemoryTag.TEST, 7);
        }

        @Test
        void closing(final MemoryLedger ledger) {
            try (FreezableArena arena = new FreezableArena(ledger)) {
                arena.allocate(MemoryTag.KV, 64, 8);
            }
        }

        @Test
        void notAllocating() {
            assertEquals(0, before.liveBytes());
        }
    }
}
