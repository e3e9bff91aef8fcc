package dev.tactus.bench.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.bench.gpu.GpuTarget.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is met, missed and not known. */
class GpuTargetTest {
    private static final double COPY_NS = 1000;
    private static final long LARGE = 64L << 20;

    private static GpuLine line(final String op, final int rows, final long operand, final double bytes) {
        return new GpuLine(op, "[1, 1]", "exact", rows, bytes, operand, COPY_NS, COPY_NS, COPY_NS);
    }

    private static GpuResults results(
            final boolean soft, final List<GpuLine> products, final BitCheck bits, final TickRun... ticks) {
        final List<GpuLine> lines = new ArrayList<>(List.of(line(GpuCase.COPY, 1, 1, 4e6)));
        lines.addAll(products);
        return new GpuResults(
                "GPU", "13.0", soft, lines, List.of(), Optional.ofNullable(bits), List.of(ticks), List.of());
    }

    private static TickRun run(final TickIdle idle) {
        return new TickRun(TickCase.fast("1B", 8, 4096, 10), Optional.empty(), Optional.ofNullable(idle), "it failed");
    }

    @Test
    void shouldJudgeProductsByTheWorstThatIsLarge() {
        final List<GpuLine> products = List.of(
                line(GpuCase.PRODUCT, 1, 1, 0.1e6),
                line(GpuCase.PRODUCT, 8, LARGE, 0.1e6),
                line(GpuCase.PRODUCT, 1, LARGE, 3.6e6),
                line(GpuCase.PRODUCT, 1, LARGE, 2.8e6));
        final GpuTarget.Verdict met = GpuTarget.GEMV.verdict(results(false, products, null));
        assertEquals(Outcome.MET, met.outcome());
        assertTrue(met.line().contains(": met, worst 0.70 ("), met.line());
        final List<GpuLine> slow = List.of(line(GpuCase.PRODUCT, 1, LARGE, 2.79e6));
        assertEquals(
                Outcome.MISSED,
                GpuTarget.GEMV.verdict(results(false, slow, null)).outcome());
        final List<GpuLine> broken = List.of(line(GpuCase.PRODUCT, 1, LARGE, Double.NaN));
        assertEquals(
                Outcome.MISSED,
                GpuTarget.GEMV.verdict(results(false, broken, null)).outcome());
        assertEquals(
                Outcome.NOT_MEASURED,
                GpuTarget.GEMV.verdict(results(false, List.of(), null)).outcome());
    }

    @Test
    void shouldClaimNothingOfSoftcudaButBits() {
        final List<GpuLine> products = List.of(line(GpuCase.PRODUCT, 1, LARGE, 4e6));
        final GpuResults soft = results(true, products, new BitCheck(3, 30, 0), run(new TickIdle(1, 3, 9, 0, 0)));
        for (final GpuTarget target : List.of(GpuTarget.GEMV, GpuTarget.TICK, GpuTarget.IDLE)) {
            assertEquals(Outcome.NOT_MEASURED, target.verdict(soft).outcome(), target.text());
            assertTrue(target.verdict(soft).detail().contains("softcuda"), target.text());
        }
        assertEquals(Outcome.MET, GpuTarget.BITS.verdict(soft).outcome());
        assertTrue(GpuTarget.BITS.verdict(soft).detail().endsWith("on softcuda"));
    }

    @Test
    void shouldJudgeIdlenessByARange() {
        assertEquals(Outcome.MET, idle(0.05, 0.15));
        assertEquals(Outcome.MISSED, idle(0.16, 0.3));
        assertEquals(Outcome.NOT_MEASURED, idle(0.05, 0.16));
        assertEquals(Outcome.NOT_MEASURED, idle(0.05, Double.NaN));
        assertEquals(
                Outcome.NOT_MEASURED,
                GpuTarget.IDLE
                        .verdict(results(false, List.of(), null, run(null)))
                        .outcome());
    }

    private static Outcome idle(final double between, final double most) {
        final TickRun run = run(new TickIdle(10, 10, 1000, between, most));
        return GpuTarget.IDLE.verdict(results(false, List.of(), null, run)).outcome();
    }

    @Test
    void shouldSayWhyATickWasNotMeasured() {
        final GpuTarget.Verdict verdict = GpuTarget.TICK.verdict(results(false, List.of(), null, run(null)));
        assertEquals(Outcome.NOT_MEASURED, verdict.outcome());
        assertEquals("it failed", verdict.detail());
    }

    @Test
    void shouldBeGoodOnlyWhereEverythingRan() {
        final BitCheck same = new BitCheck(3, 30, 0);
        final TickRun late =
                new TickRun(TickCase.fast("1B", 8, 4096, 10), Optional.empty(), Optional.empty(), "time was up");
        assertTrue(results(false, List.of(), same).isGood());
        assertTrue(results(false, List.of(), same, late).isGood());
        assertFalse(results(false, List.of(), same, run(null)).isGood());
        assertFalse(results(false, List.of(), null).isGood());
        assertFalse(results(false, List.of(), new BitCheck(3, 30, 1)).isGood());
    }

    @Test
    void shouldMissBitsWhenOneDiffers() {
        final GpuTarget.Verdict verdict = GpuTarget.BITS.verdict(results(false, List.of(), new BitCheck(3, 30, 1)));
        assertEquals(Outcome.MISSED, verdict.outcome());
        assertTrue(verdict.detail().startsWith("29 of 30 logits"), verdict.detail());
        assertEquals(
                Outcome.NOT_MEASURED,
                GpuTarget.BITS.verdict(results(false, List.of(), null)).outcome());
    }
}
