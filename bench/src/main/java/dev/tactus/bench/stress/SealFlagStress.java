package dev.tactus.bench.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/**
 * A caller commits media, releases a beat and waits until it is completed. What the device read and the account wrote
 * lies in plain fields: the two flags alone publish it.
 */
@JCStressTest
@State
@Description("release() and completed(): a beat has what was committed before it, and its account is visible after it.")
@Outcome(id = "not yet", expect = Expect.ACCEPTABLE, desc = "The caller gave up before the beat was completed.")
@Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "The beat had the media, and what it did was visible.")
@Outcome(
        id = "gap",
        expect = Expect.FORBIDDEN,
        desc = "The beat was sealed without media committed before its release, or its reading was not visible.")
@Outcome(id = "torn", expect = Expect.FORBIDDEN, desc = "The beat read the media before it was whole.")
@Outcome(id = "blank", expect = Expect.FORBIDDEN, desc = "The beat was completed and its account was not visible.")
public class SealFlagStress {
    private static final int WAIT = 1_280;

    private final SlotReader reader = new SlotReader(1);
    private final StressLoop loop = new StressLoop(1, 1, reader);

    /** Commits, releases, waits, looks. */
    @Actor
    public void caller(final L_Result result) {
        final int slot = loop.claim(0);
        reader.write(loop.wordOf(0, slot), 1);
        loop.commit(0, slot, 0);
        final long beat = loop.loop().release();
        result.r1 = await(beat) ? told(beat) : "not yet";
    }

    /** Waits for a beat; false when it gave up. */
    boolean await(final long beat) {
        for (int i = 0; i < WAIT; i++) {
            if (loop.loop().completed() > beat) {
                return true;
            }
            Pause.once(i);
        }
        return false;
    }

    private String told(final long beat) {
        if (reader.accounted() != beat + 1) {
            return "blank";
        }
        final String read = reader.told(0);
        return read.equals("-") ? "gap" : read;
    }

    /** Turns of the loop, until the beat was there and is done. */
    @Actor
    public void tick() {
        for (int i = 0; i < WAIT && loop.loop().completed() == 0; i++) {
            if (loop.loop().doWork() == 0) {
                Pause.once(i);
            }
        }
    }

    /** Frees the loop. */
    @Arbiter
    public void free(final L_Result result) {
        loop.free();
    }
}
