package dev.tactus.scheduler;

import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/** A loop over fakes, and the producer's side of it. */
final class LoopFixture {
    static final long T = 200_000_000L;
    static final int TEXT_IN_MAX = 4;
    static final int TEXT_OUT_MAX = 6;
    static final int SLOTS = 16;

    final ManualClock clock = new ManualClock();
    final FakeSlots slots = new FakeSlots(SLOTS);
    final FakeExecutor executor = new FakeExecutor(slots);
    final LoopCounters counters = new LoopCounters();
    final UnsafeBuffer ringBuffer = buffer(IngressRing.requiredBytes(64));
    final IngressRing ring = new IngressRing(ringBuffer);
    final BeatGrid grid;
    final TickLoop loop;
    final int[] generations;

    private final Pacing pacing;
    private long beat;

    LoopFixture(final Pacing pacing, final long allowanceNs, final int sessions) {
        this(pacing, allowanceNs, sessions, 1, 0);
    }

    LoopFixture(
            final Pacing pacing,
            final long allowanceNs,
            final int sessions,
            final int phases,
            final long deviceTimeoutNs) {
        this.pacing = pacing;
        this.grid = new BeatGrid(T, allowanceNs, phases);
        this.generations = new int[sessions];
        this.loop = new TickLoop(new TickLoopParts(
                clock,
                grid,
                pacing,
                ring,
                executor,
                slots,
                counters,
                buffer(sessions * TickRecord.length(TEXT_IN_MAX)),
                sessions,
                SLOTS,
                SLOTS,
                TEXT_IN_MAX,
                TEXT_OUT_MAX,
                SessionSeat.UNTIL_THE_SEAL,
                SessionSeat.UNTIL_THE_SEAL,
                MissedTickPolicy.OFF,
                deviceTimeoutNs));
        loop.onStart();
    }

    static LoopFixture stepped(final int sessions) {
        return new LoopFixture(Pacing.STEPPED, 0, sessions);
    }

    static LoopFixture realtime(final int sessions) {
        return new LoopFixture(Pacing.REALTIME, 0, sessions);
    }

    static UnsafeBuffer buffer(final int bytes) {
        return new UnsafeBuffer(BufferUtil.allocateDirectAligned(bytes, 64));
    }

    static int set(final Modality... modalities) {
        int bits = 0;
        for (final Modality modality : modalities) {
            bits |= modality.bit();
        }
        return bits;
    }

    void openAt(final int phase, final int session, final Modality... modalities) {
        slots.reset(session);
        executor.ended.remove(session);
        control(IngressRecord.OPEN, session, ++generations[session], IngressRecord.opening(set(modalities), phase));
    }

    void open(final int session, final Modality... modalities) {
        slots.reset(session);
        executor.ended.remove(session);
        control(IngressRecord.OPEN, session, ++generations[session], set(modalities));
    }

    void control(final int type, final int session, final int value) {
        control(type, session, generations[session], value);
    }

    private void control(final int type, final int session, final int generation, final int value) {
        if (!ring.offerControl(type, session, generation, clock.nanoTime(), value)) {
            throw new AssertionError("the ring is full");
        }
    }

    int audio(final int session, final int sequence) {
        return media(session, Modality.AUDIO, sequence, clock.nanoTime(), 3200);
    }

    int video(final int session, final int sequence, final long captureNs) {
        return media(session, Modality.VIDEO, sequence, captureNs, 100);
    }

    int text(final int session, final long captureNs, final int... ids) {
        final int slot = slots.claim(session, Modality.TEXT);
        slots.text(session, slot, ids);
        return commit(session, Modality.TEXT, slot, 0, captureNs, ids.length);
    }

    private int media(
            final int session, final Modality modality, final int sequence, final long captureNs, final int length) {
        return commit(session, modality, slots.claim(session, modality), sequence, captureNs, length);
    }

    private int commit(
            final int session,
            final Modality modality,
            final int slot,
            final int sequence,
            final long captureNs,
            final int length) {
        final boolean offered = ring.offerMedia(
                session, generations[session], modality.code(), slot, sequence, captureNs, clock.nanoTime(), length);
        if (slot < 0 || !offered) {
            throw new AssertionError("no slot, or the ring is full");
        }
        return slot;
    }

    /** Makes the next beat due and calls the loop once: a beat is done by then unless the device is pending. */
    void beat() {
        if (pacing == Pacing.STEPPED) {
            loop.release();
        } else {
            clock.at(grid.sealNs(beat));
        }
        beat++;
        loop.doWork();
    }

    long count(final int counter) {
        return counters.get(counter);
    }
}
