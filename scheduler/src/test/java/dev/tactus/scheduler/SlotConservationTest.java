package dev.tactus.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random producers, a random device, random controls: no slot is lost, none comes back twice, none while a tick reads
 * it (the fakes fail on the last two).
 */
class SlotConservationTest {
    private static final int SESSIONS = 3;
    private static final int STEPS = 4_000;

    @ParameterizedTest
    @EnumSource(Pacing.class)
    void shouldAccountForEverySlotThatWasClaimed(final Pacing pacing) {
        for (long seed = 0; seed < 12; seed++) {
            try {
                run(pacing, seed);
            } catch (final AssertionError | RuntimeException ex) {
                throw new AssertionError("seed " + seed + ": " + ex.getMessage(), ex);
            }
        }
    }

    private static void run(final Pacing pacing, final long seed) {
        final Random random = new Random(seed);
        final LoopFixture fixture = new LoopFixture(pacing, 0, SESSIONS);
        final int[] nextAudio = new int[SESSIONS];
        for (int session = 0; session < SESSIONS; session++) {
            fixture.open(session, Modality.values());
        }
        for (int step = 0; step < STEPS; step++) {
            final int session = random.nextInt(SESSIONS);
            produce(fixture, random, session, nextAudio);
            if (random.nextInt(3) == 0) {
                turn(fixture, random, pacing);
            }
            if (random.nextInt(300) == 0 && !fixture.executor.ended.containsKey(session)) {
                close(fixture, session, pacing);
                fixture.open(session, Modality.values());
                nextAudio[session] = 0;
            }
            reopenEnded(fixture, nextAudio);
        }
        drain(fixture, pacing);
        assertTrue(fixture.executor.submitted.size() > 200, "few ticks: " + fixture.executor.submitted.size());
    }

    private static void produce(
            final LoopFixture fixture, final Random random, final int session, final int[] nextAudio) {
        final long now = fixture.clock.nanoTime();
        final boolean room = fixture.ring.size() < fixture.ring.capacity() * 20;
        if (!room) {
            return;
        }
        final int kind = random.nextInt(6);
        if (kind < 3 && fixture.slots.available(session, Modality.AUDIO) > 0) {
            // mostly in order; sometimes late, early, twice or missing
            final int jump = random.nextInt(10) == 0 ? random.nextInt(41) - 20 : 0;
            fixture.audio(session, nextAudio[session] + jump);
            nextAudio[session] += random.nextInt(12) == 0 ? 2 : 1;
        } else if (kind == 3 && fixture.slots.available(session, Modality.VIDEO) > 0) {
            fixture.video(session, 0, now + random.nextInt((int) LoopFixture.T));
        } else if (kind == 4 && fixture.slots.available(session, Modality.TEXT) > 0) {
            fixture.text(session, now + random.nextInt((int) LoopFixture.T), new int[1 + random.nextInt(9)]);
        } else if (kind == 5 && random.nextInt(20) == 0) {
            fixture.control(IngressRecord.CUT, session, 0);
        }
    }

    private static void turn(final LoopFixture fixture, final Random random, final Pacing pacing) {
        fixture.executor.status = random.nextInt(3) == 0 ? TickExecutor.PENDING : TickExecutor.DONE;
        fixture.executor.completeEarly.clear();
        if (random.nextBoolean()) {
            fixture.executor.completeEarly.add(random.nextInt(SESSIONS));
        }
        if (random.nextInt(400) == 0) {
            fixture.executor.status = TickExecutor.FAILED;
        }
        if (random.nextInt(100) == 0) {
            fixture.executor.endings.put(random.nextInt(SESSIONS), EndReason.NOT_FINITE);
        }
        fixture.clock.advance(random.nextInt(30) == 0 ? 3 * LoopFixture.T : LoopFixture.T / 2);
        if (pacing == Pacing.STEPPED && !fixture.executor.isBusy()) {
            fixture.loop.release();
        }
        fixture.loop.doWork();
    }

    private static void reopenEnded(final LoopFixture fixture, final int[] nextAudio) {
        for (int session = 0; session < SESSIONS; session++) {
            if (fixture.executor.ended.containsKey(session)) {
                fixture.open(session, Modality.values());
                nextAudio[session] = 0;
            }
        }
    }

    private static void close(final LoopFixture fixture, final int session, final Pacing pacing) {
        fixture.control(IngressRecord.CLOSE, session, 0);
        for (int i = 0; i < 20 && !fixture.executor.ended.containsKey(session); i++) {
            idle(fixture, pacing);
        }
        assertTrue(fixture.executor.ended.containsKey(session), "closed, and did not end");
    }

    private static void idle(final LoopFixture fixture, final Pacing pacing) {
        fixture.executor.status = TickExecutor.DONE;
        fixture.clock.advance(LoopFixture.T);
        if (pacing == Pacing.STEPPED) {
            fixture.loop.release();
        }
        fixture.loop.doWork();
    }

    /** Without producers every slot comes home, but for the last frame that was shown. */
    private static void drain(final LoopFixture fixture, final Pacing pacing) {
        for (int i = 0; i < 80; i++) {
            idle(fixture, pacing);
        }
        for (int session = 0; session < SESSIONS; session++) {
            if (fixture.executor.ended.containsKey(session)) {
                // the owner resets the pools of an index before it is used again
                continue;
            }
            assertEquals(0, fixture.slots.inUse(session, Modality.AUDIO), "audio of session " + session);
            assertEquals(0, fixture.slots.inUse(session, Modality.TEXT), "text of session " + session);
            assertTrue(fixture.slots.inUse(session, Modality.VIDEO) <= 1, "video of session " + session);
            for (final Modality modality : Modality.values()) {
                assertEquals(
                        LoopFixture.SLOTS,
                        fixture.slots.inUse(session, modality) + fixture.slots.available(session, modality));
            }
        }
    }

    @Test
    void shouldFindASlotThatComesBackTwice() {
        final FakeSlots slots = new FakeSlots(1);
        final int slot = slots.claim(0, Modality.AUDIO);
        slots.release(0, 0, slot);
        assertTrue(throwsAssertion(() -> slots.release(0, 0, slot)), "the checker itself must be able to fail");
    }

    private static boolean throwsAssertion(final Runnable action) {
        try {
            action.run();
            return false;
        } catch (final AssertionError ex) {
            return true;
        }
    }
}
