package dev.tactus.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class OffHeapTest {
    private FreezableArena arena;
    private MemorySegment segment;
    private long address;

    @BeforeEach
    void allocate(final MemoryLedger ledger) {
        arena = new FreezableArena(ledger);
        segment = arena.allocate(MemoryTag.TEST, 64, 64);
        address = segment.address();
    }

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void shouldReadWhatItWroteAtOddAddresses() {
        for (int offset = 0; offset < 8; offset++) {
            final long at = address + offset;
            OffHeap.putFloat(at, -1.5f);
            assertEquals(-1.5f, OffHeap.getFloat(at));
            OffHeap.putInt(at, 0x12345678);
            assertEquals(0x12345678, OffHeap.getInt(at));
            OffHeap.putLong(at, 0x1122334455667788L);
            assertEquals(0x1122334455667788L, OffHeap.getLong(at));
            OffHeap.putShort(at, (short) -2);
            assertEquals(-2, OffHeap.getShort(at));
            OffHeap.putByte(at, (byte) -3);
            assertEquals(-3, OffHeap.getByte(at));
        }
    }

    @Test
    void shouldWriteInTheOrderOfThePlatform() {
        OffHeap.putInt(address + 4, 0x01020304);
        assertEquals(0x01020304, segment.get(ValueLayout.JAVA_INT, 4));
        final byte first = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? (byte) 4 : (byte) 1;
        assertEquals(first, OffHeap.getByte(address + 4));
    }

    @Test
    void shouldWidenEveryBfloat16Exactly() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            OffHeap.putShort(address, (short) bits);
            assertEquals(bits << 16, Float.floatToRawIntBits(OffHeap.getBfloat16(address)));
        }
    }

    @Test
    void shouldCopyOverlappingRangesAndZeroOnlyItsRange() {
        for (int i = 0; i < 16; i++) {
            OffHeap.putByte(address + i, (byte) i);
        }
        OffHeap.copy(address, address + 3, 10);
        for (int i = 0; i < 10; i++) {
            assertEquals(i, OffHeap.getByte(address + 3 + i));
        }
        OffHeap.zero(address + 4, 2);
        assertEquals(0, OffHeap.getByte(address + 3));
        assertEquals(0, OffHeap.getShort(address + 4));
        assertEquals(3, OffHeap.getByte(address + 6));
    }
}
