package dev.tactus.engine.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.scheduler.EndReason;
import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.SilenceReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every scenario holds, and what it is named after happens in it. */
class SimScenariosTest {
    private static final int SEEDS = 5;
    private static final int TICKS = 160;

    /** A consumer must sleep for a hundred ticks before its ring is full. */
    private static final int TICKS_OF_SLEEP = 400;

    /** Counters that stay at 0 when everything is on time. */
    private static final List<Integer> CALM_LACKS = List.of(
            LoopCounters.LADDER_STEPS,
            LoopCounters.LADDER_SKIPS,
            LoopCounters.SKIPPED,
            LoopCounters.MISSED,
            LoopCounters.DRIFT_GAP,
            LoopCounters.DRIFT_DROP);

    private static final int ENDLESS_SESSIONS = 16;
    private static final int SHORT_SEEDS = 300;
    private static final int SHORT_TICKS = 40;

    private static Simulation simulation;

    @BeforeAll
    static void open() {
        simulation = new Simulation();
    }

    @AfterAll
    static void close() {
        simulation.close();
    }

    @ParameterizedTest
    @EnumSource(Scenario.class)
    void shouldHoldInEveryScenario(final Scenario scenario) {
        final List<SimReport> reports = new ArrayList<>();
        for (int seed = 0; seed < SEEDS; seed++) {
            final int ticks = scenario == Scenario.LAZY_CONSUMER ? TICKS_OF_SLEEP : TICKS;
            final SimReport report = simulation.run(scenario, seed, ticks);
            assertEquals(Optional.empty(), report.violation());
            reports.add(report);
        }
        assertTrue(sum(reports, SimReport::sessionTicks) > SEEDS * TICKS / 4, "sessions lived");
        assertTrue(sum(reports, report -> report.reason(SilenceReason.NONE)) > SEEDS, "sessions spoke");
        assertTrue(happened(scenario, reports), () -> "nothing of it happened: " + reports);
    }

    private static boolean happened(final Scenario scenario, final List<SimReport> reports) {
        final long stalled = sum(reports, report -> report.reason(SilenceReason.STALLED));
        final long starved = sum(reports, report -> report.reason(SilenceReason.STARVED));
        final long launches = sum(reports, SimReport::launches);
        return switch (scenario) {
            // every run ends with as many new ones, to see that all is back
            case ENDLESS ->
                stalled == 0 && launches == SEEDS && sum(reports, SimReport::sessions) == 2L * SEEDS * ENDLESS_SESSIONS;
            case CALM ->
                stalled == 0
                        && launches == SEEDS
                        && CALM_LACKS.stream()
                                .allMatch(counter -> sum(reports, report -> report.counter(counter)) == 0);
            case LATE_INPUT, BURST, LOSSY, DYING_PRODUCER -> starved > SEEDS * 5;
            case CHURN -> sum(reports, SimReport::refusals) > SEEDS && sum(reports, SimReport::sessions) > SEEDS * 20;
            case SLOW_DEVICE, CLOCK_JUMP -> stalled > SEEDS * 5;
            case STUCK_DEVICE ->
                sum(reports, report -> report.end(EndReason.DEVICE_STUCK)) > 0 && stalled > 0 && launches > SEEDS;
            case DRIFT ->
                sum(reports, report -> report.counter(LoopCounters.DRIFT_GAP)) > SEEDS
                        && sum(reports, report -> report.counter(LoopCounters.DRIFT_DROP)) > SEEDS;
            case SPREAD -> stalled > 0 && sum(reports, SimReport::sessions) > SEEDS * 10;
            case FAILING_DEVICE ->
                sum(reports, report -> report.end(EndReason.DEVICE_FAILED)) > 0
                        && sum(reports, report -> report.end(EndReason.NOT_FINITE)) > 0
                        && launches > SEEDS;
            case FULL_RINGS -> sum(reports, SimReport::refusedMedia) > SEEDS;
            case LAZY_CONSUMER -> sum(reports, SimReport::lostEvents) > 0;
            case CONTROLS ->
                sum(reports, report -> report.reason(SilenceReason.HELD)) > SEEDS
                        && sum(reports, report -> report.reason(SilenceReason.MUTED)) > SEEDS
                        && sum(reports, report -> report.end(EndReason.STOPPED)) > SEEDS
                        && sum(reports, SimReport::heardAll) > SEEDS
                        && sum(reports, SimReport::heardPart) > SEEDS
                        && sum(reports, SimReport::takenBack) > SEEDS;
            case CHAOS, SWARM -> stalled > 0 && starved > 0;
        };
    }

    @Test
    void shouldHoldForManyShortSeeds() {
        for (int seed = 0; seed < SHORT_SEEDS; seed++) {
            final Scenario scenario = (seed & 1) == 0 ? Scenario.CHAOS : Scenario.SWARM;
            final SimReport report = simulation.run(scenario, seed, SHORT_TICKS);
            assertEquals(Optional.empty(), report.violation());
        }
    }

    private static long sum(final List<SimReport> reports, final ToLongFunction<SimReport> what) {
        return reports.stream().mapToLong(what).sum();
    }
}
