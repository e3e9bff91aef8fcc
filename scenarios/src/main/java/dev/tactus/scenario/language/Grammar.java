package dev.tactus.scenario.language;

import dev.tactus.scenario.Draws;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The commands of {@link CommandKind} as a language. No command begins another, so after every word a listener knows
 * whether more must come: a pause there is a hesitation, or the end of the turn, and never both. Stateless.
 */
public final class Grammar {
    private Grammar() {}

    /** What some words are. */
    public enum Status {
        /** The beginning of a command, not yet one. */
        INCOMPLETE,
        /** A command. */
        COMPLETE,
        /** Neither. */
        NONE
    }

    /**
     * What is known after some words.
     *
     * @param status whether more must come
     * @param command the command, when complete
     */
    public record Parse(Status status, Optional<Command> command) {}

    /** Reads words from the wake word on. */
    public static Parse parse(final List<String> words) {
        boolean incomplete = false;
        for (final CommandKind kind : CommandKind.values()) {
            final Match match = match(kind, words);
            if (match.status == Status.COMPLETE) {
                return new Parse(Status.COMPLETE, Optional.of(new Command(kind, words, match.values)));
            }
            incomplete |= match.status == Status.INCOMPLETE;
        }
        return new Parse(incomplete ? Status.INCOMPLETE : Status.NONE, Optional.empty());
    }

    /** The words that may follow {@code words}; empty when they are a command or none's beginning. */
    public static Set<String> next(final List<String> words) {
        final Set<String> out = new TreeSet<>();
        for (final CommandKind kind : CommandKind.values()) {
            final Match match = match(kind, words);
            if (match.status == Status.INCOMPLETE) {
                out.addAll(match.next);
            }
        }
        return out;
    }

    /**
     * A random command.
     *
     * @param kind what is asked for
     * @param draws where chance comes from
     * @param correction probability that a slot which may be corrected is
     */
    public static Command random(final CommandKind kind, final Draws draws, final double correction) {
        final List<String> words = new ArrayList<>();
        final List<String> values = new ArrayList<>();
        for (final CommandKind.Place place : kind.places()) {
            String word = draws.pick(place.words());
            words.add(word);
            if (place.correctable() && draws.chance(correction)) {
                final String wrong = word;
                word = draws.pick(place.words().stream()
                        .filter(other -> !other.equals(wrong))
                        .toList());
                words.add(Vocabulary.NO);
                words.add(word);
            }
            if (place.slot()) {
                values.add(word);
            }
        }
        return new Command(kind, words, values);
    }

    private record Match(Status status, List<String> values, List<String> next) {}

    private static Match match(final CommandKind kind, final List<String> words) {
        final List<String> values = new ArrayList<>();
        final List<CommandKind.Place> places = kind.places();
        int at = 0;
        for (int p = 0; p < places.size(); p++) {
            final CommandKind.Place place = places.get(p);
            if (at == words.size()) {
                final List<String> next = new ArrayList<>(place.words());
                if (p > 0 && places.get(p - 1).correctable() && !corrected(words, at)) {
                    next.add(Vocabulary.NO);
                }
                return new Match(Status.INCOMPLETE, values, next);
            }
            if (!place.words().contains(words.get(at))) {
                return new Match(Status.NONE, values, List.of());
            }
            String value = words.get(at++);
            if (place.correctable() && at < words.size() && words.get(at).equals(Vocabulary.NO)) {
                at++;
                if (at == words.size()) {
                    return new Match(Status.INCOMPLETE, values, place.words());
                }
                if (!place.words().contains(words.get(at))) {
                    return new Match(Status.NONE, values, List.of());
                }
                value = words.get(at++);
            }
            if (place.slot()) {
                values.add(value);
            }
        }
        return new Match(at == words.size() ? Status.COMPLETE : Status.NONE, values, List.of());
    }

    private static boolean corrected(final List<String> words, final int at) {
        return at > 1 && words.get(at - 2).equals(Vocabulary.NO);
    }
}
