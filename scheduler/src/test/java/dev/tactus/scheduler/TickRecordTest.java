package dev.tactus.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class TickRecordTest {
    private static final int TEXT_MAX = 5;
    private static final int LENGTH = TickRecord.length(TEXT_MAX);
    private static final int OFFSET = LENGTH;

    private static UnsafeBuffer dirty() {
        final UnsafeBuffer buffer = LoopFixture.buffer(3 * LENGTH);
        buffer.setMemory(0, buffer.capacity(), (byte) 0x5A);
        return buffer;
    }

    @Test
    void shouldBeAMultipleOf32BytesWithRoomForItsText() {
        for (int n = 0; n <= 300; n++) {
            final int length = TickRecord.length(n);
            assertEquals(0, length % 32);
            assertTrue(length >= 96 + 4 * n && length < 96 + 4 * n + 32, "length " + length + " for " + n);
        }
    }

    @Test
    void shouldBeginEmptyWhateverWasThere() {
        final UnsafeBuffer buffer = dirty();
        TickRecord.begin(buffer, OFFSET, 1, 2, 3L << 40, 4);
        final List<Integer> gaps = List.of(-1, -1, -1, -1);
        assertEquals(
                new SealedTick(
                        1, 2, 3L << 40, 0, 4, 0, gaps, -1, -1, -1, 0, List.of(), Long.MAX_VALUE, Long.MAX_VALUE, 0),
                SealedTick.read(buffer, OFFSET));
        assertEquals(0, TickRecord.ladderStep(buffer, OFFSET));
    }

    @Test
    void shouldKeepEveryFieldApart() {
        final UnsafeBuffer buffer = dirty();
        TickRecord.begin(buffer, OFFSET, 1, 2, 3, 4);
        TickRecord.flags(buffer, OFFSET, TickRecord.CUT | TickRecord.STARVED);
        TickRecord.skippedBefore(buffer, OFFSET, 5);
        for (int i = 0; i < TickRecord.AUDIO_POSITIONS; i++) {
            TickRecord.audioSlot(buffer, OFFSET, i, 10 + i);
        }
        TickRecord.audioLeft(buffer, OFFSET, 20);
        TickRecord.video(buffer, OFFSET, 21, 22, 23);
        for (int i = 0; i < TEXT_MAX; i++) {
            TickRecord.addTextId(buffer, OFFSET, 30 + i);
        }
        TickRecord.dropped(buffer, OFFSET, 6);
        TickRecord.captured(buffer, OFFSET, 100, 101);
        TickRecord.captured(buffer, OFFSET, 90, 99);
        TickRecord.captured(buffer, OFFSET, 95, 96);
        assertEquals(
                new SealedTick(
                        1,
                        2,
                        3,
                        TickRecord.CUT | TickRecord.STARVED,
                        4,
                        5,
                        List.of(10, 11, 12, 13),
                        20,
                        21,
                        22,
                        23,
                        List.of(30, 31, 32, 33, 34),
                        90,
                        99,
                        6),
                SealedTick.read(buffer, OFFSET));
        for (int i = 0; i < LENGTH; i++) {
            assertEquals(0x5A, buffer.getByte(i), "before the record, at " + i);
            assertEquals(0x5A, buffer.getByte(2 * LENGTH + i), "after the record, at " + i);
        }
    }
}
