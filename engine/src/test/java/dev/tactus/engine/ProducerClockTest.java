package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.memory.MemoryTag;
import dev.tactus.memory.SlotPool;
import dev.tactus.scheduler.IngressRecord;
import dev.tactus.scheduler.IngressRing;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntToLongFunction;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a producer whose clock is not the engine's, and of stamps that mean nothing. */
class ProducerClockTest {
    private static final long MS = 1_000_000;
    private static final long SLOT = 50 * MS;
    private static final int MINUTES = 10;
    private static final int SLOTS = MINUTES * 60 * 20;
    private static final int POOL = 13;

    private final FreezableArena arena = new FreezableArena(new MemoryLedger());
    private final IngressRing ring = new IngressRing(buffer(IngressRing.requiredBytes(64)));
    private SessionState state;
    private long nowNs;

    /** What reached the ring: number, flags, capture. */
    private record Sent(int number, int flags, long captureNs) {}

    private final List<Sent> sent = new ArrayList<>();

    ProducerClockTest() {
        state = state(true);
    }

    @AfterEach
    void free() {
        arena.close();
    }

    private UnsafeBuffer buffer(final int bytes) {
        return new UnsafeBuffer(arena.allocate(MemoryTag.TEST, bytes, 64).address(), bytes);
    }

    private SessionState state(final boolean realtime) {
        final long base = arena.allocate(MemoryTag.TEST, POOL * 3200L, 64).address();
        final SlotPool[] pools = {new SlotPool(base, 3200, POOL), new SlotPool(base, 64, 2), new SlotPool(base, 2048, 2)
        };
        final SessionState result = new SessionState(0, pools, null, 0, 0, 0, 0, null, null, -1, realtime);
        result.phase = SessionState.LIVE;
        return result;
    }

    private AudioInput input() {
        return new AudioInput(state, ring, () -> nowNs);
    }

    /** Commits a slot and takes its record out again, as a seal would. */
    private void commit(final AudioInput input, final long captureNs) {
        assertTrue(input.claim() != null, "a slot");
        assertTrue(input.commit(captureNs));
        drain();
    }

    private void drain() {
        // twice: a read ends where the buffer does
        ring.ring().read(this::onRecord);
        ring.ring().read(this::onRecord);
    }

    /** The fields as {@link IngressRecord} draws them. */
    private void onRecord(final int type, final MutableDirectBuffer buffer, final int at, final int length) {
        assertEquals(IngressRecord.MEDIA, type);
        sent.add(new Sent(buffer.getInt(at + 20), buffer.getByte(at + 27), buffer.getLong(at + 8)));
        state.pools[buffer.getByte(at + 26)].release(buffer.getShort(at + 24));
    }

    private long corrections(final int flag) {
        return sent.stream().filter(one -> one.flags == flag).count();
    }

    /** Each 50 ms of a producer, stamped late by what {@code delay} says, on a clock slower by {@code drift}. */
    private AudioInput run(final double drift, final long fromNs, final IntToLongFunction delay, final int slots) {
        final AudioInput input = input();
        for (int i = 0; i < slots; i++) {
            final long trueNs = fromNs + Math.round((i + 1) * SLOT * (1 + drift));
            nowNs = trueNs + delay.applyAsLong(i);
            commit(input, nowNs);
        }
        return input;
    }

    @ParameterizedTest
    @ValueSource(doubles = {200e-6, -200e-6, 0.02, -0.02, 0.005, -0.005})
    void shouldFollowAClockThatDrifts(final double drift) {
        final long jitterNs = 30 * MS;
        for (long seed = 1; seed <= 3; seed++) {
            sent.clear();
            final Random random = new Random(seed);
            final long fromNs = 7_000 * MS;
            run(drift, fromNs, i -> (long) (random.nextDouble() * jitterNs), SLOTS);
            final String where = "drift " + drift + ", seed " + seed;
            long worstNs = 0;
            for (int i = 0; i < sent.size(); i++) {
                if (sent.get(i).flags == IngressRecord.DRIFT_DROP) {
                    continue;
                }
                final long trueNs = fromNs + Math.round((i + 1) * SLOT * (1 + drift));
                final long offsetNs = trueNs - fromNs - (sent.get(i).number + 1L) * SLOT;
                worstNs = Math.max(worstNs, Math.abs(offsetNs));
            }
            final long gaps = corrections(IngressRecord.DRIFT_GAP);
            final long drops = corrections(IngressRecord.DRIFT_DROP);
            System.out.printf("%s: worst offset %.1f ms, %d gaps, %d drops%n", where, worstNs / 1e6, gaps, drops);
            final long windowNs = Math.round(DriftFilter.WINDOW * SLOT * Math.abs(drift));
            assertTrue(worstNs <= SLOT / 2 + jitterNs + windowNs, where + ": offset " + worstNs / 1e6 + " ms");
            final double totalMs = Math.abs(drift) * SLOTS * 50;
            final long expected = (long) ((totalMs - 25) / 50) + 1;
            assertEquals(expected, drift > 0 ? gaps : drops, 1, where);
            assertEquals(0, drift > 0 ? drops : gaps, where);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 30, 60})
    void shouldLeaveAClockAloneThatIsRight(final int jitterMs) {
        for (long seed = 1; seed <= 5; seed++) {
            sent.clear();
            final Random random = new Random(seed);
            final AudioInput input = run(0, -5_000 * MS, i -> (long) (random.nextDouble() * jitterMs * MS), SLOTS);
            assertEquals(
                    0, corrections(IngressRecord.DRIFT_GAP) + corrections(IngressRecord.DRIFT_DROP), "seed " + seed);
            assertEquals(SLOTS, input.nextSlot(), "seed " + seed);
            assertTrue(Math.abs(input.driftNs()) <= SLOT / 2, "seed " + seed + ": " + input.driftNs());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 10, 20, 40, 100})
    void shouldNotTakeABurstAfterAStallForDrift(final int stalled) {
        // stamped on arrival: what was held back for so many slots comes at once
        final IntToLongFunction arrival =
                i -> i % 400 >= 200 && i % 400 < 200 + stalled ? (200 + stalled - i % 400) * SLOT : 0;
        run(0, 0, arrival, 4_000);
        assertEquals(0, corrections(IngressRecord.DRIFT_GAP) + corrections(IngressRecord.DRIFT_DROP));
    }

    @Test
    void shouldBeDeafToStampsThatAreNoMeasure() {
        final List<IntToLongFunction> stamps = List.of(
                i -> 0, // none
                i -> 1_000 * MS, // always the same
                i -> i / 4 * 200 * MS, // all slots of a tick at once
                i -> (long) i * i * MS, // a clock that runs away
                i -> (i * 7919L % 1000) * MS); // noise
        for (final IntToLongFunction stamp : stamps) {
            sent.clear();
            nowNs = Long.MAX_VALUE / 4;
            final AudioInput input = input();
            for (int i = 0; i < 2_000; i++) {
                commit(input, stamp.applyAsLong(i));
            }
            assertEquals(0, corrections(IngressRecord.DRIFT_GAP) + corrections(IngressRecord.DRIFT_DROP));
        }
    }

    @Test
    void shouldSurviveAFewStampsThatAreTooEarly() {
        run(0, 0, i -> i % 13 == 5 ? -10_000 * MS : 0, 2_000);
        assertEquals(0, corrections(IngressRecord.DRIFT_GAP) + corrections(IngressRecord.DRIFT_DROP));
    }

    @Test
    void shouldFindItsPlaceAgainAfterAPauseThatNobodyNumbered() {
        final int pause = 60;
        final AudioInput input = run(0, 0, i -> i < 100 ? 0 : pause * SLOT, 200);
        assertEquals(200 + pause, input.nextSlot());
        assertEquals(1, corrections(IngressRecord.DRIFT_GAP), "at once");
        assertTrue(Math.abs(input.driftNs()) < MS);
    }

    @Test
    void shouldTakeAPauseThatWasNumberedAsItIs() {
        final AudioInput input = input();
        for (int i = 0; i < 200; i++) {
            if (i == 100) {
                input.skip(60);
            }
            nowNs = (i < 100 ? i + 1 : i + 61) * SLOT;
            commit(input, nowNs);
        }
        assertEquals(260, input.nextSlot());
        assertEquals(0, corrections(IngressRecord.DRIFT_GAP));
    }

    @Test
    void shouldNotChangeTheNumbersOfAProducerThatGivesThem() {
        final AudioInput input = input();
        for (int i = 0; i < 1_000; i++) {
            nowNs = Math.round((i + 1) * SLOT * 1.01);
            input.claim();
            assertTrue(input.commitAs(i, nowNs));
            drain();
            assertEquals(i, sent.get(i).number);
            assertEquals(0, sent.get(i).flags);
        }
        assertEquals(500, input.driftNs() / 1e6, 40, "it is told how far it is off");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.02, -0.02})
    void shouldNotTakeACopyOfBeforeACorrectionForDrift(final double drift) {
        final AudioInput input = input();
        for (int i = 0; i < 2_000; i++) {
            nowNs = Math.round((i + 1) * SLOT * (1 + drift));
            commit(input, nowNs);
            // each slot comes once more, six slots later, with the number that it was given
            final Sent copied = sent.get(Math.max(0, sent.size() - 13));
            if (copied.flags != IngressRecord.DRIFT_DROP) {
                input.claim();
                assertTrue(input.commitAs(copied.number, copied.captureNs));
                drain();
            } else {
                sent.add(copied);
            }
        }
        final long corrections =
                sent.stream().filter(one -> one.flags != 0).distinct().count();
        assertEquals(2_000 * 0.02, corrections, 1);
        assertEquals(2_000 * (1 + drift), input.nextSlot(), 1);
    }

    @Test
    void shouldDecideTheSameOnceMoreWhenACommitWasRefused() {
        final AudioInput input = input();
        for (int i = 0; i < 90; i++) {
            nowNs = Math.round((i + 1) * SLOT * 1.01);
            assertTrue(input.claim() != null);
            while (ring.offerControl(IngressRecord.HOLD, 0, 0, 0, 0)) {
                // until it is full
            }
            for (int attempt = 0; attempt < 5; attempt++) {
                assertFalse(input.commit(nowNs));
            }
            ring.ring().read((type, buffer, index, length) -> {});
            ring.ring().read((type, buffer, index, length) -> {});
            assertTrue(input.commit(nowNs));
            drain();
        }
        assertEquals(1, corrections(IngressRecord.DRIFT_GAP));
        assertEquals(91, input.nextSlot());
        assertEquals(450, input.refused());
    }

    @Test
    void shouldLeaveSteppedProducersAlone() {
        state = state(false);
        final AudioInput input = run(0.02, 0, i -> 0, 1_000);
        assertEquals(1_000, input.nextSlot());
        assertEquals(0, corrections(IngressRecord.DRIFT_GAP));
    }

    @Test
    void shouldReplaceAStampThatLiesFarAheadByTheClockAlone() {
        nowNs = 5_000 * MS;
        final long period = EngineContext.PERIOD_NS;
        final VideoInput video = new VideoInput(state, ring, () -> nowNs, 2, 2);
        for (final long ahead : new long[] {-period, 0, period, period + 1, 1_000 * period}) {
            sent.clear();
            video.claim();
            assertTrue(video.commit(nowNs + ahead));
            drain();
            assertEquals(ahead > period ? nowNs : nowNs + ahead, sent.get(0).captureNs, "ahead " + ahead);
        }
        assertEquals(2, video.stampedAhead());
        state = state(false);
        final VideoInput stepped = new VideoInput(state, ring, () -> nowNs, 2, 2);
        sent.clear();
        stepped.claim();
        assertTrue(stepped.commit(nowNs + 1_000 * period));
        drain();
        assertEquals(nowNs + 1_000 * period, sent.get(0).captureNs, "a stepped tick goes by no stamp");
        assertEquals(0, stepped.stampedAhead());
    }
}
