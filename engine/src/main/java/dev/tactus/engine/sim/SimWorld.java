package dev.tactus.engine.sim;

import dev.tactus.engine.AdmissionException;
import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Session;
import dev.tactus.engine.SessionSpec;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.kernel.SamplingParameters;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.IngressRecord;
import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import dev.tactus.scheduler.SilenceReason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.CloseHelper;

/**
 * One run: an engine, the sessions that come and go, their producers and consumers, and the clock, on one thread. It
 * ends with {@link SimViolationException} or with nothing found.
 */
final class SimWorld {
    private static final long NS_PER_MS = 1_000_000;
    private static final long NS_PER_US = 1_000;
    private static final long START_NS = 1_000_000_000L;
    private static final int STREAM_CLOCK = 1;
    private static final int STREAM_DEVICE = 2;
    private static final int STREAM_LOOP = 3;
    private static final int STREAM_CALLERS = 4;
    private static final int STREAM_SESSION = 16;
    private static final long LONGEST_END_NS = 60_000 * NS_PER_MS;
    private static final long LONGEST_IDLE_NS = 20 * NS_PER_MS;
    private static final long DEVICE_TIMEOUT_NS = 10 * EngineContext.PERIOD_NS;

    private final SimModel model;
    private final Workload workload;
    private final Plant plant;
    private final long seed;
    private final Checks checks;
    private final InteractionConfig ids;
    private final EventHash log = new EventHash();
    private final VirtualClock clock;
    private final SimTimeline timeline;
    private final DrawnPace pace;
    private final SimDraws loopDraws;
    private final SimDraws draws;
    private final RingOracle ring;
    private final SimSession[] current;
    private final List<SimSession> sessions = new ArrayList<>();
    private final Tally tally = new Tally();
    private long[] counted;
    private MemoryLedger memory;
    private long launchBytes;
    private Engine engine;
    private Watch watch;
    private int epoch;
    private boolean sealPending;
    private boolean relaunching;
    private boolean finishing;
    private boolean stuck;
    private long turnStartNs;

    /**
     * A world of that seed.
     *
     * @param run 0 for the first run of a seed, 1 for its repetition
     */
    SimWorld(final SimModel model, final Scenario scenario, final long seed, final Plant plant, final int run) {
        this.model = model;
        this.workload = scenario.workload(seed);
        this.plant = plant;
        this.seed = seed;
        this.ids = model.loaded().config().interaction().orElseThrow();
        this.checks = new Checks(seed, scenario);
        this.clock = new VirtualClock(
                new SimDraws(seed, STREAM_CLOCK, 0), START_NS, workload.clockPauses, workload.clockPauseUs);
        this.timeline = new SimTimeline(clock);
        final long extraNs = plant == Plant.UNREPEATABLE ? run : 0;
        this.pace = new DrawnPace(new SimDraws(seed, STREAM_DEVICE, 0), workload, extraNs);
        this.loopDraws = new SimDraws(seed, STREAM_LOOP, 0);
        this.draws = new SimDraws(seed, STREAM_CALLERS, 0);
        // two seals are a period apart, and the ring gives a dead claim up after half of one
        this.ring = new RingOracle(checks, EngineContext.PERIOD_NS / 2);
        this.current = new SimSession[draws.between(workload.leastSessions, workload.mostSessions)];
    }

    /** Runs so many beats, then ends everything and checks that all is back. */
    void run(final int beats) {
        final long endNs = START_NS + beats * EngineContext.PERIOD_NS;
        try {
            launch();
            timeline.in(0, this::callers);
            while (clock.nowNs() < endNs) {
                timeline.next();
            }
            finish();
        } catch (final RuntimeException | Error ex) {
            // what was found first is what is told
            CloseHelper.quietClose(engine);
            throw ex;
        }
        engine.close();
        checks.equal(Check.MEMORY, Checks.ENGINE, "live bytes after close", 0, memory.liveBytes());
    }

    private void launch() {
        memory = new MemoryLedger();
        counted = tally.launched();
        watch = new Watch(this, checks, log, counted, plant, memory, ids);
        engine = Engine.launch(new EngineContext()
                .model(model.loaded())
                .maxSessions(current.length)
                .phases(workload.phases)
                .deviceTimeoutNs(DEVICE_TIMEOUT_NS)
                .threadingMode(ThreadingMode.INVOKER)
                .pacing(Pacing.REALTIME)
                .kernels(KernelChoice.REFERENCE)
                .warmUpNs(0)
                .allowanceNs(workload.allowanceMs * NS_PER_MS)
                .clock(clock)
                .ledger(memory)
                .ports(watch));
        watch.attach(engine);
        launchBytes = memory.liveBytes();
        epoch++;
        relaunching = false;
        stuck = false;
        log.add(EventHash.Kind.LAUNCHED, epoch, launchBytes);
        turn(epoch);
    }

    /** A turn of the tick thread, and when the next one is. */
    private void turn(final int ofEpoch) {
        if (ofEpoch != epoch) {
            return;
        }
        final long slot = watch.accounted();
        checks.beat(engine.completedBeats());
        sealPending = !watch.isInFlight();
        final boolean sealing = sealPending;
        turnStartNs = clock.nowNs();
        int work = 0;
        try {
            work = engine.invoker().doWork();
        } catch (final SimViolationException ex) {
            throw ex;
        } catch (final RuntimeException | Error ex) {
            checks.threw(Checks.ENGINE, "a turn of the loop", ex);
        }
        final boolean accounted = watch.accounted() > slot;
        if (sealing && accounted) {
            sealed(slot);
        }
        if (sealing && !sealPending) {
            checkDue();
        }
        sealPending = false;
        if (accounted) {
            checkAccount();
        }
        timeline.at(nextTurnNs(work), () -> turn(ofEpoch));
    }

    private long nextTurnNs(final int work) {
        final long soonNs = loopDraws.between(1, 200) * NS_PER_US;
        if (watch.isInFlight()) {
            final long endNs = watch.device().passEndNs();
            if (watch.device().isBusy()) {
                // the thread polls on, and gives a device up that does not return
                return Math.min(endNs, clock.nowNs() + LONGEST_IDLE_NS) + soonNs;
            }
            return clock.nowNs() + soonNs;
        }
        if (engine.failure() != null) {
            relaunch(loopDraws.below(900));
        }
        final long slot = watch.accounted();
        final long sealNs = engine.grid().sealNs(slot / workload.phases, (int) (slot % workload.phases));
        return work > 0 && sealNs <= clock.nowNs()
                ? clock.nowNs() + NS_PER_US
                : Math.max(clock.nowNs(), sealNs) + soonNs;
    }

    /** Once per slot, as soon as anything tells that its seal drained the ring: says what is due of each session. */
    void sealed(final long slot) {
        if (!sealPending) {
            return;
        }
        sealPending = false;
        ring.drained(turnStartNs, clock.nowNs(), this::drained);
        final int phase = (int) (slot % workload.phases);
        final long beat = slot / workload.phases;
        final long originNs = slotOriginNs(phase);
        for (final SimSession session : current) {
            if (session == null || !session.seated || session.phase() != phase && !stuck) {
                continue;
            }
            session.mustEnd = stuck ? EndReason.DEVICE_STUCK : session.seat.ending;
            if (session.mustEnd != null) {
                session.due = SimSession.END;
            } else if (session.seat.nextTick > 0 || firstBeat(session.openedToNs, originNs) <= beat) {
                session.due = SimSession.TICK;
            } else if (firstBeat(session.openedFromNs, originNs) <= beat) {
                // a beat began while it was opened: the engine knows on which side
                session.due = SimSession.PERHAPS;
            }
        }
    }

    private static long firstBeat(final long openedNs, final long originNs) {
        return Math.ceilDiv(openedNs - originNs, EngineContext.PERIOD_NS);
    }

    /** When beat 0 of a slot begins. */
    long slotOriginNs(final int phase) {
        return engine.grid().originNs() + EngineContext.PERIOD_NS * phase / workload.phases;
    }

    /** The device was given up: everything ends, now or at its first seal. */
    void stuck() {
        stuck = true;
        for (final SimSession session : current) {
            if (session != null && session.seated) {
                session.mustEnd = EndReason.DEVICE_STUCK;
                session.due = SimSession.END;
            }
        }
    }

    boolean isStuck() {
        return stuck;
    }

    long deviceTimeoutNs() {
        return DEVICE_TIMEOUT_NS;
    }

    private void drained(final RingOracle.Entry entry) {
        if (entry.type() == RingOracle.DEAD) {
            return;
        }
        if (entry.session() == null) {
            counted[LoopCounters.STALE]++;
            return;
        }
        final SimSession session = entry.session();
        if (entry.media() != null) {
            session.inRing[entry.media().modality().code()]--;
        }
        if (entry.type() == IngressRecord.OPEN) {
            session.seated = true;
        } else if (!session.seated) {
            counted[LoopCounters.STALE]++;
        } else if (entry.type() == IngressRecord.MEDIA) {
            session.seat.onMedia(entry.media());
        } else {
            control(session.seat, entry.type(), entry.value());
        }
    }

    private void control(final SeatOracle seat, final int type, final long value) {
        if (type == IngressRecord.HOLD) {
            seat.held = value != 0;
        } else if (type == IngressRecord.MUTE) {
            seat.muted = value != 0;
        } else if (type == IngressRecord.CUT) {
            seat.heard(Long.MIN_VALUE);
        } else if (type == IngressRecord.HEARD) {
            final boolean unheard = seat.heard(value);
            tally.heardAll += unheard ? 0 : 1;
            tally.heardPart += unheard ? 1 : 0;
        } else if (type == IngressRecord.STOP) {
            seat.ending = EndReason.STOPPED;
        } else if (seat.ending == null) {
            seat.ending = EndReason.CLOSED;
        }
    }

    /** After a turn that sealed: nothing that was due is left. */
    private void checkDue() {
        for (final SimSession session : current) {
            if (session != null && session.due == SimSession.PERHAPS) {
                session.due = SimSession.NOTHING;
            }
            if (session != null && session.due != SimSession.NOTHING) {
                final boolean end = session.due == SimSession.END;
                checks.fail(
                        end ? Check.ENDS : Check.EVENTS,
                        session.index(),
                        end ? "the end " + session.mustEnd : "session tick " + session.seat.nextTick,
                        "nothing at this seal");
            }
        }
    }

    /** Between two beats: counters, memory, and who has which slot. */
    private void checkAccount() {
        tally.beats += watch.accounted() % workload.phases == 0 ? 1 : 0;
        for (int i = 0; i < counted.length; i++) {
            if (counted[i] != engine.counters().get(i)) {
                checks.equal(
                        i == LoopCounters.MISSED ? Check.REASONS : Check.COUNTERS,
                        Checks.ENGINE,
                        "counted " + LoopCounters.name(i),
                        counted[i],
                        engine.counters().get(i));
            }
        }
        checks.equal(Check.MEMORY, Checks.ENGINE, "live bytes as at launch", launchBytes, memory.liveBytes());
        for (final SimSession session : current) {
            if (session == null || session.ended) {
                continue;
            }
            for (final Modality modality : Modality.values()) {
                if (session.has(modality)) {
                    final int code = modality.code();
                    final int held = session.slots[code].held();
                    final int right = session.inRing[code] + session.seat.holds(modality);
                    if (held != right) {
                        checks.equal(Check.RETURNED, session.index(), modality + " slots with the engine", right, held);
                    }
                }
            }
        }
    }

    /** Whoever opens sessions, at the limit and beyond it, and lets the clock jump. */
    private void callers() {
        if (finishing) {
            return;
        }
        timeline.in(draws.between(workload.openEveryMs / 2, workload.openEveryMs * 2) * NS_PER_MS, this::callers);
        if (draws.perMille(workload.jumps)) {
            final int jumpMs = draws.between(50, workload.longestJumpMs);
            clock.advanceTo(clock.nowNs() + jumpMs * NS_PER_MS);
            log.add(EventHash.Kind.JUMPED, 0, jumpMs);
        }
        final boolean full = open() == current.length;
        if (ring.hasRoom(2) && (!full || draws.perMille(workload.overLimit))) {
            openOne(full);
        }
    }

    private int open() {
        int count = 0;
        for (final SimSession session : current) {
            count += session == null || session.over ? 0 : 1;
        }
        return count;
    }

    private SessionSpec drawnSpec() {
        final int bits = draws.between(0, 9);
        // most hear, some see, some read; one in ten hears nothing
        final int modalities = (bits == 0 ? 0 : Modality.AUDIO.bit())
                | (draws.below(2) == 0 ? Modality.VIDEO.bit() : 0)
                | (draws.below(2) == 0 ? Modality.TEXT.bit() : 0);
        final SessionSpec spec = new SessionSpec(modalities, draws.bits(), SamplingParameters.GREEDY);
        return draws.below(4) == 0 ? spec.withLogProbabilities() : spec;
    }

    private SimSession openOne(final boolean full) {
        final SessionSpec spec = drawnSpec();
        final long fromNs = clock.nowNs();
        final Session opened;
        try {
            opened = engine.open(spec);
        } catch (final AdmissionException ex) {
            checks.that(full, Check.RETURNED, Checks.ENGINE, "room for a session", ex.getMessage());
            refused();
            return null;
        } catch (final IllegalStateException ex) {
            checks.that(engine.failure() != null, Check.INTERNAL, Checks.ENGINE, "an engine that opens", ex.toString());
            refused();
            return null;
        }
        checks.that(!full, Check.QUEUES, opened.index(), "at most " + current.length + " sessions", "one more");
        final SimSession session = new SimSession(
                checks,
                log,
                opened,
                spec,
                sessions.size(),
                fromNs,
                clock.nowNs(),
                counted,
                ids.textInMax(),
                ids.textOutMax());
        checkPhase(session);
        final SimSession before = current[opened.index()];
        sessions.add(session);
        current[opened.index()] = session;
        ring.add(IngressRecord.OPEN, spec.modalities(), session, null);
        log.add(EventHash.Kind.OPENED, session.number, opened.index());
        tally.sessions++;
        if (!finishing) {
            live(session);
            if (before != null && draws.perMille(workload.ghosts)) {
                ring.haunt(before);
            }
        }
        return session;
    }

    /** A session takes a slot that no other has fewer sessions than. */
    private void checkPhase(final SimSession session) {
        final int[] sessionsOf = new int[workload.phases];
        for (final SimSession other : current) {
            if (other != null && !other.ended) {
                sessionsOf[other.phase()]++;
            }
        }
        for (int phase = 0; phase < sessionsOf.length; phase++) {
            if (sessionsOf[phase] < sessionsOf[session.phase()]) {
                checks.fail(
                        Check.QUEUES,
                        session.index(),
                        "the emptiest slot of the period, " + phase + " with " + sessionsOf[phase] + " sessions",
                        "slot " + session.phase() + " with " + sessionsOf[session.phase()]);
            }
        }
    }

    private void refused() {
        tally.refusals++;
        log.add(EventHash.Kind.REFUSED, 0, clock.nowNs());
    }

    private void live(final SimSession session) {
        final long originNs = slotOriginNs(session.phase());
        final long slot = watch.accounted();
        final long next = slot / workload.phases + (session.phase() < slot % workload.phases ? 1 : 0);
        final long first = Math.max(next, firstBeat(session.openedToNs, originNs));
        final long startNs = originNs + first * EngineContext.PERIOD_NS;
        final SimDraws own = new SimDraws(seed, STREAM_SESSION, session.number);
        new SimProducers(this, session, workload, new SimDraws(seed, STREAM_SESSION + 1, session.number), startNs)
                .start();
        new SimUser(this, session, own).start();
    }

    /** Replaces the engine, so much later: it failed, or hangs for ever. */
    private void relaunch(final int inMs) {
        if (relaunching) {
            return;
        }
        relaunching = true;
        timeline.in(inMs * NS_PER_MS, () -> {
            engine.close();
            checks.equal(Check.MEMORY, Checks.ENGINE, "live bytes after close", 0, memory.liveBytes());
            for (int i = 0; i < current.length; i++) {
                if (current[i] != null && !current[i].over) {
                    current[i].retired();
                }
                current[i] = null;
            }
            log.add(EventHash.Kind.CLOSED, epoch, clock.nowNs());
            launch();
        });
    }

    /** Ends all sessions, then opens as many as there may be and fills their pools: pages and slots are all back. */
    private void finish() {
        finishing = true;
        pace.calm();
        endAll();
        // each dead producer in the ring takes two beats to get rid of
        while (!ring.isEmpty()) {
            awaitBeats(1);
        }
        for (int i = 0; i < current.length; i++) {
            final SimSession session = openOne(false);
            checks.that(
                    session != null, Check.RETURNED, Checks.ENGINE, "room for session " + i, "an engine that failed");
            fill(session);
            awaitBeats(workload.phases == 1 ? 2 : 3);
        }
        checks.equal(Check.RETURNED, Checks.ENGINE, "sessions that can be open", current.length, open());
        endAll();
    }

    private void endAll() {
        final long untilNs = clock.nowNs() + LONGEST_END_NS;
        while (open() > 0 || relaunching) {
            for (final SimSession session : current) {
                if (session != null && !session.over) {
                    if (!session.ended && session.seat.ending == null && ring.hasRoom(2)) {
                        control(session, IngressRecord.CLOSE, 0, session.engineSession::close);
                    }
                    session.poll();
                }
            }
            timeline.next();
            if (clock.nowNs() > untilNs) {
                checks.fail(Check.ENDS, Checks.ENGINE, "all sessions ended within a minute", open() + " open");
            }
        }
    }

    private void awaitBeats(final int beats) {
        final long until = engine.completedBeats() + beats;
        final int ofEpoch = epoch;
        while (engine.completedBeats() < until && ofEpoch == epoch) {
            timeline.next();
        }
    }

    /** Commits into every slot of every pool of a session that just opened. */
    private void fill(final SimSession session) {
        final SimDraws own = new SimDraws(seed, STREAM_SESSION + 2, session.number);
        final SimProducers producers = new SimProducers(this, session, new Workload(), own, clock.nowNs());
        producers.fill(SimSession.AUDIO_SLOTS, SimSession.VIDEO_SLOTS, SimSession.TEXT_SLOTS);
        for (final Modality modality : Modality.values()) {
            if (session.has(modality)) {
                final int slots = SimSession.slots(modality);
                checks.equal(
                        Check.RETURNED,
                        session.index(),
                        modality + " slots",
                        slots,
                        session.slots[modality.code()].held());
            }
        }
    }

    /** A control that a caller gives; what goes into the ring of it is told to the checkers. */
    void control(final SimSession session, final int type, final long value, final Runnable action) {
        final long before = ring.position();
        try {
            action.run();
        } catch (final IllegalStateException ex) {
            checks.threw(session.index(), "a control that is taken", ex);
        }
        if (ring.position() != before) {
            ring.add(type, value, session, null);
            log.add(EventHash.Kind.CONTROL, session.number, value << Byte.SIZE | type);
        }
    }

    /** A producer's commit was accepted. */
    void media(final SimSession session, final SeatOracle.Media media) {
        session.inRing[media.modality().code()]++;
        ring.add(IngressRecord.MEDIA, 0, session, media);
        log.add(EventHash.Kind.MEDIA, session.number, (long) media.slot() << 32 | media.number());
    }

    /** A producer's commit was refused: right only when the ring is full. */
    void refused(final SimSession session, final long before) {
        checks.that(
                !ring.hasRoom(1) && ring.position() == before,
                Check.QUEUES,
                session.index(),
                "a commit to be taken by a ring with room",
                "it refused");
        tally.refusedMedia++;
    }

    /** The session at an index. */
    SimSession session(final int index) {
        if (index < 0 || index >= current.length || current[index] == null) {
            checks.fail(Check.INTERNAL, Checks.ENGINE, "a call for a session that is open", "one for index " + index);
        }
        return current[index];
    }

    /** A session tick was put out with that reason; its event may have been lost. */
    void told(final int reason, final boolean lost) {
        tally.reasons[reason]++;
        tally.sessionTicks++;
        tally.lostEvents += lost ? 1 : 0;
    }

    void end(final EndReason reason) {
        tally.ends[reason.code()]++;
    }

    /** What escaped from a call that the run made of the engine. */
    Violation thrown(final Throwable escaped) {
        final StackTraceElement[] stack = escaped.getStackTrace();
        final String at = stack.length == 0 ? "" : " at " + stack[0];
        return checks.violation(Check.INTERNAL, Checks.ENGINE, "a call that returns", escaped + at);
    }

    Workload workload() {
        return workload;
    }

    Checks checks() {
        return checks;
    }

    Plant plant() {
        return plant;
    }

    DrawnPace pace() {
        return pace;
    }

    RingOracle ring() {
        return ring;
    }

    SimTimeline timeline() {
        return timeline;
    }

    VirtualClock clock() {
        return clock;
    }

    EventHash log() {
        return log;
    }

    Tally tally() {
        return tally;
    }

    List<SimSession> sessions() {
        return sessions;
    }

    /** What happened, in numbers. */
    static final class Tally {
        final long[] reasons = new long[SilenceReason.values().length];
        final long[] ends = new long[EndReason.values().length];
        final List<long[]> counted = new ArrayList<>();
        long beats;
        long sessionTicks;
        int sessions;
        int refusals;
        int refusedMedia;
        long lostEvents;
        long heardAll;
        long heardPart;

        /** Another engine, whose counters begin at 0. */
        long[] launched() {
            counted.add(new long[LoopCounters.count()]);
            return counted.get(counted.size() - 1);
        }

        /** What the loops of all engines counted. */
        long[] counters() {
            final long[] sums = new long[LoopCounters.count()];
            for (final long[] one : counted) {
                Arrays.setAll(sums, i -> sums[i] + one[i]);
            }
            return sums;
        }
    }
}
