package dev.tactus.engine.video;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.OffHeap;
import java.math.BigDecimal;
import java.math.MathContext;
import org.junit.jupiter.api.Test;

class PixelTableTest {
    private static final String[] MEAN = {"0.48145466", "0.4578275", "0.40821073"};
    private static final String[] DEVIATION = {"0.26862954", "0.26130258", "0.27577711"};

    @Test
    void shouldHoldTheNormalisedValueOfEveryByte() {
        final MemoryLedger ledger = new MemoryLedger();
        try (FreezableArena arena = new FreezableArena(ledger)) {
            final PixelTable table = new PixelTable(arena);
            assertEquals(3072, ledger.liveBytes(MemoryTag.TABLE));
            for (int c = 0; c < 3; c++) {
                for (int level = 0; level < 256; level++) {
                    final float want = new BigDecimal(level)
                            .divide(new BigDecimal(255), MathContext.DECIMAL64)
                            .subtract(new BigDecimal(MEAN[c]))
                            .divide(new BigDecimal(DEVIATION[c]), MathContext.DECIMAL64)
                            .floatValue();
                    final float got = OffHeap.getFloat(table.address() + 4L * (256 * c + level));
                    assertEquals(want, got, "channel " + c + ", byte " + level);
                }
            }
        }
        assertEquals(0, ledger.liveBytes());
    }
}
