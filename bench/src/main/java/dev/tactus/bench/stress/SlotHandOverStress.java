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
 * One media slot goes from its producer to the tick and back, and a second time. The producer writes 1 for tick 0, and
 * 2 for tick 1 as soon as it can claim the slot again.
 */
@JCStressTest
@State
@Description("A media slot between its producer and the tick: seen whole, and given back only after it was read.")
@Outcome(
        id = "held, -/-",
        expect = Expect.ACCEPTABLE,
        desc = "Both beats were sealed before the record came, or the producer gave up before the late one came back.")
@Outcome(
        id = "held, 1/-",
        expect = Expect.ACCEPTABLE,
        desc = "Tick 0 read the slot; the producer gave up before tick 0 was complete.")
@Outcome(
        id = "again, 1/-",
        expect = Expect.ACCEPTABLE,
        desc = "Tick 0 read the slot and gave it back; the second record came after the seal of tick 1.")
@Outcome(id = "again, 1/2", expect = Expect.ACCEPTABLE, desc = "Tick 0 read the first writing, tick 1 the second one.")
@Outcome(
        id = "again, -/-",
        expect = Expect.ACCEPTABLE,
        desc = "The first record was late, its slot came back unread; the second one came after the seal of tick 1.")
@Outcome(
        id = "again, -/2",
        expect = Expect.ACCEPTABLE,
        desc = "The first record was late and its slot came back unread in time for tick 1.")
@Outcome(
        id = ".*torn.*",
        expect = Expect.FORBIDDEN,
        desc = "The tick read words that were not written before the commit, or were written again before it was done.")
@Outcome(
        id = ".*, (2/.*|./1)",
        expect = Expect.FORBIDDEN,
        desc = "The tick read the writing of another tick: the slot was handed over while it was in use.")
public class SlotHandOverStress {
    private static final int WAIT = 640;
    private static final int FIRST = 1;
    private static final int SECOND = 2;

    private final SlotReader reader = new SlotReader(2);
    private final StressLoop loop;

    /** A session with one slot. */
    public SlotHandOverStress() {
        this(StressLoop::new);
    }

    SlotHandOverStress(final StressLoop.Kind kind) {
        loop = kind.of(1, 1, reader);
    }

    /** Writes, commits, claims the slot again, writes, commits. */
    @Actor
    public void producer(final LL_Result result) {
        fill(loop.claim(0), FIRST);
        int slot = loop.claim(0);
        for (int i = 0; slot < 0 && i < WAIT; i++) {
            Pause.once(i);
            slot = loop.claim(0);
        }
        if (slot >= 0) {
            fill(slot, SECOND);
        }
        result.r1 = slot < 0 ? "held" : "again";
    }

    private void fill(final int slot, final int writing) {
        reader.write(loop.wordOf(0, slot), writing);
        // position 0 of tick 0, then of tick 1
        loop.commit(0, slot, (writing - 1) * 4);
    }

    /** Two beats. */
    @Actor
    public void tick(final LL_Result result) {
        loop.beat();
        for (int i = 0; i < WAIT && reader.read(0) != SlotReader.NOTHING && loop.available(0) > 0; i++) {
            // the producer may want the slot
            Pause.once(i);
        }
        loop.beat();
        result.r2 = reader.told(0) + "/" + reader.told(1);
    }

    /** Frees the loop. */
    @Arbiter
    public void free(final LL_Result result) {
        loop.free();
    }
}
