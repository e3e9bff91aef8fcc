package dev.tactus.bench.latency;

import dev.tactus.app.load.LiveLoad;
import dev.tactus.app.load.TickShape;
import dev.tactus.engine.EngineContext;
import dev.tactus.engine.KernelSelection;
import dev.tactus.engine.LoadedModel;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.memory.MemoryLedger;
import java.util.concurrent.TimeUnit;

/**
 * What the sessions of a bench by the clock do, and on what.
 *
 * @param rows rows of a session in the prefill
 * @param passes decode passes of a tick
 * @param speaking share of the sessions that speaks in every tick
 * @param threads threads that compute
 * @param kernels which kernels
 */
public record LiveSetting(int rows, int passes, double speaking, int threads, KernelSelection kernels) {
    private static final long WARM_UP_NS = TimeUnit.SECONDS.toNanos(5);

    /** An engine's settings for it. */
    EngineContext context(final LoadedModel model, final InteractionConfig interaction, final int sessions) {
        return new EngineContext()
                .model(model)
                .interaction(interaction)
                .maxSessions(sessions)
                .threads(threads)
                .kernels(kernels)
                .warmUpNs(WARM_UP_NS)
                .admission(false)
                .ledger(new MemoryLedger());
    }

    /** What session number {@code i} does: the share that speaks is spread evenly over the numbers. */
    TickShape shape(final LoadedModel model, final InteractionConfig interaction, final int i) {
        final TickShape quiet = TickShape.of(model.weights(), interaction, rows, passes);
        return LiveLoad.speaks(i, speaking) ? quiet.speaking(interaction) : quiet;
    }
}
