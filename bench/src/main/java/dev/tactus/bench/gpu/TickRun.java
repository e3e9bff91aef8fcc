package dev.tactus.bench.gpu;

import dev.tactus.bench.latency.TickResult;
import java.util.Optional;

/**
 * Ticks of one model by one number of sessions.
 *
 * @param wanted what was to be measured
 * @param result empty where nothing was
 * @param idle empty where nobody looked
 * @param reason why there is no result; empty where there is one
 */
public record TickRun(TickCase wanted, Optional<TickResult> result, Optional<TickIdle> idle, String reason) {}
