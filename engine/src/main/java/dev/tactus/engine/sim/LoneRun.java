package dev.tactus.engine.sim;

import dev.tactus.engine.Engine;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.EnginePorts;
import dev.tactus.engine.KernelChoice;
import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.ThreadingMode;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.device.Backend;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.memory.MemoryLedger;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.LadderStep;
import dev.tactus.scheduler.Pacing;
import dev.tactus.scheduler.TickRecord;
import java.lang.foreign.MemorySegment;

/**
 * An engine for one session at a time, on which a run's sessions are lived again, tick by tick, from what their seals
 * decided: same inputs, same gaps, same skipped ticks, no neighbours, a device that takes no time. Their outputs must
 * have the same bits.
 */
final class LoneRun implements AutoCloseable {
    private static final int STREAM_CLOCK = 8;

    private final Checks checks;
    private final VirtualClock clock;
    private final Engine engine;

    LoneRun(final SimModel model, final Scenario scenario, final long seed, final Plant plant) {
        this.checks = new Checks(seed, scenario);
        this.clock = new VirtualClock(new SimDraws(seed, STREAM_CLOCK, 0), 1, 0, 1);
        final int notFinite = scenario.workload(seed).notFinite;
        this.engine = Engine.launch(new EngineContext()
                .phases(1)
                .model(model.loaded())
                .threadingMode(ThreadingMode.INVOKER)
                .pacing(Pacing.REALTIME)
                .kernels(KernelChoice.REFERENCE)
                .warmUpNs(0)
                .clock(clock)
                .ledger(new MemoryLedger())
                .ports(new EnginePorts() {
                    @Override
                    public Backend device(final EngineContext context, final OutputMachine machine) {
                        return new SimDevice(context, machine, new NoTime(), notFinite, plant, checks);
                    }
                }));
        engine.invoker().doWork();
    }

    /** Lives a session again, up to the tick that the device failed in. */
    void check(final SimSession session) {
        // the middle of a beat, so that the first tick is the next one
        final long beat = engine.completedBeats();
        clock.advanceTo(engine.grid().endNs(beat) - EngineContext.PERIOD_NS / 2);
        final Alone alone = new Alone(session, engine.open(session.spec), beat + 1);
        for (final LoneTick tick : session.ticks) {
            if (!tick.complete) {
                break;
            }
            alone.live(tick);
        }
        alone.end();
    }

    private void runTo(final long beats) {
        while (engine.completedBeats() < beats) {
            engine.invoker().doWork();
        }
    }

    @Override
    public void close() {
        engine.close();
    }

    /** One session alone. */
    private final class Alone implements SessionHandler {
        private final SimSession original;
        private final Session session;
        private final long firstBeat;
        private LoneTick current;
        private boolean held;
        private boolean muted;
        private boolean over;

        Alone(final SimSession original, final Session session, final long firstBeat) {
            this.original = original;
            this.session = session;
            this.firstBeat = firstBeat;
        }

        void live(final LoneTick tick) {
            final long beat = firstBeat + tick.tick;
            checks.beat(tick.tick);
            if (over) {
                checks.fail(Check.ALONE, original.number, "session tick " + tick.tick, "the end when it is alone");
            }
            clock.advanceTo(engine.grid().sealNs(beat));
            while (engine.completedBeats() < beat) {
                engine.ladder(0).dictate(LadderStep.SKIP_TICK);
                runTo(engine.completedBeats() + 1);
            }
            session.poll(this);
            feed(tick, engine.grid().endNs(beat) - 1);
            engine.ladder(0).dictate(tick.step);
            current = tick;
            runTo(beat + 1);
            session.poll(this);
            if (current != null) {
                checks.fail(
                        Check.ALONE, original.number, "an event of session tick " + tick.tick, "none when it is alone");
            }
        }

        private void feed(final LoneTick tick, final long capturedNs) {
            final boolean holds = (tick.flags & TickRecord.HELD) != 0;
            final boolean mutes = (tick.flags & TickRecord.MUTED) != 0;
            if (holds != held) {
                session.hold(holds);
            }
            if (mutes != muted) {
                session.mute(mutes);
            }
            held = holds;
            muted = mutes;
            if ((tick.flags & TickRecord.CUT) != 0) {
                session.interrupted();
            }
            for (int i = 0; i < tick.audio.length; i++) {
                if (tick.audio[i] != 0) {
                    write(session.audio().claim(), tick.audio[i]);
                    session.audio().commitAs((int) tick.tick * TickRecord.AUDIO_POSITIONS + i, capturedNs);
                }
            }
            if (tick.video != 0) {
                write(session.video().claim(), tick.video);
                session.video().commit(capturedNs);
            }
            if (tick.text.length > 0) {
                session.text().offer(tick.text, capturedNs);
            }
        }

        private void write(final MemorySegment slot, final long stamp) {
            checks.that(slot != null, Check.RETURNED, original.number, "a free slot when it is alone", "none");
            SimProducers.writeStamp(slot, stamp);
        }

        void end() {
            session.close();
            while (!over) {
                clock.advanceTo(engine.grid().sealNs(engine.completedBeats()));
                runTo(engine.completedBeats() + 1);
                session.poll(this);
            }
        }

        @Override
        public void onTick(final TickEvent event) {
            if (current == null || event.tick() != current.tick) {
                // a skipped tick
                return;
            }
            final long output = OutputHash.of(event, original.spec.logProbabilities());
            if (output != current.output) {
                checks.fail(
                        Check.ALONE,
                        original.number,
                        "output of session tick " + current.tick + " as when it is alone, hash "
                                + Long.toHexString(output),
                        Long.toHexString(current.output));
            }
            current = null;
        }

        @Override
        public void onEnd(final EndReason reason, final long ticks) {
            over = true;
        }
    }

    /** A device that takes no time. */
    private static final class NoTime implements SimDevice.Pace {
        @Override
        public long delayNs() {
            return 0;
        }

        @Override
        public long preprocessNs() {
            return 0;
        }

        @Override
        public long fuseNs() {
            return 0;
        }

        @Override
        public long passNs() {
            return 0;
        }

        @Override
        public boolean fails() {
            return false;
        }
    }
}
