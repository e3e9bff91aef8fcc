package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.model.InteractionConfig;
import dev.tactus.engine.tuning.TrainingExample;
import dev.tactus.engine.tuning.TrainingLimits;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Small tasks of micro-turns in text, made up as they are needed:
 *
 * <pre>
 *   reply   the user writes a call now and then, and a fixed number of ticks later the model says what it is answered
 *           with; to ignored words, and in between, it is quiet
 *   echo    the user writes some words now and then, and the model says them again a fixed number of ticks later
 * </pre>
 *
 * With {@code caption} the model also captions what was written, in the tick it came in.
 */
final class MadeSource implements ExampleSource {
    private static final int[] NONE = {};
    private static final int MOST_WORDS = 4096;
    private static final int MOST_TICKS = 4096;

    private final TextTurns turns;
    private final InteractionConfig ids;
    private final DataContext context;
    private final List<int[]> calls = new ArrayList<>();
    private final List<int[]> answers = new ArrayList<>();
    private final boolean echo;
    private final boolean caption;
    private final double rate;
    private final int delay;
    private final int[] ticks;
    private final int[] length;

    private MadeSource(final RecipeFields fields, final DataContext context, final TextTurns turns) {
        this.turns = turns;
        this.ids = turns.ids();
        this.context = context;
        echo = fields.choice("task", null, List.of("echo", "reply")).equals("echo");
        ticks = fields.range("ticks", new int[] {8, 16}, 1, MOST_TICKS);
        rate = fields.number("rate", 0.3, 0.001, 1);
        delay = (int) fields.integer("delay", 1, 0, 64);
        caption = fields.flag("caption", false);
        if (echo) {
            length = fields.range("length", new int[] {1, 1}, 1, ids.textOutMax());
            readEcho(fields);
        } else {
            length = null;
            readReplies(fields);
        }
        requireRoom(fields);
    }

    static ExampleSource open(final RecipeFields fields, final DataContext context) {
        final TextTurns turns = new TextTurns(fields, context);
        boolean opened = false;
        try {
            final MadeSource source = new MadeSource(fields, context, turns);
            opened = true;
            return source;
        } finally {
            if (!opened) {
                turns.close();
            }
        }
    }

    private void readEcho(final RecipeFields fields) {
        for (final String word : fields.texts("words", List.of(), MOST_WORDS, true)) {
            final int[] call = known(fields, "words", word);
            if (call.length != 1) {
                throw fields.invalid("words", '"' + word + "\" of " + call.length + " ids", "words of one id");
            }
            calls.add(call);
        }
        if (calls.isEmpty()) {
            throw fields.invalid("words", "nothing", "the words that the user writes");
        }
    }

    private void readReplies(final RecipeFields fields) {
        for (final Map.Entry<String, String> pair :
                fields.textMap("pairs", MOST_WORDS).entrySet()) {
            calls.add(known(fields, "pairs." + pair.getKey(), pair.getKey()));
            answers.add(known(fields, "pairs." + pair.getKey(), pair.getValue()));
        }
        for (final String word : fields.texts("ignored", List.of(), MOST_WORDS, true)) {
            calls.add(known(fields, "ignored", word));
            answers.add(NONE);
        }
    }

    /** The ids of a word, which must come out of the tokenizer as it went in. */
    private int[] known(final RecipeFields fields, final String field, final String word) {
        if (!context.tokenizer().isPresent()) {
            throw fields.invalid(field, "a model without tokenizer.json", "a model with one, since it is told text");
        }
        final int[] found = context.encode(fields, field, word);
        if (!context.tokenizer().decode(found).strip().equals(word)) {
            throw fields.invalid(field, '"' + word + '"', "text that the model's tokenizer knows");
        }
        return found;
    }

    private void requireRoom(final RecipeFields fields) {
        for (int i = 0; i < calls.size(); i++) {
            final int in = echo ? length[1] : calls.get(i).length;
            final int answer = echo ? length[1] : answers.get(i).length;
            final int out = caption ? in + (delay == 0 ? answer : 0) : answer;
            if (in > ids.textInMax() || Math.max(out, answer) > ids.textOutMax()) {
                throw fields.invalid(
                        echo ? "length" : "pairs",
                        in + " ids in a tick and " + Math.max(out, answer) + " out of one",
                        "the model's text_in_max, " + ids.textInMax() + ", and text_out_max, " + ids.textOutMax());
            }
        }
        final int positions = most();
        if (positions > context.positions()) {
            throw fields.invalid(
                    "ticks",
                    ticks[1] + ", up to " + positions + " positions",
                    "batch.positions, " + context.positions());
        }
    }

    /** Positions of the longest episode: a call in every tick that can have one. */
    private int most() {
        final int call = longest(calls);
        final int perCall = TextTurns.marked(call)
                + (caption ? TextTurns.marked(call) : 0)
                + TextTurns.marked(longest(echo ? calls : answers));
        final int apart = 1 + delay;
        return 2 * ticks[1] - 1 + (ticks[1] + apart - 1) / apart * perCall;
    }

    private int longest(final List<int[]> texts) {
        return echo
                ? length[1]
                : texts.stream().mapToInt(text -> text.length).max().orElse(0);
    }

    @Override
    public TrainingLimits limits() {
        return turns.limits();
    }

    @Override
    public List<TrainingExample> batch(final long step) {
        return turns.batch(step, this::episode);
    }

    /** The episode of that number. */
    List<TextTick> episode(final long number) {
        final Draws draws = new Draws(context.seed(), Draws.Purpose.EPISODE, number);
        final int count = draws.between(ticks[0], ticks[1]);
        final List<TextTick> episode = new ArrayList<>(Collections.nCopies(count, TextTick.QUIET));
        // a call comes only when the one before it has been answered
        for (int tick = 0; tick < count; tick++) {
            if (draws.chance(rate)) {
                final int call = draws.below(calls.size());
                final int[] in = echo ? words(draws) : calls.get(call);
                final int[] answer = echo ? in : answers.get(call);
                final int[] hear = caption ? in : NONE;
                episode.set(tick, new TextTick(in, hear, delay == 0 ? answer : NONE));
                if (delay > 0 && tick + delay < count) {
                    episode.set(tick + delay, new TextTick(NONE, NONE, answer));
                }
                tick += delay;
            }
        }
        return episode;
    }

    private int[] words(final Draws draws) {
        return IntStream.range(0, draws.between(length[0], length[1]))
                .map(i -> calls.get(draws.below(calls.size()))[0])
                .toArray();
    }

    @Override
    public String fingerprint() {
        final IdSum sum = new IdSum();
        calls.forEach(sum::add);
        answers.forEach(sum::add);
        return "made of " + calls.size() + " calls, " + sum;
    }

    @Override
    public void close() {
        turns.close();
    }
}
