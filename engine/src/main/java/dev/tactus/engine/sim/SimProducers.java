package dev.tactus.engine.sim;

import dev.tactus.engine.AudioInput;
import dev.tactus.scheduler.IngressRecord;
import dev.tactus.scheduler.Modality;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;

/** The microphone, the camera and the keyboard of one session, and everything that goes wrong with them. */
final class SimProducers {
    private static final long NS_PER_MS = 1_000_000;
    private static final int FLOOD = 24;
    private static final int MOST_TEXT = 20;

    private final SimWorld world;
    private final SimSession session;
    private final Workload workload;
    private final SimDraws draws;
    private final long startNs;

    /** Whether its microphone leaves it to the engine to number what it hears. */
    private final boolean unnumbered;

    private final ProducerClock microphone;
    private final ClockOracle numbers;
    private final boolean[] dead = new boolean[Modality.COUNT];
    private final Deque<Integer> heldBack = new ArrayDeque<>();
    private int nextAudio;
    private int nextHeard;
    private long heardNs;
    private int frames;
    private int burst;
    private long stamps;

    /** Producers of a session whose tick 0 starts at {@code startNs}. */
    SimProducers(
            final SimWorld world,
            final SimSession session,
            final Workload workload,
            final SimDraws draws,
            final long startNs) {
        this.world = world;
        this.session = session;
        this.workload = workload;
        this.draws = draws;
        this.startNs = startNs;
        this.unnumbered = draws.perMille(workload.drifting);
        this.microphone =
                unnumbered ? ProducerClock.drawn(draws, startNs, workload.mostDriftPpm) : ProducerClock.right(startNs);
        this.numbers = new ClockOracle(world.checks(), session.index(), microphone);
    }

    void start() {
        if (session.has(Modality.AUDIO)) {
            world.timeline().at(microphone.capturedNs(0), this::audio);
        }
        if (session.has(Modality.VIDEO)) {
            world.timeline().at(startNs + draws.below(100) * NS_PER_MS, this::video);
        }
        if (session.has(Modality.TEXT)) {
            world.timeline().at(startNs + draws.below(1000) * NS_PER_MS, this::text);
        }
    }

    /** Commits into so many slots of each modality that the session has, one after the other. */
    void fill(final int audioSlots, final int videoSlots, final int textSlots) {
        for (int i = 0; i < audioSlots && session.has(Modality.AUDIO); i++) {
            deliverAudio(i);
        }
        for (int i = 0; i < videoSlots && session.has(Modality.VIDEO); i++) {
            deliverFrame();
        }
        for (int i = 0; i < textSlots && session.has(Modality.TEXT); i++) {
            deliverText();
        }
    }

    private boolean isGone(final Modality modality) {
        return session.ended || session.over || dead[modality.code()];
    }

    private void audio() {
        if (isGone(Modality.AUDIO)) {
            return;
        }
        final int number = nextAudio++;
        world.timeline().at(microphone.capturedNs(nextAudio), this::audio);
        if (!unnumbered && draws.perMille(workload.floods)) {
            for (int i = 0; i < FLOOD; i++) {
                deliverAudio(number + i);
            }
        }
        if (draws.perMille(workload.lost)) {
            return;
        }
        burst = burst == 0 && draws.perMille(workload.bursts) ? draws.between(3, 14) : burst;
        if (burst > 0) {
            heldBack.add(number);
            if (--burst == 0) {
                while (!heldBack.isEmpty()) {
                    send(heldBack.remove(), world.clock().nowNs());
                }
            }
            return;
        }
        long delayMs = draws.below(4);
        if (draws.perMille(workload.late)) {
            delayMs = draws.between(30, 600);
        } else if (draws.perMille(workload.reordered)) {
            delayMs = draws.between(51, 140);
        }
        final long sentNs = microphone.capturedNs(number) + delayMs * NS_PER_MS;
        send(number, sentNs);
        if (!unnumbered && draws.perMille(workload.duplicated)) {
            world.timeline().at(sentNs + draws.between(0, 300) * NS_PER_MS, () -> deliverAudio(number));
        }
    }

    /** What has no number can come late, but not out of order. */
    private void send(final int number, final long atNs) {
        if (unnumbered) {
            final long stampNs = microphone.stampNs(number);
            heardNs = Math.max(heardNs, Math.max(atNs, stampNs));
            world.timeline().at(heardNs, () -> deliverHeard(number, stampNs));
        } else {
            world.timeline().at(atNs, () -> deliverAudio(number));
        }
    }

    /** The next slot of a microphone that does not number them; those that it lost it says so of. */
    private void deliverHeard(final int i, final long stampNs) {
        final int slot = claim(Modality.AUDIO);
        if (slot < 0) {
            return;
        }
        final AudioInput input = session.engineSession.audio();
        input.skip(i - nextHeard);
        numbers.skipped(i - nextHeard);
        nextHeard = i;
        final long before = world.ring().position();
        final boolean left = world.plant() == Plant.DRIFT_UNCORRECTED;
        final boolean accepted = left ? input.commitAs(input.nextSlot(), stampNs) : input.commit(stampNs);
        if (accepted) {
            nextHeard++;
        }
        final int number = committedAudio(slot, i, stampNs, accepted, before);
        final boolean dropped = accepted && world.ring().flags() == IngressRecord.DRIFT_DROP;
        if (accepted && !dropped && draws.perMille(workload.duplicated)) {
            world.timeline().in(draws.between(0, 300) * NS_PER_MS, () -> deliverTwice(number, stampNs));
        }
    }

    /** What came already, with the number that it was given. */
    private void deliverTwice(final int number, final long stampNs) {
        final int slot = claim(Modality.AUDIO);
        if (slot < 0) {
            return;
        }
        final long before = world.ring().position();
        final boolean accepted = session.engineSession.audio().commitAs(number, stampNs);
        if (accepted) {
            numbers.numbered(number, world.ring().number(), world.ring().flags());
        }
        committed(Modality.AUDIO, slot, number, 0, stampNs, null, accepted, before);
    }

    private void deliverAudio(final int number) {
        final int slot = claim(Modality.AUDIO);
        if (slot < 0) {
            return;
        }
        final AudioInput input = session.engineSession.audio();
        final long capturedNs = microphone.capturedNs(number) + skewNs();
        final long before = world.ring().position();
        // where stamps are off, commit() would now and then take that for a clock that drifts, and number otherwise
        if (number >= input.nextSlot() && workload.skewMs == 0) {
            numbers.skipped(number - input.nextSlot());
            input.skip(number - input.nextSlot());
            committedAudio(slot, number, capturedNs, input.commit(capturedNs), before);
            return;
        }
        final boolean accepted = input.commitAs(number, capturedNs);
        if (accepted) {
            numbers.numbered(number, world.ring().number(), world.ring().flags());
        }
        committed(Modality.AUDIO, slot, number, 0, capturedNs, null, accepted, before);
    }

    /** A slot was committed without a number, or refused: checks and returns the one it got. */
    private int committedAudio(
            final int slot, final int i, final long stampNs, final boolean accepted, final long before) {
        int number = i;
        int flags = 0;
        if (accepted) {
            if (world.plant() == Plant.DRIFT_UNFLAGGED) {
                world.ring().unflag();
            }
            number = world.ring().number();
            flags = world.ring().flags();
            numbers.committed(i, number, flags);
        }
        committed(Modality.AUDIO, slot, number, flags, stampNs, null, accepted, before);
        return number;
    }

    private long skewNs() {
        return workload.skewMs == 0 ? 0 : draws.between(-workload.skewMs, workload.skewMs) * NS_PER_MS;
    }

    private void video() {
        if (isGone(Modality.VIDEO)) {
            return;
        }
        world.timeline().in(draws.between(35, 180) * NS_PER_MS, this::video);
        if (draws.perMille(workload.lost)) {
            return;
        }
        final int frames = draws.perMille(workload.floods) ? FLOOD : draws.perMille(workload.bursts * 4) ? 5 : 1;
        for (int i = 0; i < frames; i++) {
            deliverFrame();
        }
    }

    private void deliverFrame() {
        final int slot = claim(Modality.VIDEO);
        if (slot < 0) {
            return;
        }
        final long ageMs = draws.perMille(workload.late) ? draws.between(20, 400) : draws.below(5);
        final long capturedNs = world.clock().nowNs() - ageMs * NS_PER_MS + skewNs();
        final long before = world.ring().position();
        final long beforeNs = world.clock().nowNs();
        final boolean accepted = session.engineSession.video().commit(capturedNs);
        // one that is refused was a frame, too
        committed(Modality.VIDEO, slot, frames++, 0, stampNs(capturedNs, beforeNs, accepted), null, accepted, before);
    }

    private void text() {
        if (isGone(Modality.TEXT)) {
            return;
        }
        world.timeline().in(draws.between(50, 2_500) * NS_PER_MS, this::text);
        final int chunks = draws.perMille(workload.floods) ? FLOOD : draws.perMille(workload.bursts * 4) ? 4 : 1;
        for (int i = 0; i < chunks; i++) {
            deliverText();
        }
    }

    private void deliverText() {
        final int slot = claim(Modality.TEXT);
        if (slot < 0) {
            return;
        }
        final int[] ids = new int[draws.between(1, MOST_TEXT)];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = draws.below(SimModel.VOCABULARY);
        }
        final long capturedNs = world.clock().nowNs() + skewNs();
        final long before = world.ring().position();
        final long beforeNs = world.clock().nowNs();
        final boolean accepted = session.engineSession.text().offer(ids, capturedNs) == ids.length;
        committed(Modality.TEXT, slot, 0, 0, stampNs(capturedNs, beforeNs, accepted), ids, accepted, before);
    }

    /** What the engine goes by. */
    private long stampNs(final long capturedNs, final long beforeNs, final boolean accepted) {
        return accepted
                ? world.ring()
                        .stampNs(
                                session.index(),
                                capturedNs,
                                beforeNs,
                                world.clock().nowNs())
                : capturedNs;
    }

    /** Claims a slot and stamps it; -1 when there is none, or when the producer dies over it. */
    private int claim(final Modality modality) {
        if (isGone(modality)) {
            return -1;
        }
        final MemorySegment memory = session.claim(modality);
        final SlotOracle slots = session.slots[modality.code()];
        if (memory == null) {
            slots.refused();
            return -1;
        }
        final int slot = slots.claimed(memory);
        // 0 stands for a gap
        final long stamp = Mix.fold(Mix.fold(session.spec.seed(), modality.code()), ++stamps) | 1;
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, stamp);
        if (draws.perMille(workload.diesMidClaim)) {
            dead[modality.code()] = true;
            return -1;
        }
        if (draws.perMille(workload.diesInRing)) {
            dead[modality.code()] = true;
            world.ring().die();
            return -1;
        }
        writeStamp(memory, stamp);
        slots.wrote(slot, stamp);
        return slot;
    }

    /** Stamps both ends of a slot. */
    static void writeStamp(final MemorySegment memory, final long stamp) {
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, stamp);
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, memory.byteSize() - Long.BYTES, ~stamp);
    }

    private void committed(
            final Modality modality,
            final int slot,
            final int number,
            final int flags,
            final long capturedNs,
            final int[] ids,
            final boolean accepted,
            final long before) {
        if (accepted) {
            session.slots[modality.code()].committed(slot);
            world.media(session, new SeatOracle.Media(modality, slot, number, flags, capturedNs, ids));
        } else {
            world.refused(session, before);
        }
    }
}
