package dev.tactus.app.load;

import dev.tactus.engine.model.InklingWeights;
import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.model.OutputMachine;
import dev.tactus.scheduler.Modality;
import dev.tactus.scheduler.TickRecord;
import java.util.Arrays;
import java.util.Set;

/**
 * One session's tick as a load makes it: what is fed so that the prefill has so many rows, and the script that holds
 * the output to so many decode passes.
 *
 * <pre>
 *   rows    1 fed back · 1 &lt;tick&gt; · 4 audio · 12 patches · &lt;text_in&gt; and ids   (24 with 5 ids)
 *   output  &lt;hear&gt; &lt;speak&gt; text … &lt;quiet&gt;: one position from the prefill, one from each decode pass;
 *           or &lt;say&gt; at the end, and a pass for each of four blocks of speech
 * </pre>
 *
 * @param rows rows of a session in the prefill, from its second tick on
 * @param passes decode passes, without those of speech
 * @param speaks whether every tick speaks
 * @param modalities bits of the {@link Modality} values the session declares
 * @param textIds ids fed with every tick
 * @param script ids every tick puts out
 */
public record TickShape(int rows, int passes, boolean speaks, int modalities, int[] textIds, int[] script) {
    private static final int FED_BACK_AND_TICK = 2;
    private static final int HEAR_AND_SPEAK = 2;

    /** Copies the arrays. */
    public TickShape {
        textIds = textIds.clone();
        script = script.clone();
    }

    @Override
    public int[] textIds() {
        return textIds.clone();
    }

    @Override
    public int[] script() {
        return script.clone();
    }

    /**
     * Positions of the sequence that a tick adds: its rows, and all outputs but the last, which the next tick feeds
     * back.
     */
    public int positions() {
        return rows + outputs() - 1;
    }

    /** Output positions of a tick. */
    public int outputs() {
        return 1 + passes + (speaks ? OutputMachine.SAY_BLOCKS : 0);
    }

    /** The same with speech in every tick, after its passes. */
    public TickShape speaking(final InteractionConfig interaction) {
        final int[] said = script();
        said[passes] = interaction.sayTokenId();
        return new TickShape(rows, passes, true, modalities, textIds, said);
    }

    /**
     * The shape of sessions that have some modalities and read nothing.
     *
     * @param modalities bits of the {@link Modality} values they declare, all of which the model has
     * @param passes decode passes
     * @throws IllegalArgumentException when the micro-turn does not allow so many passes
     */
    public static TickShape listening(
            final InklingWeights weights, final InteractionConfig interaction, final int modalities, final int passes) {
        final int audio = Modality.AUDIO.in(modalities) ? TickRecord.AUDIO_POSITIONS : 0;
        final int patches = Modality.VIDEO.in(modalities) ? patches(interaction) : 0;
        checkPasses(interaction, passes);
        final int textId = firstTextId(interaction.reservedIds(weights.config()));
        return new TickShape(
                FED_BACK_AND_TICK + audio + patches,
                passes,
                false,
                modalities,
                new int[0],
                script(interaction, passes, textId));
    }

    /**
     * The shape of sessions that have all modalities of a model, with so much text that the prefill has its rows.
     *
     * @param rows rows of a session in the prefill
     * @param passes decode passes
     * @throws IllegalArgumentException when the model or its micro-turn do not allow it, naming what they do
     */
    public static TickShape of(
            final InklingWeights weights, final InteractionConfig interaction, final int rows, final int passes) {
        final boolean hears = weights.audio().isPresent();
        final boolean sees = weights.vision().isPresent();
        final int audio = hears ? TickRecord.AUDIO_POSITIONS : 0;
        final int patches = sees ? patches(interaction) : 0;
        final int base = FED_BACK_AND_TICK + audio + patches;
        final int text = rows - base;
        final int most = interaction.textInMax();
        if (text != 0 && (text < 2 || text > 1 + most)) {
            throw new IllegalArgumentException(String.format(
                    "%d rows per tick cannot be had: expected %d (1 fed back, <tick>, %d audio, %d patches), or %d to"
                            + " %d with <text_in> and 1 to %d ids",
                    rows, base, audio, patches, base + 2, base + 1 + most, most));
        }
        checkPasses(interaction, passes);
        final int textId = firstTextId(interaction.reservedIds(weights.config()));
        final int[] ids = new int[Math.max(0, text - 1)];
        Arrays.fill(ids, textId);
        final int modalities =
                (hears ? Modality.AUDIO.bit() : 0) | (sees ? Modality.VIDEO.bit() : 0) | Modality.TEXT.bit();
        return new TickShape(rows, passes, false, modalities, ids, script(interaction, passes, textId));
    }

    private static int patches(final InteractionConfig interaction) {
        return interaction.videoRows() * interaction.videoCols();
    }

    private static void checkPasses(final InteractionConfig interaction, final int passes) {
        final int most = HEAR_AND_SPEAK + interaction.textOutMax();
        if (passes < 0 || passes > most) {
            throw new IllegalArgumentException(passes + " decode passes per tick: expected 0 to " + most
                    + ", as many as <hear>, <speak> and text_out_max " + interaction.textOutMax() + " ids make");
        }
    }

    private static int firstTextId(final Set<Integer> reserved) {
        int id = 0;
        while (reserved.contains(id)) {
            id++;
        }
        return id;
    }

    private static int[] script(final InteractionConfig interaction, final int passes, final int textId) {
        final int[] script = new int[passes + 1];
        Arrays.fill(script, textId);
        if (passes > 0) {
            script[0] = interaction.hearTokenId();
        }
        if (passes > 1) {
            script[1] = interaction.speakTokenId();
        }
        script[passes] = interaction.quietTokenId();
        return script;
    }
}
