package dev.tactus.scenario.eval;

import dev.tactus.scenario.Episode;
import dev.tactus.scenario.EpisodeTick;
import dev.tactus.scenario.language.Vocabulary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** An episode and what a model put out in it, tick by tick. Immutable. */
public final class EpisodeRun {
    private final Episode episode;
    private final List<ModelTick> ticks;
    private final List<Remark> remarks;

    /**
     * A run.
     *
     * @param ticks as many as the episode has
     * @param textOutMax most ids of HEAR and SPEAK together in a tick of that model
     */
    public EpisodeRun(final Episode episode, final List<ModelTick> ticks, final int textOutMax) {
        if (ticks.size() != episode.ticks()) {
            throw new IllegalArgumentException(
                    "output of " + ticks.size() + " ticks: expected " + episode.ticks() + ", as the episode has");
        }
        this.episode = episode;
        this.ticks = List.copyOf(ticks);
        remarks = List.copyOf(remarks(this.ticks, textOutMax));
    }

    /** What a perfect model puts out, with the voice that the episode gives it. */
    public static EpisodeRun ofTargets(final Episode episode) {
        final List<ModelTick> ticks = new ArrayList<>();
        for (int tick = 0; tick < episode.ticks(); tick++) {
            final EpisodeTick target = episode.tick(tick);
            final float[] speech = new float[target.say() ? Episode.TICK_SAMPLES : 0];
            if (target.say()) {
                target.copyModelVoice(speech, 0);
            }
            ticks.add(new ModelTick(
                    words(target.hearIds()), words(target.speakIds()), target.say(), target.cut(), speech));
        }
        return new EpisodeRun(episode, ticks, Episode.TEXT_OUT_MAX);
    }

    private static List<String> words(final int[] ids) {
        return Arrays.stream(ids).mapToObj(Vocabulary::word).toList();
    }

    /** What was played. */
    public Episode episode() {
        return episode;
    }

    /** What came out in tick {@code index}. */
    public ModelTick tick(final int index) {
        return ticks.get(index);
    }

    /** What came out, tick by tick. */
    public List<ModelTick> ticks() {
        return ticks;
    }

    /** What was said, in the order of its beginnings. */
    public List<Remark> remarks() {
        return remarks;
    }

    /** Whether tick {@code index} ended in speech; false outside the episode. */
    boolean says(final int index) {
        return index >= 0 && index < ticks.size() && ticks.get(index).say();
    }

    /** Whether text or speech came out in tick {@code index}; false outside the episode. */
    boolean talks(final int index) {
        return says(index)
                || index >= 0
                        && index < ticks.size()
                        && !ticks.get(index).speak().isEmpty();
    }

    /**
     * Text goes on in the next tick when it did not fit into this one; any other text begins something new. Speech
     * belongs to the text before it, as long as no tick is left out.
     */
    private static List<Remark> remarks(final List<ModelTick> ticks, final int textOutMax) {
        final List<Remark> out = new ArrayList<>();
        Remark open = null;
        boolean full = false;
        for (int t = 0; t < ticks.size(); t++) {
            final ModelTick tick = ticks.get(t);
            if (open != null && tick.cut() && t <= open.lastTick() + 1) {
                open = new Remark(open.tick(), open.words(), open.sayTicks(), open.lastTick(), true);
            }
            final boolean text = !tick.speak().isEmpty();
            if (text || tick.say()) {
                final boolean goesOn = open != null && (text ? full && !tick.cut() : open.lastTick() == t - 1);
                if (open != null && !goesOn) {
                    out.add(open);
                }
                open = goesOn ? longer(open, tick, t) : new Remark(t, tick.speak(), tick.say() ? 1 : 0, t, false);
            }
            full = (text || full) && tick.hear().size() + tick.speak().size() >= textOutMax;
        }
        if (open != null) {
            out.add(open);
        }
        return out;
    }

    private static Remark longer(final Remark remark, final ModelTick tick, final int index) {
        final List<String> words = new ArrayList<>(remark.words());
        words.addAll(tick.speak());
        return new Remark(remark.tick(), words, remark.sayTicks() + (tick.say() ? 1 : 0), index, remark.cut());
    }
}
