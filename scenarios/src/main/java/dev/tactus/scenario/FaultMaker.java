package dev.tactus.scenario;

import dev.tactus.scenario.Timeline.HeardWord;
import java.util.List;

/**
 * Chooses what goes wrong in an episode, and leaves everything decidable: a word loses at most one slot of 50 ms from
 * its middle, a flash and a crossing keep their frames, ticks are skipped only where nobody says anything. So what
 * should be put out does not change, but for speech that the listener's side cuts. One thread.
 */
final class FaultMaker {
    private static final int SLOT_MS = 50;
    private static final int LONG_WORD_MS = 300;
    private static final int LONGEST_SKIP = 4;

    private final Script script;
    private final Behaviour plain;
    private final Draws draws;

    FaultMaker(final Script script, final Behaviour plain, final Draws draws) {
        this.script = script;
        this.plain = plain;
        this.draws = draws;
    }

    /** One to three kinds of faults. */
    Faults make(final boolean video) {
        final Faults faults = Faults.none();
        final int first = draws.below(4);
        for (int i = draws.between(1, 3); i > 0; i--) {
            switch ((first + i) % 4) {
                case 0 -> gaps(faults);
                case 1 -> skips(faults);
                case 2 -> cuts(faults);
                default -> frames(faults, video);
            }
        }
        return faults;
    }

    private void gaps(final Faults faults) {
        final int slots = script.ticks * Episode.SLOTS_PER_TICK;
        for (int run = draws.between(1, 4); run > 0; run--) {
            final int from = draws.below(slots);
            final int to = Math.min(slots, from + draws.between(1, 16));
            for (int slot = from; slot < to; slot++) {
                if (!script.speaksWithin(slot * SLOT_MS - SLOT_MS, (slot + 2) * SLOT_MS)) {
                    faults.absentSlots().set(slot);
                }
            }
        }
        for (final HeardWord word : script.words) {
            if (word.endMs() - word.startMs() >= LONG_WORD_MS && draws.chance(0.1)) {
                faults.absentSlots().set((word.startMs() + word.endMs()) / 2 / SLOT_MS);
            }
        }
    }

    private void skips(final Faults faults) {
        for (int tries = 0; tries < 8; tries++) {
            final int tick = draws.between(1, script.ticks - 3);
            int count = draws.between(1, 3);
            for (int t = tick; count > 0 && maySkip(t) && !endsLongRun(faults, t); t++, count--) {
                faults.skippedTicks().set(t);
            }
        }
    }

    /** With more than five in a row a session is over. */
    private static boolean endsLongRun(final Faults faults, final int tick) {
        final int from = faults.skippedTicks().previousClearBit(tick - 1);
        return faults.skippedTicks().nextClearBit(tick + 1) - from > LONGEST_SKIP + 1;
    }

    /** Nothing is heard, seen, typed, due or said around it. */
    private boolean maySkip(final int tick) {
        if (tick + 2 >= script.ticks) {
            return false;
        }
        final int fromMs = tick * Episode.TICK_MS;
        final int toMs = fromMs + Episode.TICK_MS;
        boolean busy = script.speaksWithin(fromMs - 100, toMs + 100);
        for (int t = Math.max(0, tick - 1); t <= tick + 1; t++) {
            busy |= plain.targets().hear()[t].length + plain.targets().speak()[t].length > 0;
            busy |= plain.targets().say().get(t) || plain.targets().cuts().get(t);
        }
        busy |= plain.targets().typed()[tick].length > 0;
        busy |= script.flashes.stream().anyMatch(flash -> flash.startMs() < toMs + 200 && flash.endMs() > fromMs - 200);
        busy |= script.crossings.stream().anyMatch(one -> Math.abs(one.atMs() - fromMs) < 2 * Episode.TICK_MS);
        return !busy;
    }

    private void cuts(final Faults faults) {
        final List<Timeline.Speech> speeches = plain.speeches();
        if (!speeches.isEmpty()) {
            final Timeline.Speech speech = draws.pick(speeches);
            if (speech.sayTicks() > 1) {
                faults.cuts().set(speech.tick() + draws.between(1, speech.sayTicks() - 1));
            }
        }
    }

    private void frames(final Faults faults, final boolean video) {
        for (int i = draws.between(1, 8); video && i > 0; i--) {
            final int tick = draws.below(script.ticks);
            final int ms = tick * Episode.TICK_MS;
            final boolean needed = script.flashes.stream()
                            .anyMatch(flash -> flash.startMs() < ms + 300 && flash.endMs() > ms - 300)
                    || script.crossings.stream().anyMatch(one -> Math.abs(one.atMs() - ms) < 2 * Episode.TICK_MS);
            if (!needed) {
                faults.missingFrames().set(tick);
            }
        }
    }
}
