package dev.tactus.bench.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** A producer fills the ingress ring past its end while the tick drains it. */
@JCStressTest
@State
@Description("A producer on the ingress ring while seals drain it: records whole, once, in order.")
@Outcome(id = "whole", expect = Expect.ACCEPTABLE, desc = "Every record came once, whole, in its producer's order.")
@Outcome(id = "torn", expect = Expect.FORBIDDEN, desc = "A record had the fields of another one, or of none.")
@Outcome(
        id = "out of order",
        expect = Expect.FORBIDDEN,
        desc = "A seal saw a record without one that the same producer had committed before it.")
@Outcome(id = "twice", expect = Expect.FORBIDDEN, desc = "A record was drained twice.")
@Outcome(id = "lost", expect = Expect.FORBIDDEN, desc = "A committed record was never drained.")
@Outcome(id = "slot lost", expect = Expect.FORBIDDEN, desc = "A slot did not come back after its tick.")
public class RingDrainStress {
    private static final int RECORDS = 12;
    private static final int STRANGERS = 59;

    private final RecordCheck check = new RecordCheck(1);
    private final StressLoop loop;

    /** One session. */
    public RingDrainStress() {
        this((sessions, slots, device) -> new StressLoop(sessions, slots, device, STRANGERS));
    }

    RingDrainStress(final StressLoop.Kind kind) {
        loop = kind.of(1, RECORDS, check);
    }

    /** Offers the session's records. */
    @Actor
    public void producer() {
        for (int i = 0; i < RECORDS; i++) {
            loop.commit(0, loop.claim(0), i);
        }
    }

    /** Beats while it offers. */
    @Actor
    public void tick() {
        loop.beat();
        loop.beat();
    }

    /** Drains what is left. */
    @Arbiter
    public void drain(final L_Result result) {
        loop.beat();
        result.r1 = check.verdict(loop, RECORDS, STRANGERS);
        loop.free();
    }
}
