package dev.tactus.bench.stress;

import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.TickEvent;
import dev.tactus.scheduler.EndReason;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/**
 * A session has ended. Its consumer polls it to its end, and goes on polling, while another one is opened on its index,
 * ticks and is polled.
 */
@JCStressTest
@State
@Description("An index between two sessions: neither consumer is told anything of the other one's.")
@Outcome(id = "own, refused", expect = Expect.ACCEPTABLE, desc = "The index was not free before the opener gave up.")
@Outcome(id = "own, own", expect = Expect.ACCEPTABLE, desc = "Both consumers were told their own ticks, all of them.")
@Outcome(id = "strange, .*", expect = Expect.FORBIDDEN, desc = "The old handle was told a tick of the new session.")
@Outcome(id = ".*, strange", expect = Expect.FORBIDDEN, desc = "The new handle was told a tick of the old session.")
@Outcome(id = "lost, .*", expect = Expect.FORBIDDEN, desc = "The index was given away before its ticks were polled.")
@Outcome(id = ".*, lost", expect = Expect.FORBIDDEN, desc = "A tick of the new session was taken by the old handle.")
public class EngineReuseStress extends EngineRound {
    private static final int WAIT = 500;
    private static final int BEATS = 2;
    private static final int OLD = 7;
    private static final int NEW = 8;

    private final Session old = engine.open(OLD);
    private Session fresh;

    /** A session that has ended, two ticks of which nobody has polled. */
    public EngineReuseStress() {
        for (int i = 0; i < BEATS; i++) {
            engine.beat();
        }
        old.close();
        engine.beat();
    }

    private static final class Listener implements SessionHandler {
        private final int token;
        private int ticks;
        private boolean strange;

        Listener(final int token) {
            this.token = token;
        }

        @Override
        public void onTick(final TickEvent event) {
            strange |= event.tick() != ticks || event.tokens() != 1 || event.tokenId(0) != token;
            ticks++;
        }

        @Override
        public void onEnd(final EndReason reason, final long lived) {
            strange |= reason != EndReason.CLOSED;
        }

        String told() {
            return strange ? "strange" : ticks == BEATS ? "own" : ticks < BEATS ? "lost" : "strange";
        }
    }

    /** Polls the old session to its end and beyond. */
    @Actor
    public void consumer(final LL_Result result) {
        final Listener listener = new Listener(OLD);
        while (!old.isEnded()) {
            old.poll(listener);
        }
        for (int i = 0; i < WAIT; i++) {
            old.poll(listener);
        }
        result.r1 = listener.told();
    }

    /** Opens, ticks, polls. */
    @Actor
    public void opener(final LL_Result result) {
        for (int i = 0; i < WAIT && fresh == null; i++) {
            fresh = engine.open(NEW);
            Pause.once(i);
        }
        if (fresh == null) {
            result.r2 = "refused";
            return;
        }
        final Listener listener = new Listener(NEW);
        for (int i = 0; i < BEATS; i++) {
            engine.beat();
            fresh.poll(listener);
        }
        result.r2 = listener.told();
    }

    /** Gives the engine back. */
    @Arbiter
    public void finish(final LL_Result result) {
        finish(fresh == null ? old : fresh);
    }
}
