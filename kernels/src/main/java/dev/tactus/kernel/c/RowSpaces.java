package dev.tactus.kernel.c;

/**
 * Most rows of each space that a program is built for; a pass may have fewer. The spaces are those of {@code enum
 * tactus_space}, by number.
 *
 * @param pass positions of a pass
 * @param output positions whose logits are wanted
 * @param audio audio sources
 * @param patch patch sources
 * @param segments sessions of a pass
 */
public record RowSpaces(int pass, int output, int audio, int patch, int segments) {
    /** {@code TACTUS_SPACE_PASS}. */
    public static final int PASS = 0;

    /** {@code TACTUS_SPACE_OUTPUT}. */
    public static final int OUTPUT = 1;

    /** {@code TACTUS_SPACE_AUDIO}. */
    public static final int AUDIO = 2;

    /** {@code TACTUS_SPACE_PATCH}. */
    public static final int PATCH = 3;

    /** Rows of a space. */
    int of(final int space) {
        return switch (space) {
            case PASS -> pass;
            case OUTPUT -> output;
            case AUDIO -> audio;
            case PATCH -> patch;
            default -> throw new IllegalArgumentException("row space " + space + ": expected 0 to 3");
        };
    }
}
