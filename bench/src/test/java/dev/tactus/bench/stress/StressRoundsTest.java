package dev.tactus.bench.stress;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jcstress.infra.runners.TestList;

/** Every stress test runs some thousand rounds, so that none can rot. */
class StressRoundsTest {
    private static final int LEAST = 20;
    private static final int MOST = 3_000;
    private static final long MOST_NS = TimeUnit.MILLISECONDS.toNanos(150);

    static List<Class<?>> tests() {
        return TestList.tests().stream().sorted().map(StressRoundsTest::load).collect(Collectors.toList());
    }

    private static Class<?> load(final String name) {
        try {
            return Class.forName(name);
        } catch (final ClassNotFoundException ex) {
            throw new IllegalStateException(ex);
        }
    }

    private static Object make(final Class<?> test) {
        try {
            return test.getConstructor().newInstance();
        } catch (final ReflectiveOperationException ex) {
            throw new IllegalStateException(ex);
        }
    }

    @ParameterizedTest
    @MethodSource("tests")
    void shouldAcceptEveryRound(final Class<?> test) {
        final Rounds rounds = Rounds.run(test, () -> make(test), LEAST, MOST, MOST_NS);

        assertTrue(rounds.isAcceptable(), () -> test.getSimpleName() + ": " + rounds);
        assertTrue(rounds.count() >= LEAST, () -> test.getSimpleName() + " ran " + rounds.count() + " rounds only");
    }

    @Test
    void shouldListEveryStressTest() {
        final List<Class<?>> tests = tests();
        assertTrue(tests.size() >= 11, () -> "jcstress knows " + tests);
        assertTrue(tests.contains(SlotHandOverStress.class), () -> "jcstress knows " + tests);
    }
}
