package dev.tactus.engine.sim;

import java.util.PriorityQueue;

/** What is to happen when. What is due at the same time happens in the order in which it was planned. */
final class SimTimeline {
    private record Event(long atNs, long number, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(final Event other) {
            final int byTime = Long.compare(atNs, other.atNs);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final VirtualClock clock;
    private long planned;

    SimTimeline(final VirtualClock clock) {
        this.clock = clock;
    }

    /** Plans an action; what is planned for the past happens next. */
    void at(final long atNs, final Runnable action) {
        events.add(new Event(atNs, planned++, action));
    }

    /** Plans an action so much later. */
    void in(final long ns, final Runnable action) {
        at(clock.nowNs() + ns, action);
    }

    /** Lets the next action happen. */
    void next() {
        final Event event = events.remove();
        clock.advanceTo(event.atNs());
        event.action().run();
    }
}
