package dev.tactus.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every unit once, whoever works; failures reach the caller; threads end. */
class CrewTest {
    private static final int ROUNDS = 2_000;
    private static final int UNITS = 7;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void shouldRunEveryUnitOncePerRound(final int workers) {
        final AtomicIntegerArray runs = new AtomicIntegerArray(UNITS);
        try (Crew crew = new Crew(workers, Thread::new)) {
            for (int round = 1; round <= ROUNDS; round++) {
                crew.forEach(UNITS, (worker, unit) -> runs.incrementAndGet(unit));
                for (int unit = 0; unit < UNITS; unit++) {
                    assertEquals(round, runs.get(unit), "unit " + unit);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void shouldThrowWhatAUnitThrewAndWorkOn(final int workers) {
        final AtomicIntegerArray runs = new AtomicIntegerArray(workers);
        try (Crew crew = new Crew(workers, Thread::new)) {
            final RuntimeException thrown = assertThrows(
                    IllegalStateException.class,
                    () -> crew.forEach(UNITS, (worker, unit) -> {
                        if (unit == UNITS - 1) {
                            throw new IllegalStateException("unit " + unit);
                        }
                    }));
            assertEquals("unit 6", thrown.getMessage());
            crew.together(worker -> runs.incrementAndGet(worker));
            for (int worker = 0; worker < workers; worker++) {
                assertEquals(1, runs.get(worker), "worker " + worker);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void shouldEndItsThreads(final int workers) {
        final List<Thread> threads = new ArrayList<>();
        try (Crew crew = new Crew(workers, task -> {
            final Thread thread = new Thread(task);
            threads.add(thread);
            return thread;
        })) {
            assertEquals(workers, crew.workers());
        }
        assertEquals(workers - 1, threads.size());
        threads.forEach(thread -> assertFalse(thread.isAlive()));
    }
}
