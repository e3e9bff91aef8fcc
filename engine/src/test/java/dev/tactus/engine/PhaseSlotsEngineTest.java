package dev.tactus.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.scheduler.LoopCounters;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.Pacing;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PhaseSlotsEngineTest {
    private static final int SESSIONS = 5;
    /** More than a tick has: the clock stands still while it runs. */
    private static final int OPS_PER_TURN = 1000;

    private static final long TURN_NS = EngineContext.PERIOD_NS / 40;

    private final AtomicLong clock = new AtomicLong(1);

    private List<List<String>> run(final EngineFixture fixture, final int phases, final TreeMap<Long, Integer> emits) {
        final List<List<String>> out = new ArrayList<>();
        try (Engine engine = Engine.launch(
                fixture.context(SESSIONS).pacing(Pacing.REALTIME).phases(phases).clock(clock::get))) {
            final List<Session> sessions = new ArrayList<>();
            final List<EngineFixture.Listener> heard = new ArrayList<>();
            engine.invoker().doWork();
            for (int i = 0; i < SESSIONS; i++) {
                sessions.add(engine.open(SessionSpec.of(Modality.TEXT)));
                sessions.get(i).text().offer(new int[] {20 + i, 30}, clock.get());
                heard.add(new EngineFixture.Listener());
            }
            for (int turn = 0; turn < 6 * 40; turn++) {
                clock.addAndGet(TURN_NS);
                for (int i = 0; i < OPS_PER_TURN; i++) {
                    engine.invoker().doWork();
                }
                for (int i = 0; i < SESSIONS; i++) {
                    final int count = sessions.get(i).poll(heard.get(i));
                    emits.merge((clock.get() - 1) / TURN_NS % 40, count, Integer::sum);
                }
            }
            assertEquals(0, engine.counters().get(LoopCounters.MISSED));
            heard.forEach(listener -> out.add(listener.ticks.subList(0, 4)));
            assertEquals(
                    phases, sessions.stream().map(Session::phase).distinct().count());
        }
        return out;
    }

    @Test
    void shouldGiveEachSessionItsPlaceInThePeriodAndTheSameOutput() {
        try (EngineFixture fixture = new EngineFixture("text-dense")) {
            final TreeMap<Long, Integer> together = new TreeMap<>();
            final TreeMap<Long, Integer> spread = new TreeMap<>();
            final List<List<String>> one = run(fixture, 1, together);
            final List<List<String>> four = run(fixture, 4, spread);
            assertEquals(one, four);
            together.values().removeIf(count -> count == 0);
            spread.values().removeIf(count -> count == 0);
            assertEquals(1, together.size(), () -> together.toString());
            assertEquals(4, spread.size(), () -> spread.toString());
            final List<Long> places = List.copyOf(spread.keySet());
            for (int i = 1; i < places.size(); i++) {
                assertEquals(10, places.get(i) - places.get(i - 1), () -> spread.toString());
            }
        }
    }

    @Test
    void shouldStepAllSessionsTogether() {
        try (EngineFixture fixture = new EngineFixture("text-dense")) {
            assertEquals(1, fixture.context(8).phases());
            assertEquals(8, fixture.context(32).pacing(Pacing.REALTIME).phases());
            assertEquals(3, fixture.context(3).pacing(Pacing.REALTIME).phases());
            final EngineContext stepped = fixture.context(8).phases(2);
            final String message = assertThrows(IllegalArgumentException.class, stepped::conclude)
                    .getMessage();
            assertTrue(message.contains("phases is 2: expected 1 when stepped"), message);
            assertThrows(
                    IllegalArgumentException.class, () -> fixture.context(1).phases(0));
        }
    }
}
