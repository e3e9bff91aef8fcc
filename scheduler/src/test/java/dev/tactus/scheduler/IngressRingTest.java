package dev.tactus.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.junit.jupiter.api.Test;

class IngressRingTest {
    private static final long PATIENCE_NS = 100;

    private static int drainAll(final IngressRing ring) {
        return ring.drain(
                (type, buffer, index, length) -> assertEquals(IngressRecord.LENGTH, length), Integer.MAX_VALUE);
    }

    @Test
    void shouldHoldAtLeastTheRecordsAskedFor() {
        for (int records = 1; records < 3000; records += 7) {
            final IngressRing ring = new IngressRing(LoopFixture.buffer(IngressRing.requiredBytes(records)));
            assertTrue(ring.capacity() >= records, records + " asked for, room for " + ring.capacity());
        }
    }

    @Test
    void shouldRefuseWhenFullAndTakeMoreAfterADrain() {
        final IngressRing ring = new IngressRing(LoopFixture.buffer(IngressRing.requiredBytes(64)));
        int offered = 0;
        while (ring.offerControl(IngressRecord.HOLD, 0, 0, 0, 1)) {
            offered++;
            assertTrue(offered <= ring.capacity());
        }
        assertEquals(ring.capacity(), offered);
        assertFalse(ring.offerMedia(0, 0, 0, 0, 0, 0, 0, 0));
        assertEquals(offered, drainAll(ring));
        assertTrue(ring.offerMedia(0, 0, 0, 0, 0, 0, 0, 0));
    }

    @Test
    void shouldDrainPastTheWrapInOneCall() {
        final IngressRing ring = new IngressRing(LoopFixture.buffer(IngressRing.requiredBytes(64)));
        for (int round = 0; round < 50; round++) {
            for (int i = 0; i < 60; i++) {
                assertTrue(ring.offerControl(IngressRecord.MUTE, i, 0, 0, round));
            }
            assertEquals(60, drainAll(ring), "round " + round);
        }
    }

    @Test
    void shouldCarryEveryFieldOfARecord() {
        final IngressRing ring = new IngressRing(LoopFixture.buffer(IngressRing.requiredBytes(64)));
        final long farNs = 77L + 0xFFFF_FFFFL;
        assertTrue(ring.offerMedia(5, 6, 2, 65_535, -3, 77, farNs + 1000, 4096));
        assertTrue(ring.offerMedia(0, 0, 0, 0, 0, 77, 70, 0));
        final List<Long> commits = new ArrayList<>();
        ring.drain(
                (type, buffer, index, length) -> {
                    assertEquals(IngressRecord.MEDIA, type);
                    commits.add(IngressRecord.commitNs(buffer, index));
                    assertEquals(77, IngressRecord.captureNs(buffer, index));
                    if (commits.size() == 1) {
                        assertEquals(5, IngressRecord.session(buffer, index));
                        assertEquals(6, IngressRecord.generation(buffer, index));
                        assertEquals(2, IngressRecord.modality(buffer, index));
                        assertEquals(65_535, IngressRecord.slot(buffer, index));
                        assertEquals(-3, IngressRecord.sequence(buffer, index));
                        assertEquals(4096, IngressRecord.length(buffer, index));
                    }
                },
                10);
        assertEquals(List.of(farNs, 77L), commits, "the delay saturates at both ends");
    }

    @Test
    void shouldFreeTheRingFromAProducerThatDiedInsideItsClaim() {
        final UnsafeBuffer buffer = LoopFixture.buffer(IngressRing.requiredBytes(64));
        final IngressRing ring = new IngressRing(buffer);
        final ManyToOneRingBuffer dying = new ManyToOneRingBuffer(buffer);
        assertTrue(ring.offerControl(IngressRecord.HOLD, 1, 0, 0, 0));
        assertTrue(dying.tryClaim(IngressRecord.MEDIA, IngressRecord.LENGTH) > 0);
        assertTrue(ring.offerControl(IngressRecord.HOLD, 2, 0, 0, 0));
        assertEquals(1, drainAll(ring));
        assertFalse(ring.unblockIfStuck(1000, PATIENCE_NS));
        assertEquals(0, drainAll(ring));
        assertFalse(ring.unblockIfStuck(1000 + PATIENCE_NS - 1, PATIENCE_NS));
        assertTrue(ring.unblockIfStuck(1000 + PATIENCE_NS, PATIENCE_NS));
        assertEquals(1, ring.unblocked());
        assertEquals(1, drainAll(ring));
    }

    @Test
    void shouldRefuseAProducerThatComesBackToAClaimGivenUp() {
        final IngressRing ring = new IngressRing(LoopFixture.buffer(IngressRing.requiredBytes(64)));
        final int claim = ring.ring().tryClaim(IngressRecord.MEDIA, IngressRecord.LENGTH);
        assertFalse(ring.unblockIfStuck(0, PATIENCE_NS));
        assertTrue(ring.unblockIfStuck(PATIENCE_NS, PATIENCE_NS));
        drainAll(ring);
        IngressRecord.putMedia(ring.ring().buffer(), claim, -1, -1, -1, -1, -1, -1, -1, -1, -1);
        assertFalse(ring.commit(claim));
        // what it has written stands where fields of later records will, and disturbs none of them
        for (int i = 0; i < 5 * ring.capacity(); i++) {
            final int number = i;
            assertTrue(ring.offerMedia(3, 1, 0, 0, i, i, i, i));
            assertEquals(
                    1,
                    ring.drain(
                            (type, buffer, index, length) -> {
                                assertEquals(IngressRecord.MEDIA, type);
                                assertEquals(number, IngressRecord.sequence(buffer, index));
                                assertEquals(3, IngressRecord.session(buffer, index));
                            },
                            Integer.MAX_VALUE),
                    "record " + i);
        }
        assertEquals(0, drainAll(ring));
    }

    @Test
    void shouldGiveAClaimItsTimeAlsoAfterALongSilence() {
        final UnsafeBuffer buffer = LoopFixture.buffer(IngressRing.requiredBytes(64));
        final IngressRing ring = new IngressRing(buffer);
        assertFalse(ring.unblockIfStuck(0, PATIENCE_NS));
        final int claim = new ManyToOneRingBuffer(buffer).tryClaim(IngressRecord.HOLD, IngressRecord.LENGTH);
        assertFalse(ring.unblockIfStuck(50 * PATIENCE_NS, PATIENCE_NS), "the claim is new");
        new ManyToOneRingBuffer(buffer).commit(claim);
        assertEquals(1, drainAll(ring));
    }

    @Test
    void shouldNotGiveUpOnAnyoneWhileRecordsFlow() {
        final IngressRing ring = new IngressRing(LoopFixture.buffer(IngressRing.requiredBytes(64)));
        for (int i = 0; i < 20; i++) {
            assertFalse(ring.unblockIfStuck(i * 2 * PATIENCE_NS, PATIENCE_NS));
            if (i % 3 == 0) {
                assertTrue(ring.offerControl(IngressRecord.HOLD, 1, 0, 0, 0));
                drainAll(ring);
            }
        }
        assertEquals(0, ring.unblocked());
    }

    @Test
    void shouldKeepEveryProducersRecordsInOrder() throws InterruptedException {
        final int producers = 4;
        final int each = 20_000;
        final IngressRing ring = new IngressRing(LoopFixture.buffer(IngressRing.requiredBytes(64)));
        final List<Thread> threads = new ArrayList<>();
        for (int p = 0; p < producers; p++) {
            final int producer = p;
            threads.add(Thread.ofPlatform().daemon().start(() -> {
                for (int i = 0; i < each; i++) {
                    while (!ring.offerMedia(producer, i, 0, i & 0xFFFF, i, i, i, i)) {
                        Thread.onSpinWait();
                    }
                }
            }));
        }
        final int[] next = new int[producers];
        int read = 0;
        while (read < producers * each) {
            read += ring.drain(
                    (type, buffer, index, length) -> {
                        final int producer = IngressRecord.session(buffer, index);
                        assertEquals(next[producer]++, IngressRecord.sequence(buffer, index));
                        assertEquals(IngressRecord.generation(buffer, index), IngressRecord.length(buffer, index));
                    },
                    64);
        }
        for (final Thread thread : threads) {
            thread.join();
        }
        assertEquals(0, ring.size());
    }
}
