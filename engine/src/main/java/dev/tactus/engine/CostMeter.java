package dev.tactus.engine;

import dev.tactus.engine.device.TickOutput;
import dev.tactus.engine.device.TickPlan;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.scheduler.BatchWork;
import dev.tactus.scheduler.CostModel;
import dev.tactus.scheduler.Demand;
import dev.tactus.scheduler.SealedBeat;
import org.agrona.concurrent.NanoClock;

/**
 * Tells the cost model what every cohort's tick really took: from the start of its seal to its account, since the next
 * one cannot begin before. Tick thread; allocates nothing.
 */
final class CostMeter {
    private final CostModel model;
    private final Demand demand;
    private final NanoClock clock;
    private final BatchWork work = new BatchWork();

    CostMeter(final CostModel model, final Demand demand, final NanoClock clock) {
        this.model = model;
        this.demand = demand;
        this.clock = clock;
    }

    /** Takes a beat into account whose sessions were all emitted; one that failed or was empty says nothing. */
    void account(final SealedBeat beat, final TickPlan plan, final TickOutput output) {
        if (beat.count() == 0 || beat.count() != plan.entries()) {
            return;
        }
        for (int entry = 0; entry < plan.entries(); entry++) {
            if (!output.isComplete(entry)) {
                return;
            }
        }
        describe(plan, output, work);
        demand.onBatch(work);
        model.onBatch(work, clock.nanoTime() - beat.sealStartNs());
    }

    /** What a tick that is done was made of. */
    static void describe(final TickPlan plan, final TickOutput output, final BatchWork into) {
        int decodeRows = 0;
        int blocks = 0;
        for (int entry = 0; entry < plan.entries(); entry++) {
            final int count = output.count(entry);
            decodeRows += Math.max(0, count - 1);
            blocks += count > 0 && output.token(entry, count - 1) == TickOutput.BLOCK ? OutputMachine.SAY_BLOCKS : 0;
        }
        into.set(
                plan.entries(),
                plan.rows().rows(),
                plan.patchSources(),
                Math.max(0, output.passes() - 1),
                decodeRows,
                blocks);
    }
}
