package dev.tactus.bench.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/**
 * A producer died between claim and commit. While another one offers its records behind the dead claim, the tick gives
 * the claim up, one patience after it first saw it.
 */
@JCStressTest
@State
@Description("A dead claim is unblocked while a neighbour offers: the neighbour's records come whole, once, in order.")
@Outcome(id = "1, whole", expect = Expect.ACCEPTABLE, desc = "Every record came once, whole, in its producer's order.")
@Outcome(id = "1, torn", expect = Expect.FORBIDDEN, desc = "A record had the fields of another one, or of none.")
@Outcome(
        id = "1, out of order",
        expect = Expect.FORBIDDEN,
        desc = "A seal saw a record without one that the same producer had committed before it.")
@Outcome(id = "1, twice", expect = Expect.FORBIDDEN, desc = "A record was drained twice.")
@Outcome(id = "1, lost", expect = Expect.FORBIDDEN, desc = "A committed record was never drained.")
@Outcome(id = "1, slot lost", expect = Expect.FORBIDDEN, desc = "A slot did not come back after its tick.")
@Outcome(id = "[^1].*", expect = Expect.FORBIDDEN, desc = "The dead claim was not given up, or a live one was.")
public class DeadClaimStress {
    private static final int RECORDS = 12;

    private final RecordCheck check = new RecordCheck(1);
    private final StressLoop loop;

    /** One session, and a claim behind its OPEN that nobody will commit. */
    public DeadClaimStress() {
        this(StressLoop::new);
    }

    DeadClaimStress(final StressLoop.Kind kind) {
        loop = kind.of(1, RECORDS, check);
        loop.die();
    }

    /** Offers its records. */
    @Actor
    public void neighbour() {
        for (int i = 0; i < RECORDS; i++) {
            loop.commit(0, loop.claim(0), i);
        }
    }

    /** Beats: the first one sees the claim, the second one gives it up. */
    @Actor
    public void tick() {
        loop.beat();
        loop.passTime();
        loop.beat();
    }

    /** Drains what is left. */
    @Arbiter
    public void drain(final LL_Result result) {
        loop.beat();
        result.r1 = loop.unblocked();
        result.r2 = check.verdict(loop, RECORDS, 0);
        loop.free();
    }
}
