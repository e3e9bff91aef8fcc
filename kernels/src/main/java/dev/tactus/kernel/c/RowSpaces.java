package dev.tactus.kernel.c;

/**
 * Most rows of each space that a program is built for; a pass may have fewer. The spaces are those of {@code enum
 * tactus_space}, by number.
 *
 * @param pass positions of a pass
 * @param output positions whose logits are wanted
 * @param audio audio sources
 * @param patch patch sources
 * @param speech blocks of speech that are taken in
 * @param voice positions that a block of speech is made of
 * @param segments sessions of a pass, and jobs of the vocoder
 */
public record RowSpaces(int pass, int output, int audio, int patch, int speech, int voice, int segments) {
    /** {@code TACTUS_SPACE_PASS}. */
    public static final int PASS = 0;

    /** {@code TACTUS_SPACE_OUTPUT}. */
    public static final int OUTPUT = 1;

    /** {@code TACTUS_SPACE_AUDIO}. */
    public static final int AUDIO = 2;

    /** {@code TACTUS_SPACE_PATCH}. */
    public static final int PATCH = 3;

    /** {@code TACTUS_SPACE_SPEECH}. */
    public static final int SPEECH = 4;

    /** {@code TACTUS_SPACE_VOICE}. */
    public static final int VOICE = 5;

    /** Of a model that does not speak. */
    public RowSpaces(final int pass, final int output, final int audio, final int patch, final int segments) {
        this(pass, output, audio, patch, 0, 0, segments);
    }

    /** Rows of a space. */
    int of(final int space) {
        return switch (space) {
            case PASS -> pass;
            case OUTPUT -> output;
            case AUDIO -> audio;
            case PATCH -> patch;
            case SPEECH -> speech;
            case VOICE -> voice;
            default -> throw new IllegalArgumentException("row space " + space + ": expected 0 to 5");
        };
    }
}
