package dev.tactus.bench.stress;

import dev.tactus.engine.Session;
import dev.tactus.engine.SessionHandler;
import dev.tactus.engine.TickEvent;
import dev.tactus.engine.ledger.Ledger;
import dev.tactus.engine.ledger.LedgerRow;
import dev.tactus.scheduler.EndReason;
import java.lang.foreign.MemorySegment;
import org.agrona.DirectBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** A caller commits audio, steps the engine, and once the beat is done polls its record and reads its ledger row. */
@JCStressTest
@State
@Description("Engine.step() and completedBeats(): after a beat its egress record and ledger row are there, whole.")
@Outcome(id = "not yet", expect = Expect.ACCEPTABLE, desc = "The caller gave up before the beat was done.")
@Outcome(id = "whole", expect = Expect.ACCEPTABLE, desc = "The audio was heard; record and row were there and agreed.")
@Outcome(id = "gap", expect = Expect.FORBIDDEN, desc = "The beat was sealed without audio committed before its step.")
@Outcome(id = "torn", expect = Expect.FORBIDDEN, desc = "The device read the audio before it was whole.")
@Outcome(id = "no record", expect = Expect.FORBIDDEN, desc = "The beat was done and its record could not be polled.")
@Outcome(id = "other record", expect = Expect.FORBIDDEN, desc = "The record was not that of the tick.")
@Outcome(id = "other row", expect = Expect.FORBIDDEN, desc = "The ledger row was not the one that the record carries.")
public class EngineBeatStress extends EngineRound {
    private static final int WAIT = 12_800;
    private static final int TOKEN = 7;
    private static final long MARK = 0x5EA1;

    private final Session session = engine.open(TOKEN);
    private final Listener listener = new Listener();

    /** Looks at a record while it may. */
    private final class Listener implements SessionHandler {
        private String told = "no record";

        @Override
        public void onTick(final TickEvent event) {
            final boolean own = event.tick() == 0 && event.tokens() == 1 && event.tokenId(0) == TOKEN;
            told = !own ? "other record" : agrees(event) ? "whole" : "other row";
        }

        private boolean agrees(final TickEvent event) {
            final DirectBuffer rows = engine.engine().ledger().rows(session.index());
            final int row = Ledger.offset(event.tick());
            boolean same = LedgerRow.generation(rows, row) == session.generation();
            for (int i = 0; i < LedgerRow.LENGTH; i += Long.BYTES) {
                same &= rows.getLong(row + i) == event.row().getLong(event.rowOffset() + i);
            }
            return same;
        }

        @Override
        public void onEnd(final EndReason reason, final long ticks) {
            told = "other record";
        }
    }

    /** Commits, steps, waits, looks. */
    @Actor
    public void caller(final L_Result result) {
        final MemorySegment slot = session.audio().claim();
        write(slot, MARK);
        session.audio().commit(System.nanoTime());
        final long beat = engine.engine().step();
        for (int i = 0; i < WAIT && engine.engine().completedBeats() <= beat; i++) {
            Pause.once(i);
        }
        result.r1 = engine.engine().completedBeats() > beat ? look() : "not yet";
    }

    private String look() {
        if (engine.heard() != MARK) {
            return engine.heard() == 0 ? "gap" : "torn";
        }
        session.poll(listener);
        return listener.told;
    }

    /** Turns of the loop until the beat is done. */
    @Actor
    public void tick() {
        final long done = engine.engine().completedBeats();
        for (int i = 0; i < WAIT && engine.engine().completedBeats() == done; i++) {
            if (engine.engine().invoker().doWork() == 0) {
                Pause.once(i);
            }
        }
    }

    /** Gives the engine back. */
    @Arbiter
    public void finish(final L_Result result) {
        // a beat that was stepped and never driven
        while (engine.engine().invoker().doWork() > 0) {
            Thread.onSpinWait();
        }
        finish(session);
    }
}
