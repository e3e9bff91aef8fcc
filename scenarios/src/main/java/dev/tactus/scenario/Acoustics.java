package dev.tactus.scenario;

/**
 * How episodes sound, in ranges to draw from. Immutable.
 *
 * @param snrMinDb least signal-to-noise ratio of an episode's quietest word
 * @param snrMaxDb largest
 * @param equaliserDb largest gain of a microphone's colour, either way
 * @param roomShare share of episodes in a room
 * @param burstShare share of episodes with bursts of noise
 */
public record Acoustics(double snrMinDb, double snrMaxDb, double equaliserDb, double roomShare, double burstShare) {
    /** Everything that a desk may be: noise, knocks, microphones and rooms. */
    public static final Acoustics VARIED = new Acoustics(8, 45, 6, 0.3, 0.3);
    /** A good microphone in a quiet place. */
    public static final Acoustics CLEAN = new Acoustics(45, 60, 0, 0, 0);

    /** Checks the ranges. */
    public Acoustics {
        final boolean shares = roomShare >= 0 && roomShare <= 1 && burstShare >= 0 && burstShare <= 1;
        if (!(snrMinDb <= snrMaxDb) || !(equaliserDb >= 0) || !shares) {
            throw new IllegalArgumentException("acoustics " + snrMinDb + " to " + snrMaxDb + " dB, equaliser "
                    + equaliserDb + " dB, shares " + roomShare + " and " + burstShare
                    + ": expected a rising range, no negative gain, and shares from 0 to 1");
        }
    }
}
