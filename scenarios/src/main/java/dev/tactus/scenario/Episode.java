package dev.tactus.scenario;

import dev.tactus.scenario.speech.Split;
import java.util.Optional;

/**
 * A conversation with its exact truth: sound, pictures and text tick by tick, what happens at which millisecond, and
 * what a model should put out. Made by a {@link ScenarioGenerator} or read by {@link EpisodeFolder}. Immutable, any
 * thread.
 */
public final class Episode {
    /** Milliseconds of a tick. */
    public static final int TICK_MS = 200;
    /** Audio slots of a tick. */
    public static final int SLOTS_PER_TICK = 4;
    /** Samples of an audio slot, 50 ms at 16 kHz. */
    public static final int SLOT_SAMPLES = 800;
    /** Samples of a tick. */
    public static final int TICK_SAMPLES = SLOTS_PER_TICK * SLOT_SAMPLES;
    /** Rows of a frame: 3 patches of 40. */
    public static final int FRAME_ROWS = 120;
    /** Columns of a frame: 4 patches of 40. */
    public static final int FRAME_COLUMNS = 160;
    /** Bytes of a frame, RGB8. */
    public static final int FRAME_BYTES = FRAME_ROWS * FRAME_COLUMNS * 3;
    /** Most ids of HEAR and SPEAK together in a tick. */
    public static final int TEXT_OUT_MAX = 6;
    /** Most ids of typed text in a tick. */
    public static final int TEXT_IN_MAX = 16;

    private final long seed;
    private final Family family;
    private final Split split;
    private final int ticks;
    private final float[] sound;
    private final byte[][] pictures;
    private final float[] modelSound;
    private final Timeline timeline;
    private final Faults faults;
    private final Targets targets;

    /** Takes ownership of the arrays; {@code family} and {@code split} are null for a recording. */
    Episode(
            final long seed,
            final Family family,
            final Split split,
            final float[] sound,
            final byte[][] pictures,
            final float[] modelSound,
            final Timeline timeline,
            final Faults faults,
            final Targets targets) {
        this.seed = seed;
        this.family = family;
        this.split = split;
        this.ticks = targets.hear().length;
        this.sound = sound;
        this.pictures = pictures;
        this.modelSound = modelSound;
        this.timeline = timeline;
        this.faults = faults;
        this.targets = targets;
        final int samples = ticks * TICK_SAMPLES;
        if (sound.length != samples || modelSound.length != samples || pictures != null && pictures.length != ticks) {
            throw new IllegalArgumentException("episode of " + ticks + " ticks with " + sound.length + " and "
                    + modelSound.length + " samples and " + (pictures == null ? "no" : pictures.length)
                    + " frames: expected " + samples + " samples and a frame per tick or none");
        }
    }

    /** What it was made from. */
    public long seed() {
        return seed;
    }

    /** Its family; nothing for a recording. */
    public Optional<Family> family() {
        return Optional.ofNullable(family);
    }

    /** Whose voices it has; nothing for a recording. */
    public Optional<Split> split() {
        return Optional.ofNullable(split);
    }

    /** Ticks of 200 ms. */
    public int ticks() {
        return ticks;
    }

    /** Milliseconds. */
    public int lengthMs() {
        return ticks * TICK_MS;
    }

    /** Whether it has pictures. */
    public boolean hasVideo() {
        return pictures != null;
    }

    /** Tick {@code index}. */
    public EpisodeTick tick(final int index) {
        if (index < 0 || index >= ticks) {
            throw new IndexOutOfBoundsException("tick " + index + ": the episode has " + ticks);
        }
        return new EpisodeTick(this, index);
    }

    /** What happens, and when. */
    public Timeline timeline() {
        return timeline;
    }

    /**
     * A copy of the user channel, mono at 16 kHz, gaps filled as if nothing were missing. Every sample is a 16-bit one.
     */
    public float[] audio() {
        return sound.clone();
    }

    /** A copy of the model's own voice, tick by tick as it is put out: the listener hears it one tick later. */
    public float[] modelVoice() {
        return modelSound.clone();
    }

    float[] sound() {
        return sound;
    }

    byte[][] pictures() {
        return pictures;
    }

    float[] modelSound() {
        return modelSound;
    }

    Faults faults() {
        return faults;
    }

    Targets targets() {
        return targets;
    }
}
