package dev.tactus.scenario.eval;

import dev.tactus.scenario.Draws;
import dev.tactus.scenario.Episode;
import dev.tactus.scenario.eval.WordAlignment.Word;
import dev.tactus.scenario.language.Vocabulary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a model said, played to a model: remark after remark with a second between, over faint noise. One thread. */
final class VoiceStimulus implements Stimulus {
    private static final int GAP_TICKS = 5;
    /** 40 dB below the level at which utterances are made: no microphone is silent. */
    private static final float NOISE = 0.001f;

    private final List<Word> said = new ArrayList<>();
    private final float[] sound;

    /** Plays {@code remarks}; noise is drawn from {@code seed}. */
    VoiceStimulus(final List<SpokenRemark> remarks, final long seed) {
        int ticks = GAP_TICKS;
        for (final SpokenRemark remark : remarks) {
            ticks += remark.ticks() + GAP_TICKS;
        }
        sound = new float[ticks * Episode.TICK_SAMPLES];
        int at = GAP_TICKS * Episode.TICK_SAMPLES;
        for (final SpokenRemark remark : remarks) {
            System.arraycopy(remark.samples(), 0, sound, at, remark.samples().length);
            final int endMs = (at + remark.samples().length) / (Episode.TICK_SAMPLES / Episode.TICK_MS);
            remark.words().forEach(word -> said.add(new Word(word, endMs)));
            at += (remark.ticks() + GAP_TICKS) * Episode.TICK_SAMPLES;
        }
        final Draws draws = new Draws(seed, 0);
        for (int i = 0; i < sound.length; i++) {
            sound[i] += NOISE * (float) draws.normal();
        }
    }

    /**
     * Something a model said.
     *
     * @param group what it is counted with
     * @param words its text
     * @param samples its sound at 16 kHz
     */
    record SpokenRemark(String group, List<String> words, float[] samples) {
        int ticks() {
            return Math.ceilDiv(samples.length, Episode.TICK_SAMPLES);
        }
    }

    /** Caption word errors of what a session put out. */
    WordErrors score(final List<ModelTick> ticks) {
        final List<Word> shown = CaptionScore.shown(ticks);
        final WordAlignment alignment = new WordAlignment(said, shown);
        WordErrors errors = new WordErrors(0, 0, alignment.insertions().size(), 0);
        for (int i = 0; i < said.size(); i++) {
            final boolean deleted = alignment.partner(i) == WordAlignment.DELETED;
            final boolean wrong = !deleted && !alignment.isRight(i);
            errors = errors.plus(new WordErrors(1, wrong ? 1 : 0, 0, deleted ? 1 : 0));
        }
        return errors;
    }

    /** The remarks of a run that have a sound, and during which nobody interrupted. */
    static List<SpokenRemark> remarks(final String group, final EpisodeRun run) {
        final List<SpokenRemark> out = new ArrayList<>();
        for (final Remark remark : run.remarks()) {
            final boolean known = remark.words().stream().allMatch(Vocabulary::contains);
            final boolean whole = remark.lastTick() + 2 < run.ticks().size() && !remark.cut();
            final float[] samples = samples(run, remark);
            if (known && whole && !remark.words().isEmpty() && samples.length > 0 && !isInterrupted(run, remark)) {
                out.add(new SpokenRemark(group, remark.words(), samples));
            }
        }
        return out;
    }

    private static boolean isInterrupted(final EpisodeRun run, final Remark remark) {
        return run.episode().timeline().words().stream()
                .anyMatch(word ->
                        (word.text().equals(Vocabulary.STOP) || word.text().equals(Vocabulary.WAKE))
                                && word.endMs() > remark.tick() * Episode.TICK_MS
                                && word.startMs() < remark.heardMs());
    }

    /** The samples of its ticks, and what the vocoder held back, which comes in the tick after. */
    private static float[] samples(final EpisodeRun run, final Remark remark) {
        float[] out = new float[0];
        for (int t = remark.tick();
                t <= remark.lastTick() + 1 && t < run.ticks().size();
                t++) {
            final ModelTick tick = run.tick(t);
            if (t <= remark.lastTick() || !tick.say()) {
                out = Arrays.copyOf(out, out.length + tick.speech().length);
                System.arraycopy(tick.speech(), 0, out, out.length - tick.speech().length, tick.speech().length);
            }
        }
        return out;
    }

    @Override
    public int ticks() {
        return sound.length / Episode.TICK_SAMPLES;
    }

    @Override
    public boolean hasVideo() {
        return false;
    }

    @Override
    public boolean isSkipped(final int tick) {
        return false;
    }

    @Override
    public boolean hasAudio(final int tick, final int slot) {
        return true;
    }

    @Override
    public void copyAudio(final int tick, final int slot, final float[] target) {
        final int from = tick * Episode.TICK_SAMPLES + slot * Episode.SLOT_SAMPLES;
        System.arraycopy(sound, from, target, 0, Episode.SLOT_SAMPLES);
    }

    @Override
    public boolean hasFrame(final int tick) {
        return false;
    }

    @Override
    public void copyFrame(final int tick, final byte[] target) {
        throw new IllegalStateException("a voice has no frames");
    }

    @Override
    public int[] textIds(final int tick) {
        return new int[0];
    }

    @Override
    public boolean isCut(final int tick, final List<ModelTick> before) {
        return false;
    }
}
