package dev.tactus.scenario.language;

import java.util.List;

/**
 * A complete command. Immutable.
 *
 * @param kind what is asked for
 * @param words as it is said, corrections included
 * @param values what its slots hold in the end
 */
public record Command(CommandKind kind, List<String> words, List<String> values) {
    /** Copies the lists. */
    public Command {
        words = List.copyOf(words);
        values = List.copyOf(values);
    }

    /** What the model answers at once. */
    public List<String> reply() {
        return switch (kind) {
            case SAY -> values;
            case ADD -> List.of(number(value(0) + value(1)));
            case AFTER -> List.of(number(value(0) + 1));
            case BEFORE -> List.of(number(value(0) - 1));
            case MOVE -> List.of(Vocabulary.OKAY, values.get(0), values.get(1), values.get(2));
            case PAINT -> List.of(Vocabulary.OKAY, values.get(1), values.get(0));
            case COUNT_UNTIL -> Vocabulary.NUMBERS.subList(0, value(0));
            case DELAYED, COUNT_FLASHES, WATCH -> List.of(Vocabulary.OKAY);
        };
    }

    /** Milliseconds from the end of a {@link CommandKind#DELAYED} command to what it asks for. */
    public int delayMs() {
        if (kind != CommandKind.DELAYED) {
            throw new IllegalStateException(kind + " has no delay");
        }
        return value(0) * 1000;
    }

    /** What a {@link CommandKind#DELAYED} command wants to hear then. */
    public String delayedWord() {
        if (kind != CommandKind.DELAYED) {
            throw new IllegalStateException(kind + " has no delay");
        }
        return values.get(1);
    }

    /** The word for 1 to 10. */
    public static String number(final int value) {
        return Vocabulary.NUMBERS.get(value - 1);
    }

    private int value(final int slot) {
        return Vocabulary.NUMBERS.indexOf(values.get(slot)) + 1;
    }
}
