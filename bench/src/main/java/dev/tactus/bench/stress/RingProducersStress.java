package dev.tactus.bench.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** Two producers fill the ingress ring past its end; it is drained when both are through. */
@JCStressTest
@State
@Description("Two producers on the ingress ring: records whole, once, in each producer's order.")
@Outcome(id = "whole", expect = Expect.ACCEPTABLE, desc = "Every record came once, whole, in its producer's order.")
@Outcome(id = "torn", expect = Expect.FORBIDDEN, desc = "A record had the fields of another one, or of none.")
@Outcome(
        id = "out of order",
        expect = Expect.FORBIDDEN,
        desc = "A seal saw a record without one that the same producer had committed before it.")
@Outcome(id = "twice", expect = Expect.FORBIDDEN, desc = "A record was drained twice.")
@Outcome(id = "lost", expect = Expect.FORBIDDEN, desc = "A committed record was never drained.")
@Outcome(id = "slot lost", expect = Expect.FORBIDDEN, desc = "A slot did not come back after its tick.")
public class RingProducersStress {
    private static final int RECORDS = 8;

    /** The ring holds 102 records: these, two OPENs, and what is offered go past its end. */
    private static final int STRANGERS = 56;

    private final RecordCheck check = new RecordCheck(2);
    private final StressLoop loop;

    /** Two sessions. */
    public RingProducersStress() {
        this((sessions, slots, device) -> new StressLoop(sessions, slots, device, STRANGERS));
    }

    RingProducersStress(final StressLoop.Kind kind) {
        loop = kind.of(2, RECORDS, check);
    }

    /** Offers the records of session 0. */
    @Actor
    public void first() {
        offer(0);
    }

    /** Offers the records of session 1. */
    @Actor
    public void second() {
        offer(1);
    }

    private void offer(final int session) {
        for (int i = 0; i < RECORDS; i++) {
            loop.commit(session, loop.claim(session), i);
        }
    }

    /** Drains. */
    @Arbiter
    public void drain(final L_Result result) {
        loop.beat();
        loop.beat();
        result.r1 = check.verdict(loop, RECORDS, STRANGERS);
        loop.free();
    }
}
