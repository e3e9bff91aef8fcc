package dev.tactus.engine.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PassBarrierTest {
    private static final int ROUNDS = 800;
    private static final long JOIN_MS = 20_000;

    /** Plain arrays: what a worker wrote before the barrier must be what the others read behind it. */
    private static void work(
            final PassBarrier barrier, final int worker, final int[] written, final AtomicInteger stale) {
        barrier.join(worker);
        barrier.await(worker);
        for (int round = 1; round <= ROUNDS; round++) {
            written[worker * 16] = round;
            if (round % 50 == 0 && worker == 0) {
                // longer than the others spin, so that they park
                LockSupport.parkNanos(200_000);
            }
            barrier.await(worker);
            for (int other = 0; other < written.length / 16; other++) {
                if (written[other * 16] != round) {
                    stale.incrementAndGet();
                }
            }
            barrier.await(worker);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void shouldLetNobodyPassBeforeAllAreThere(final int workers) throws InterruptedException {
        final PassBarrier barrier = new PassBarrier(workers);
        final int[] written = new int[workers * 16];
        final AtomicInteger stale = new AtomicInteger();
        final Thread[] threads = new Thread[workers];
        for (int i = 0; i < workers; i++) {
            final int worker = i;
            threads[i] = Thread.ofPlatform().daemon().start(() -> work(barrier, worker, written, stale));
        }
        for (final Thread thread : threads) {
            thread.join(JOIN_MS);
            assertFalse(thread.isAlive(), "a worker waits for ever");
        }
        assertEquals(0, stale.get());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void shouldComeThroughInterrupts(final int workers) throws InterruptedException {
        final PassBarrier barrier = new PassBarrier(workers);
        final int[] written = new int[workers * 16];
        final AtomicInteger stale = new AtomicInteger();
        final Thread[] threads = new Thread[workers];
        for (int i = 0; i < workers; i++) {
            final int worker = i;
            threads[i] = Thread.ofPlatform().daemon().unstarted(() -> work(barrier, worker, written, stale));
        }
        for (final Thread thread : threads) {
            thread.start();
            thread.interrupt();
        }
        for (final Thread thread : threads) {
            thread.join(JOIN_MS);
            assertFalse(thread.isAlive(), "a worker waits for ever");
        }
        assertEquals(0, stale.get());
    }
}
