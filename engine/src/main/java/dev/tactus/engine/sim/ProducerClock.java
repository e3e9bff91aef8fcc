package dev.tactus.engine.sim;

/**
 * The clock of a microphone: when each of its slots is captured, and what it stamps it with. It runs slow or fast by a
 * drawn amount, and its stamps are late by a drawn time of up to a drawn limit.
 */
final class ProducerClock {
    /** Furthest that one runs off: 2 %. */
    static final int MOST_PPM = 20_000;

    /** Length of a slot by a clock that is right. */
    static final long SLOT_NS = 50_000_000;

    private static final int MILLION = 1_000_000;
    private static final int NS_PER_US = 1_000;

    /** Less than half of what is between the two corrections of a clock, so that it never seems to turn round. */
    private static final int MOST_JITTER_US = 10_000;

    private final SimDraws draws;
    private final long startNs;
    private final int ppm;
    private final int jitterUs;

    private ProducerClock(final SimDraws draws, final long startNs, final int ppm, final int jitterUs) {
        this.draws = draws;
        this.startNs = startNs;
        this.ppm = ppm;
        this.jitterUs = jitterUs;
    }

    /** A clock that is right. */
    static ProducerClock right(final long startNs) {
        return new ProducerClock(null, startNs, 0, 0);
    }

    /** One that is off: a third of them as far as it may be, one in six not at all, but for its jitter. */
    static ProducerClock drawn(final SimDraws draws, final long startNs, final int mostPpm) {
        final int ppm =
                switch (draws.below(6)) {
                    case 0 -> mostPpm;
                    case 1 -> -mostPpm;
                    case 2 -> 0;
                    default -> draws.between(-mostPpm, mostPpm);
                };
        return new ProducerClock(draws, startNs, ppm, draws.below(MOST_JITTER_US + 1));
    }

    /** When slot {@code i} of the microphone, counted from 0, is complete. */
    long capturedNs(final int i) {
        final long slots = i + 1L;
        return startNs + slots * SLOT_NS + slots * (SLOT_NS / MILLION) * ppm;
    }

    /** What it is stamped with; draws. */
    long stampNs(final int i) {
        return capturedNs(i) + (jitterUs == 0 ? 0 : (long) draws.below(jitterUs + 1) * NS_PER_US);
    }

    /** When slot {@code number} of the media clock is to be complete. */
    long placeNs(final int number) {
        return startNs + (number + 1L) * SLOT_NS;
    }

    /** Parts in a million by which it is slow; negative when it is fast. */
    int ppm() {
        return ppm;
    }

    /** Latest that a stamp is. */
    long jitterNs() {
        return (long) jitterUs * NS_PER_US;
    }
}
