package dev.tactus.scenario.language;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tactus.scenario.Draws;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GrammarTest {
    /** Walks all that may be said, word by word. */
    private static int walk(final List<String> words, final Set<CommandKind> kinds) {
        final Grammar.Parse parse = Grammar.parse(words);
        final Set<String> next = Grammar.next(words);
        if (parse.status() == Grammar.Status.COMPLETE) {
            assertEquals(Set.of(), next, "a command begins another: " + words);
            kinds.add(parse.command().orElseThrow().kind());
            for (final String word : Vocabulary.all()) {
                final List<String> longer = new ArrayList<>(words);
                longer.add(word);
                assertEquals(Grammar.Status.NONE, Grammar.parse(longer).status(), longer::toString);
            }
            return 1;
        }
        assertEquals(Grammar.Status.INCOMPLETE, parse.status(), words::toString);
        assertTrue(!next.isEmpty(), () -> "nothing may follow " + words);
        int commands = 0;
        for (final String word : next) {
            words.add(word);
            // one value stands for all that lead to the same places, but for those that are walked whole
            commands += words.size() < 5 || !Vocabulary.COLOURS.contains(word) || word.equals("red")
                    ? walk(words, kinds)
                    : 0;
            words.remove(words.size() - 1);
        }
        return commands;
    }

    @Test
    void shouldNeverBeginACommandWithAnother() {
        final Set<CommandKind> kinds = EnumSet.noneOf(CommandKind.class);
        final int commands = walk(new ArrayList<>(List.of(Vocabulary.WAKE)), kinds);
        assertEquals(EnumSet.allOf(CommandKind.class), kinds);
        assertTrue(commands > 1000, () -> commands + " commands walked");
    }

    @Test
    void shouldParseWhatItDraws() {
        final long seed = 11;
        final Draws draws = new Draws(seed, 0);
        for (int i = 0; i < 2000; i++) {
            final CommandKind kind = draws.pick(List.of(CommandKind.values()));
            final Command command = Grammar.random(kind, draws, 0.4);
            assertEquals(command, Grammar.parse(command.words()).command().orElseThrow(), "seed " + seed);
            for (int length = 1; length < command.words().size(); length++) {
                final List<String> beginning = command.words().subList(0, length);
                assertEquals(Grammar.Status.INCOMPLETE, Grammar.parse(beginning).status(), beginning::toString);
                assertTrue(
                        Grammar.next(beginning).contains(command.words().get(length)),
                        () -> beginning + " " + Grammar.next(beginning));
            }
            assertTrue(Vocabulary.all().containsAll(command.words()), command::toString);
            assertTrue(Vocabulary.all().containsAll(command.reply()), command::toString);
        }
    }

    private static List<String> reply(final String words) {
        return Grammar.parse(Vocabulary.split(words)).command().orElseThrow().reply();
    }

    @Test
    void shouldAnswer() {
        assertEquals(List.of("red"), reply("computer say red"));
        assertEquals(List.of("seven"), reply("computer add four and three"));
        assertEquals(List.of("eight"), reply("computer add four no five and three"));
        assertEquals(List.of("five"), reply("computer what comes after four"));
        assertEquals(List.of("three"), reply("computer what comes before four"));
        assertEquals(List.of("okay", "blue", "star", "up"), reply("computer move the red no blue circle no star up"));
        assertEquals(List.of("okay", "red", "star"), reply("computer paint the star red"));
        assertEquals(Vocabulary.NUMBERS.subList(0, 6), reply("computer count until six"));
        assertEquals(List.of("okay"), reply("computer in three seconds say red"));
        assertEquals(Grammar.Status.NONE, Grammar.parse(List.of("say", "red")).status());
    }
}
