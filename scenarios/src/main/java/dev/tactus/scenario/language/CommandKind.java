package dev.tactus.scenario.language;

import java.util.ArrayList;
import java.util.List;

/**
 * What a user can ask for. A pattern is words, and slots in braces; a slot with a star may be corrected on the spot
 * ("red no blue"). The last place of a pattern is never corrected: a command that could go on would not be complete.
 */
public enum CommandKind {
    /** Answer: the thing. */
    SAY("computer say {thing}"),
    /** Answer: the sum. */
    ADD("computer add {addend*} and {addend}"),
    /** Answer: the next number. */
    AFTER("computer what comes after {lower}"),
    /** Answer: the number before. */
    BEFORE("computer what comes before {upper}"),
    /** Answer: okay, and what is moved where. */
    MOVE("computer move the {colour*} {shape*} {direction}"),
    /** Answer: okay, and what it will look like. */
    PAINT("computer paint the {shape*} {colour}"),
    /** Answer: all numbers from one on. The long one. */
    COUNT_UNTIL("computer count until {many}"),
    /** Answer: okay; and the thing, that many seconds after the command's last word. */
    DELAYED("computer in {delay*} seconds say {thing}"),
    /** Answer: okay; and at every flash how many there were. */
    COUNT_FLASHES("computer count the flashes"),
    /** Answer: okay; and now, when the shape crosses the line. */
    WATCH("computer say when the shape crosses the line");

    private final List<Place> places;

    CommandKind(final String pattern) {
        places = Vocabulary.split(pattern).stream().map(CommandKind::place).toList();
    }

    /**
     * A place of a pattern: a fixed word, or one of a slot's values.
     *
     * @param words what may stand here
     * @param slot whether it is a slot
     * @param correctable whether another value may follow after "no"
     */
    record Place(List<String> words, boolean slot, boolean correctable) {}

    /** The pattern's places, in order. */
    List<Place> places() {
        return places;
    }

    private static Place place(final String part) {
        if (!part.startsWith("{")) {
            return new Place(List.of(part), false, false);
        }
        final boolean correctable = part.endsWith("*}");
        return new Place(values(part.replaceAll("[{}*]", "")), true, correctable);
    }

    private static List<String> values(final String slot) {
        final List<String> numbers = Vocabulary.NUMBERS;
        return switch (slot) {
            case "addend" -> numbers.subList(0, 5);
            case "lower" -> numbers.subList(0, 9);
            case "upper" -> numbers.subList(1, 10);
            case "delay" -> numbers.subList(1, 6);
            case "many" -> numbers.subList(5, 10);
            case "colour" -> Vocabulary.COLOURS;
            case "shape" -> Vocabulary.SHAPES;
            case "direction" -> Vocabulary.DIRECTIONS;
            case "thing" -> things();
            default -> throw new IllegalArgumentException("no slot is called " + slot);
        };
    }

    private static List<String> things() {
        final List<String> out = new ArrayList<>(Vocabulary.COLOURS);
        out.addAll(Vocabulary.SHAPES);
        out.addAll(Vocabulary.NUMBERS);
        out.addAll(Vocabulary.DIRECTIONS);
        return List.copyOf(out);
    }
}
