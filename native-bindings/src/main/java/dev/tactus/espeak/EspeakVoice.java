package dev.tactus.espeak;

/**
 * How something is spoken: a language, a variant of its voice, and three settings. Immutable.
 *
 * @param language an accent as espeak-ng names it, such as {@code en-us} or {@code en-gb-x-rp}
 * @param variant a voice variant, such as {@code m3} or {@code belinda}
 * @param wordsPerMinute speaking rate, 80 to 450
 * @param pitch base pitch, 0 to 99; 50 is the variant's own
 * @param range pitch range, 0 (monotone) to 99; 50 is the variant's own
 */
public record EspeakVoice(String language, String variant, int wordsPerMinute, int pitch, int range) {
    /** Checks the settings. */
    public EspeakVoice {
        if (!language.matches("[A-Za-z0-9-]+") || !variant.matches("[A-Za-z0-9_-]+")) {
            throw new IllegalArgumentException("voice " + language + '+' + variant
                    + ": expected a language and a variant of letters, digits and hyphens");
        }
        check("words per minute", wordsPerMinute, 80, 450);
        check("pitch", pitch, 0, 99);
        check("range", range, 0, 99);
    }

    /** The name that espeak-ng knows the voice by, such as {@code en-us+m3}. */
    public String name() {
        return language + '+' + variant;
    }

    private static void check(final String what, final int value, final int min, final int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(what + " is " + value + ": expected " + min + " to " + max);
        }
    }
}
