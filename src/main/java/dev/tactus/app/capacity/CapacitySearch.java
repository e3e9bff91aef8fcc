package dev.tactus.app.capacity;

/**
 * Where the largest number of sessions that holds is looked for: up or down from a guess in steps of a fifth, then
 * between what holds and what does not. Not thread-safe.
 */
public final class CapacitySearch {
    /** The search ends when what holds and what does not are this close, relative to the former. */
    private static final double RESOLUTION = 0.03;

    private static final double STEP_UP = 1.2;
    private static final double STEP_DOWN = 0.8;

    private final int most;
    private int holds;
    private int fails;
    private int next;

    /**
     * A search that has not begun.
     *
     * @param most most sessions that there is memory for, at least 1
     * @param first the first number to try, 1 to {@code most}
     */
    public CapacitySearch(final int most, final int first) {
        this.most = most;
        this.fails = most + 1;
        this.next = first;
    }

    /** Takes what a number of sessions showed. */
    public void take(final int sessions, final boolean held) {
        holds = held ? Math.max(holds, sessions) : holds;
        fails = held ? fails : Math.min(fails, sessions);
        if (fails - holds <= Math.max(1, RESOLUTION * holds)) {
            next = 0;
        } else if (fails > most) {
            next = Math.min(most, (int) Math.ceil(STEP_UP * holds));
        } else {
            next = holds == 0 ? Math.max(1, (int) (STEP_DOWN * fails)) : (holds + fails) / 2;
        }
    }

    /** The next number to try; 0 when the search is over. */
    public int next() {
        return next;
    }

    /** The largest number that held; 0 while none did. */
    public int holds() {
        return holds;
    }

    /** The smallest number that did not hold; more than there is memory for while all did. */
    public int fails() {
        return fails;
    }
}
