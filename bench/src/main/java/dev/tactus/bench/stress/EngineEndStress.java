package dev.tactus.bench.stress;

import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.TickEvent;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.LoopCounters;
import java.util.function.Supplier;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/** A consumer polls and stops its session while beats run: the end comes after the last tick, once, with its reason. */
@JCStressTest
@State
@Description("Session.stop() against the tick: all ticks are told before the end, which comes once and says why.")
@Outcome(id = "STOPPED, all", expect = Expect.ACCEPTABLE, desc = "All ticks were told, then the end.")
@Outcome(
        id = "not yet, all",
        expect = Expect.ACCEPTABLE,
        desc = "The beats were over before the stop was sealed; no tick was lost.")
@Outcome(id = "null, .*", expect = Expect.FORBIDDEN, desc = "The end was seen before its reason.")
@Outcome(id = ".*, early", expect = Expect.FORBIDDEN, desc = "The end was told before a tick that came before it.")
@Outcome(id = ".*, order", expect = Expect.FORBIDDEN, desc = "Ticks were told out of order, or one of them not at all.")
@Outcome(id = ".*, more", expect = Expect.FORBIDDEN, desc = "Something was told after the end.")
public class EngineEndStress extends EngineRound {
    private static final int WAIT = 2_000;
    /** Fewer than the egress ring holds. */
    private static final int BEATS = 48;

    private static final int BEATS_PER_YIELD = 8;
    private static final int TOKEN = 7;

    private final long ticksBefore = ticksOfEngine();
    private final Session session = engine.open(TOKEN);
    private final Listener listener = new Listener();

    /** A round on an engine that nobody uses. */
    public EngineEndStress() {}

    EngineEndStress(final Supplier<StressEngine> engines) {
        super(engines);
    }

    private long ticksOfEngine() {
        return engine.engine().counters().get(LoopCounters.TICKS);
    }

    private static final class Listener implements SessionHandler {
        private long ticks;
        private int ends;
        private String reason = "not yet";
        private String told = "all";

        @Override
        public void onTick(final TickEvent event) {
            if (ends > 0) {
                told = "more";
            } else if (event.tick() != ticks) {
                told = "order";
            }
            ticks++;
        }

        @Override
        public void onEnd(final EndReason why, final long lived) {
            ends++;
            reason = String.valueOf(why);
            if (ends > 1) {
                told = "more";
            } else if (lived != ticks) {
                told = "early";
            }
        }
    }

    /** Polls a tick or two, stops, polls to the end. */
    @Actor
    public void consumer(final LL_Result result) {
        session.poll(listener);
        session.stop();
        for (int i = 0; i < WAIT && !session.isEnded(); i++) {
            session.poll(listener);
            Pause.once(i);
        }
        session.poll(listener);
        result.r1 = listener.reason;
    }

    /** Beats. */
    @Actor
    public void tick() {
        for (int i = 0; i < BEATS; i++) {
            engine.beat();
            Pause.once(i, BEATS_PER_YIELD);
        }
    }

    /** Gives the engine back. */
    @Arbiter
    public void finish(final LL_Result result) {
        session.poll(listener);
        result.r2 = ticksOfEngine() - ticksBefore == listener.ticks ? listener.told : "early";
        finish(session);
    }
}
