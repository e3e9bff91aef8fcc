package dev.tactus.bench.stress;

import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.TickRecord;
import java.lang.foreign.MemorySegment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/**
 * A session is being closed, polled and its index opened again by one thread, while another one goes on using every end
 * of the old handle: it commits the audio that it has written before, holds, mutes, stops and closes.
 */
@JCStressTest
@State
@Description("An old handle against a new session on its index: what it sends is dropped by its generation.")
@Outcome(id = ".*, own", expect = Expect.ACCEPTABLE, desc = "The new session heard its own audio and was left alone.")
@Outcome(id = ".*, strange", expect = Expect.FORBIDDEN, desc = "The new session heard audio that the old handle sent.")
@Outcome(id = ".*, gap", expect = Expect.FORBIDDEN, desc = "The old handle took the place of the new session's audio.")
@Outcome(id = ".*, ended", expect = Expect.FORBIDDEN, desc = "A control of the old handle ended the new session.")
@Outcome(
        id = ".*, held",
        expect = Expect.FORBIDDEN,
        desc = "A control of the old handle held or muted the new session.")
public class EngineStaleHandleStress extends EngineRound {
    private static final int HUSHED = TickRecord.HELD | TickRecord.MUTED;
    private static final int OLD = 7;
    private static final int NEW = 8;
    private static final long OLD_MARK = 0x01D;
    private static final long NEW_MARK = 0x2E3;

    private final Session old = engine.open(OLD);
    private Session fresh;

    /** A live session whose producer has written a slot that it has not committed. */
    public EngineStaleHandleStress() {
        engine.beat();
        write(old.audio().claim(), OLD_MARK);
    }

    private static final class Listener implements SessionHandler {
        private boolean ended;
        private boolean hushed;

        @Override
        public void onTick(final TickEvent event) {
            hushed |= (LedgerRow.flags(event.row(), event.rowOffset()) & HUSHED) != 0;
        }

        @Override
        public void onEnd(final EndReason reason, final long ticks) {
            ended = true;
        }
    }

    /** The old handle. */
    Session old() {
        return old;
    }

    /** Uses the old handle. */
    @Actor
    public void stale(final LL_Result result) {
        sending(true);
        result.r1 = use() ? "sent" : "refused";
        sending(false);
    }

    /** Sends all that the old handle can; whether its audio was taken. */
    boolean use() {
        final boolean committed = old.audio().commit(System.nanoTime());
        old.hold(true);
        old.mute(true);
        old.stop();
        old.close();
        return committed;
    }

    /** Closes the old session, opens a new one, and has it hear something. */
    @Actor
    public void opener(final LL_Result result) {
        engine.end(old);
        fresh = engine.open(NEW);
        final MemorySegment slot = fresh.audio().claim();
        write(slot, NEW_MARK);
        fresh.audio().commit(System.nanoTime());
        awaitSent();
        engine.beat();
        final long heard = engine.heard();
        final Listener listener = new Listener();
        engine.beat();
        engine.beat();
        fresh.poll(listener);
        result.r2 = listener.ended
                ? "ended"
                : heard == NEW_MARK ? listener.hushed ? "held" : "own" : heard == 0 ? "gap" : "strange";
    }

    /** Gives the engine back. */
    @Arbiter
    public void finish(final LL_Result result) {
        finish(fresh);
    }
}
