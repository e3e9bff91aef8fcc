package dev.tactus.scenario.eval;

import dev.tactus.scenario.Episode;
import dev.tactus.scenario.EpisodeTick;
import dev.tactus.scenario.TargetTiming;
import dev.tactus.scenario.Timeline.HeardWord;
import dev.tactus.scenario.Timeline.Interruption;
import dev.tactus.scenario.language.Vocabulary;
import java.util.BitSet;
import java.util.List;

/**
 * An episode as it is given to a session. What the user does follows the timeline; the cuts follow what the model
 * really does: there is one after "stop" or the wake word, or where the listener's side cuts, if the model was
 * speaking. One thread.
 */
final class EpisodeStimulus implements Stimulus {
    private static final int KNOWN_LAG_MS = TargetTiming.DEFAULT.interruptLagMs();

    private final Episode episode;
    /** Ticks before which a perfect model was interrupted. */
    private final BitSet interrupted = new BitSet();
    /** Ticks before which "stop" or the wake word became known. */
    private final BitSet known = new BitSet();

    EpisodeStimulus(final Episode episode) {
        this.episode = episode;
        for (final Interruption one : episode.timeline().interruptions()) {
            interrupted.set(one.tick() + 1);
        }
        for (final HeardWord word : episode.timeline().words()) {
            if (word.text().equals(Vocabulary.STOP) || word.text().equals(Vocabulary.WAKE)) {
                known.set(Math.ceilDiv(word.endMs() + KNOWN_LAG_MS, Episode.TICK_MS));
            }
        }
    }

    @Override
    public int ticks() {
        return episode.ticks();
    }

    @Override
    public boolean hasVideo() {
        return episode.hasVideo();
    }

    @Override
    public boolean isSkipped(final int tick) {
        return episode.tick(tick).skipped();
    }

    @Override
    public boolean hasAudio(final int tick, final int slot) {
        return episode.tick(tick).hasAudio(slot);
    }

    @Override
    public void copyAudio(final int tick, final int slot, final float[] target) {
        episode.tick(tick).copyAudio(slot, target, 0);
    }

    @Override
    public boolean hasFrame(final int tick) {
        return episode.tick(tick).hasFrame();
    }

    @Override
    public void copyFrame(final int tick, final byte[] target) {
        episode.tick(tick).copyFrame(target, 0);
    }

    @Override
    public int[] textIds(final int tick) {
        return episode.tick(tick).textIds();
    }

    @Override
    public boolean isCut(final int tick, final List<ModelTick> before) {
        final EpisodeTick target = episode.tick(tick);
        final boolean last = says(before, tick - 1);
        if (interrupted.get(tick)) {
            return last || says(before, tick - 2);
        }
        // somebody who is later than a perfect model is interrupted where that one is not
        final boolean goesOn =
                last && says(before, tick - 2) && before.get(tick - 1).speak().isEmpty();
        return known.get(tick) && goesOn || target.cut() && last;
    }

    private static boolean says(final List<ModelTick> ticks, final int index) {
        return index >= 0 && ticks.get(index).say();
    }
}
