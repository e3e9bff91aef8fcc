package dev.tactus.scenario.training;

import dev.tactus.engine.audio.DmelBatch;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.ModelConfig;
import dev.tactus.engine.tuning.AudioSlot;
import dev.tactus.engine.tuning.MicroTurn;
import dev.tactus.engine.tuning.TurnInput;
import dev.tactus.engine.tuning.recipe.VoiceStatistics;
import dev.tactus.engine.video.Letterbox;
import dev.tactus.engine.video.RgbFrame;
import dev.tactus.kernel.vocoder.LogMelExtractor;
import dev.tactus.kernel.vocoder.Vocoder;
import dev.tactus.memory.FreezableArena;
import dev.tactus.memory.MemoryTag;
import dev.tactus.scenario.Episode;
import dev.tactus.scenario.EpisodeTick;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Makes micro-turns of an episode: sound quantised as the engine does it, frames letterboxed to the model's size, words
 * as the model's ids, and the model's voice as normalised blocks. One thread.
 */
final class TurnMaker {
    private static final int TICK_FRAMES = Episode.TICK_SAMPLES / Vocoder.HOP_SAMPLES;

    private final InteractionConfig ids;
    private final IntUnaryOperator words;
    private final VoiceStatistics voice;
    private final DmelBatch dmel;
    private final LogMelExtractor logMel;
    private final Letterbox letterbox;
    private final RgbFrame picture = new RgbFrame(Episode.FRAME_COLUMNS, Episode.FRAME_ROWS);
    private final MemorySegment frame;

    /**
     * A maker.
     *
     * @param words the model's id of a word by that of the scenarios
     * @param voice what blocks are normalised by; null when no episode has any
     * @param logMel null when no episode has speech
     * @param arena owns the memory of a frame
     */
    TurnMaker(
            final ModelConfig model,
            final InteractionConfig ids,
            final IntUnaryOperator words,
            final VoiceStatistics voice,
            final DmelBatch dmel,
            final LogMelExtractor logMel,
            final FreezableArena arena) {
        this.ids = ids;
        this.words = words;
        this.voice = voice;
        this.dmel = dmel;
        this.logMel = logMel;
        final int patch = model.vision().patch();
        letterbox = new Letterbox(ids.videoCols() * patch, ids.videoRows() * patch);
        frame = arena.allocate(MemoryTag.MEDIA, letterbox.frameBytes(), 64);
    }

    /** The turns of an episode; ticks that are skipped are told by the turn behind them. */
    List<MicroTurn> turns(final Episode episode) {
        final int[][] bins = dmel.bins(slots(episode));
        final float[][] speech = speech(episode);
        final List<MicroTurn> turns = new ArrayList<>();
        int skipped = 0;
        for (int i = 0; i < episode.ticks(); i++) {
            final EpisodeTick tick = episode.tick(i);
            if (tick.skipped()) {
                skipped++;
                continue;
            }
            final TurnInput input = new TurnInput(
                    skipped, tick.cut(), audio(bins, i), tick.hasFrame() ? frame(tick) : null, ids(tick.textIds()));
            skipped = 0;
            final MicroTurn turn = MicroTurn.of(input, outputs(tick));
            turns.add(speech[i] == null ? turn : turn.withSpeech(speech[i]));
        }
        return turns;
    }

    private static float[][] slots(final Episode episode) {
        final float[][] slots = new float[episode.ticks() * Episode.SLOTS_PER_TICK][];
        for (int i = 0; i < slots.length; i++) {
            final EpisodeTick tick = episode.tick(i / Episode.SLOTS_PER_TICK);
            final int slot = i % Episode.SLOTS_PER_TICK;
            if (tick.hasAudio(slot)) {
                slots[i] = new float[Episode.SLOT_SAMPLES];
                tick.copyAudio(slot, slots[i], 0);
            }
        }
        return slots;
    }

    private static List<AudioSlot> audio(final int[][] bins, final int tick) {
        final List<AudioSlot> audio = new ArrayList<>();
        for (int i = 0; i < Episode.SLOTS_PER_TICK; i++) {
            final int[] slot = bins[tick * Episode.SLOTS_PER_TICK + i];
            audio.add(slot == null ? AudioSlot.GAP : new AudioSlot.Bins(slot));
        }
        return audio;
    }

    private byte[] frame(final EpisodeTick tick) {
        tick.copyFrame(picture.pixels(), 0);
        letterbox.draw(picture, frame.address());
        return frame.toArray(ValueLayout.JAVA_BYTE);
    }

    private int[] ids(final int... of) {
        final int[] out = new int[of.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = words.applyAsInt(of[i]);
        }
        return out;
    }

    private int[] outputs(final EpisodeTick tick) {
        final int[] hear = ids(tick.hearIds());
        final int[] speak = ids(tick.speakIds());
        final int[] out = new int[hear.length + speak.length + 3];
        int count = 0;
        if (hear.length > 0) {
            out[count++] = ids.hearTokenId();
            System.arraycopy(hear, 0, out, count, hear.length);
            count += hear.length;
        }
        if (speak.length > 0) {
            out[count++] = ids.speakTokenId();
            System.arraycopy(speak, 0, out, count, speak.length);
            count += speak.length;
        }
        out[count++] = tick.say() ? ids.sayTokenId() : ids.quietTokenId();
        return Arrays.copyOf(out, count);
    }

    /**
     * The normalised blocks of every tick that ends in speech, null for the others. Before and after a run of such
     * ticks the voice is silent, so a run is analysed by itself.
     */
    private float[][] speech(final Episode episode) {
        final float[][] blocks = new float[episode.ticks()][];
        for (int from = 0; from < blocks.length; from++) {
            int to = from;
            while (to < blocks.length && episode.tick(to).say()) {
                to++;
            }
            if (to > from) {
                run(episode, from, to, blocks);
                from = to;
            }
        }
        return blocks;
    }

    private void run(final Episode episode, final int from, final int to, final float[][] blocks) {
        final float[] signal = new float[(to - from) * Episode.TICK_SAMPLES];
        for (int tick = from; tick < to; tick++) {
            episode.tick(tick).copyModelVoice(signal, (tick - from) * Episode.TICK_SAMPLES);
        }
        final float[] frames = logMel.logMels(signal);
        voice.normalise(frames);
        final int each = TICK_FRAMES * Vocoder.MELS;
        for (int tick = from; tick < to; tick++) {
            blocks[tick] = Arrays.copyOfRange(frames, (tick - from) * each, (tick - from + 1) * each);
        }
    }
}
