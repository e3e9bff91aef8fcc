package dev.tactus.bench.stress;

import dev.tactus.engine.Session;
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
 * A producer goes on claiming and writing through its handle while another thread closes the session, opens a new one
 * on its index and has that one hear something.
 */
@JCStressTest
@State
@Description("A producer that has not noticed the end of its session, against a new session on its index.")
@Outcome(id = ".*, own", expect = Expect.ACCEPTABLE, desc = "The new session heard its own audio.")
@Outcome(
        id = ".*, strange",
        expect = Expect.ACCEPTABLE_INTERESTING,
        desc = "The old producer was inside its write when the index changed hands: nothing takes the slot from it,"
                + " so whoever polls a session to its end has to know that its producers have stopped.")
@Outcome(id = ".*, gap", expect = Expect.FORBIDDEN, desc = "The new session's audio did not reach it.")
public class EngineStaleProducerStress extends EngineRound {
    private static final int CLAIMS = 300;
    private static final int OLD = 7;
    private static final int NEW = 8;
    private static final long OLD_MARK = 0x01D;
    private static final long NEW_MARK = 0x2E3;

    private final Session old = engine.open(OLD);
    private Session fresh;

    /** A live session. */
    public EngineStaleProducerStress() {
        engine.beat();
    }

    /** Claims, writes and commits through the old handle until it is told that the session has ended. */
    @Actor
    public void stale(final LL_Result result) {
        int written = 0;
        for (int i = 0; i < CLAIMS; i++) {
            final MemorySegment slot = old.audio().claim();
            if (slot != null) {
                write(slot, OLD_MARK);
                written++;
                if ((i & 1) == 0) {
                    sending(true);
                    old.audio().commit(System.nanoTime());
                    sending(false);
                }
            }
        }
        result.r1 = written == 0 ? "none" : written < CLAIMS ? "some" : "all";
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
        result.r2 = heard == NEW_MARK ? "own" : heard == 0 ? "gap" : "strange";
    }

    /** Gives the engine back. */
    @Arbiter
    public void finish(final LL_Result result) {
        finish(fresh);
    }
}
