package dev.tactus.scenario.speech;

import dev.tactus.espeak.EspeakVoice;
import dev.tactus.scenario.Draws;
import java.util.List;
import java.util.stream.Stream;

/**
 * Who there is to speak: accents times variants, at any rate from 115 to 220 words a minute, pitch from 20 to 80 and
 * range from 30 to 75. Variants of robots, whisper and the like are left out, and those of espeak-ng's sixth Klatt
 * synthesiser, which does not say the same thing twice alike. Immutable, any thread.
 */
public final class VoiceBook {
    /** Accents of {@link Split#TRAIN} and {@link Split#HELD_OUT_VOICES}, as espeak-ng names them. */
    public static final List<String> ACCENTS =
            List.of("en-us", "en", "en-029", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-us-nyc");
    /** The accent of {@link Split#UNSEEN_ACCENT}. */
    public static final String UNSEEN_ACCENT = "en-gb-scotland";
    /** Variants of {@link Split#HELD_OUT_VOICES}. */
    public static final List<String> HELD_OUT_VARIANTS =
            List.of("m4", "f3", "Andy", "linda", "robert", "steph2", "klatt3", "edward");
    /** Variants of the other two splits. */
    public static final List<String> TRAINING_VARIANTS = List.of(
            "m1", "m2", "m3", "m5", "m6", "m7", "m8", "f1", "f4", "f5", "klatt", "klatt2", "klatt4", "Alex", "Alicia",
            "Andrea", "Annie", "antonio", "anika", "belinda", "boris", "Denis", "Diogo", "ed", "Gene", "Gene2",
            "grandma", "grandpa", "gustave", "Hugo", "iven", "iven2", "Jacky", "john", "Lee", "marcelo", "Marco",
            "Mario", "max", "Michael", "miguel", "Mike", "norbert", "pablo", "paul", "pedro", "quincy", "rob", "sandro",
            "shelby", "steph", "steph3", "travis", "Tweaky", "victor", "zac");

    /** The model's own voice, which no user of a held-out split has. */
    public static final EspeakVoice MODEL = new EspeakVoice("en-us", "f2", 160, 50, 50);

    private VoiceBook() {}

    /**
     * A random voice of a split.
     *
     * @param split which
     * @param ownVoice probability that it is {@link #MODEL}; used in {@link Split#TRAIN} only, so that a model
     *     understands itself
     * @param draws where chance comes from
     */
    public static EspeakVoice draw(final Split split, final double ownVoice, final Draws draws) {
        final String accent = split == Split.UNSEEN_ACCENT ? UNSEEN_ACCENT : draws.pick(ACCENTS);
        final List<String> variants = split == Split.HELD_OUT_VOICES ? HELD_OUT_VARIANTS : TRAINING_VARIANTS;
        final EspeakVoice voice = new EspeakVoice(
                accent, draws.pick(variants), draws.between(115, 220), draws.between(20, 80), draws.between(30, 75));
        return draws.chance(ownVoice) && split == Split.TRAIN ? MODEL : voice;
    }

    /** The names ({@code accent+variant}) of all voices of a split. */
    public static Stream<String> names(final Split split) {
        final List<String> accents = split == Split.UNSEEN_ACCENT ? List.of(UNSEEN_ACCENT) : ACCENTS;
        final List<String> variants = split == Split.HELD_OUT_VOICES ? HELD_OUT_VARIANTS : TRAINING_VARIANTS;
        final Stream<String> own = split == Split.TRAIN ? Stream.of(MODEL.name()) : Stream.of();
        return Stream.concat(
                accents.stream().flatMap(accent -> variants.stream().map(variant -> accent + '+' + variant)), own);
    }
}
