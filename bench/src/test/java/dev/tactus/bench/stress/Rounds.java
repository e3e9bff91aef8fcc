package dev.tactus.bench.stress;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.Outcome;

/**
 * Runs the rounds of a jcstress test in this process, one after the other: a thread per actor, started together, then
 * the arbiter. It finds less than jcstress does, in no time.
 */
final class Rounds {
    /** Turns of a waiting thread before it lets others run: there may be fewer processors than actors. */
    private static final int SPINS = 200;

    private final List<Method> actors;
    private final Method arbiter;
    private final Outcome[] outcomes;
    private final Supplier<Object> rounds;
    private final Class<?> resultType;
    private final Map<String, Integer> counts = new TreeMap<>();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicInteger gate = new AtomicInteger();
    private final AtomicInteger left = new AtomicInteger();
    private volatile Object round;
    private volatile Object result;
    private volatile boolean over;

    private Rounds(final Class<?> test, final Supplier<Object> rounds) {
        this.rounds = rounds;
        this.actors = Arrays.stream(test.getMethods())
                .filter(method -> method.isAnnotationPresent(Actor.class))
                .sorted(Comparator.comparing(Method::getName))
                .toList();
        this.arbiter = Arrays.stream(test.getMethods())
                .filter(method -> method.isAnnotationPresent(Arbiter.class))
                .findAny()
                .orElse(null);
        this.outcomes = test.getAnnotationsByType(Outcome.class);
        this.resultType = Arrays.stream(test.getMethods())
                .filter(method -> method.isAnnotationPresent(Actor.class) || method.isAnnotationPresent(Arbiter.class))
                .flatMap(method -> Arrays.stream(method.getParameterTypes()))
                .findAny()
                .orElseThrow();
    }

    /**
     * Runs rounds until one of them is not acceptable, {@code most} have run, or {@code least} have and {@code ns} have
     * passed since the first.
     *
     * @param test the class with the annotations
     * @param rounds makes the state of a round, of that class or one below it
     */
    static Rounds run(
            final Class<?> test, final Supplier<Object> rounds, final int least, final int most, final long ns) {
        final Rounds all = new Rounds(test, rounds);
        all.runAll(least, most, ns);
        return all;
    }

    private void runAll(final int least, final int most, final long ns) {
        final List<Thread> threads = new ArrayList<>();
        for (final Method actor : actors) {
            threads.add(Thread.ofPlatform().daemon().start(() -> act(actor)));
        }
        oneRound();
        final long startNs = System.nanoTime();
        for (int i = 1; i < most && mayGoOn() && (i < least || System.nanoTime() - startNs < ns); i++) {
            oneRound();
        }
        over = true;
        gate.incrementAndGet();
        for (final Thread thread : threads) {
            try {
                thread.join();
            } catch (final InterruptedException ex) {
                throw new IllegalStateException(ex);
            }
        }
        if (failure.get() != null) {
            throw new AssertionError("an actor threw", failure.get());
        }
    }

    private boolean mayGoOn() {
        return failure.get() == null && isAcceptable();
    }

    private void oneRound() {
        round = rounds.get();
        result = instance();
        left.set(actors.size());
        gate.incrementAndGet();
        for (int i = 1; left.get() > 0; i++) {
            pause(i);
        }
        if (failure.get() == null && arbiter != null) {
            call(arbiter);
        }
        counts.merge(result.toString(), 1, Integer::sum);
    }

    private Object instance() {
        try {
            return resultType.getConstructor().newInstance();
        } catch (final ReflectiveOperationException ex) {
            throw new IllegalStateException(ex);
        }
    }

    private void act(final Method actor) {
        for (int turn = 1; ; turn++) {
            for (int i = 1; gate.get() < turn; i++) {
                pause(i);
            }
            if (over) {
                return;
            }
            call(actor);
            left.decrementAndGet();
        }
    }

    private static void pause(final int turn) {
        if (turn % SPINS == 0) {
            Thread.yield();
        } else {
            Thread.onSpinWait();
        }
    }

    private void call(final Method method) {
        try {
            if (method.getParameterCount() == 0) {
                method.invoke(round);
            } else {
                method.invoke(round, result);
            }
        } catch (final InvocationTargetException ex) {
            failure.compareAndSet(null, ex.getCause());
        } catch (final IllegalAccessException ex) {
            failure.compareAndSet(null, ex);
        }
    }

    /** Whether every result so far is one that the test accepts. */
    boolean isAcceptable() {
        return forbidden().isEmpty();
    }

    /** An exact identifier wins over a pattern, as with jcstress; one that matches nothing is not accepted. */
    private boolean accepts(final String what) {
        for (final boolean exactly : new boolean[] {true, false}) {
            for (final Outcome outcome : outcomes) {
                for (final String id : outcome.id()) {
                    if (exactly ? id.equals(what) : what.matches(id)) {
                        return outcome.expect() != Expect.FORBIDDEN;
                    }
                }
            }
        }
        return false;
    }

    /** The results that the test does not accept. */
    List<String> forbidden() {
        return counts.keySet().stream().filter(what -> !accepts(what)).toList();
    }

    /** How often which result came. */
    @Override
    public String toString() {
        return counts.toString();
    }

    /** Rounds that were run. */
    int count() {
        return counts.values().stream().mapToInt(Integer::intValue).sum();
    }
}
