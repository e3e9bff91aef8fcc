package dev.tactus.bench.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is idle inside ticks, from marks that were made up. */
class TickIdleTest {
    private static final double TOLERANCE = 1e-9;

    /** A tick of 10 ms: 1 of gather, 1 idle, 5 of prefill, 0.5 idle, 2.5 of a pass. */
    private static void tick(final List<GraphTrace.Span> spans, final double atMs) {
        spans.add(new GraphTrace.Span(7, 10, atMs, atMs + 1));
        spans.add(new GraphTrace.Span(8, 100, atMs + 2, atMs + 7));
        spans.add(new GraphTrace.Span(9, 90, atMs + 7.5, atMs + 10));
    }

    @Test
    void shouldCountGapsInsideTicksOnly() {
        final List<GraphTrace.Span> spans = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            tick(spans, 190.0 * i);
        }
        final TickIdle idle = TickIdle.of(spans, 2, 1000);
        assertEquals(2, idle.ticks());
        assertEquals(3, idle.graphs());
        assertEquals(200, idle.kernels());
        assertEquals(0.15, idle.between(), TOLERANCE);
        assertEquals(0.17, idle.most(), TOLERANCE, "200 kernels of a microsecond are 0.2 ms of 10");
    }

    @Test
    void shouldLeaveOutTicksBeforeTheLast() {
        final List<GraphTrace.Span> spans = new ArrayList<>();
        spans.add(new GraphTrace.Span(7, 1, 0, 1));
        spans.add(new GraphTrace.Span(8, 1, 100, 101));
        tick(spans, 200);
        assertEquals(0.15, TickIdle.of(spans, 1, 0).between(), TOLERANCE);
        assertTrue(TickIdle.of(spans, 2, 0).between() > 0.8);
    }

    @Test
    void shouldNotCountGraphsThatBeginTogether() {
        final List<GraphTrace.Span> spans =
                List.of(new GraphTrace.Span(7, 1, 0, 2), new GraphTrace.Span(8, 1, 1.9999, 4));
        assertEquals(0, TickIdle.of(spans, 5, 0).between());
    }
}
