package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.json.BoundedJson;
import dev.tactus.engine.tuning.TrainingExample;
import dev.tactus.engine.tuning.TrainingLimits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * Episodes of text from a file, one per line, in an order of their own in every epoch:
 *
 * <pre>
 *   {"ticks": [{"in": "what the user wrote", "hear": "its caption", "speak": "the answer"}, {}, …]}
 * </pre>
 *
 * All of it is tokenised when the source opens, so that a line which does not fit is known then.
 */
final class EpisodeSource implements ExampleSource {
    private static final Set<String> FIELDS = new TreeSet<>(Set.of("in", "hear", "speak"));
    private static final int MOST_TICKS = 1 << 16;

    private final DataContext context;
    private final TextTurns turns;
    private final List<List<TextTick>> episodes = new ArrayList<>();
    private final IdSum sum = new IdSum();
    private final Shuffle order;

    private EpisodeSource(final RecipeFields fields, final DataContext context, final TextTurns turns) {
        this.context = context;
        this.turns = turns;
        final Path file = fields.path("file");
        int number = 0;
        for (final String line : TextFile.read(fields, "file", file).lines().toList()) {
            number++;
            if (!line.isBlank()) {
                episodes.add(new Line(fields, file + ": line " + number).episode(line));
            }
        }
        if (episodes.isEmpty()) {
            throw fields.invalid("file", file + " without a line", "one episode or more");
        }
        order = new Shuffle(context.seed(), episodes.size());
    }

    static ExampleSource open(final RecipeFields fields, final DataContext context) {
        final TextTurns turns = new TextTurns(fields, context);
        boolean opened = false;
        try {
            final EpisodeSource source = new EpisodeSource(fields, context, turns);
            opened = true;
            return source;
        } finally {
            if (!opened) {
                turns.close();
            }
        }
    }

    @Override
    public TrainingLimits limits() {
        return turns.limits();
    }

    @Override
    public List<TrainingExample> batch(final long step) {
        return turns.batch(step, number -> episodes.get(order.at(number)));
    }

    @Override
    public String fingerprint() {
        return episodes.size() + " episodes, " + sum;
    }

    @Override
    public void close() {
        turns.close();
    }

    /** One line, and where it is. */
    private final class Line {
        private final RecipeFields fields;
        private final String where;

        Line(final RecipeFields fields, final String where) {
            this.fields = fields;
            this.where = where;
        }

        List<TextTick> episode(final String line) {
            final RecipeFields json = RecipeFields.of(Path.of(where), line);
            final JsonNode ticks = json.array("ticks", MOST_TICKS);
            json.done();
            final List<TextTick> episode = new ArrayList<>();
            for (final JsonNode tick : ticks) {
                episode.add(tick(tick, "ticks[" + episode.size() + ']'));
            }
            final int positions = TextTurns.positions(episode);
            if (positions > context.positions()) {
                throw RecipeException.of(
                        where, "episode", positions + " positions", "batch.positions, " + context.positions());
            }
            return episode;
        }

        private TextTick tick(final JsonNode json, final String path) {
            if (!json.isObject()) {
                throw RecipeException.of(where, path, json.getNodeType(), "an object with " + FIELDS);
            }
            for (final String field : json.propertyNames()) {
                if (!FIELDS.contains(field)) {
                    throw RecipeException.of(where, path + '.' + field, "an unknown field", "only " + FIELDS);
                }
            }
            final TextTick tick =
                    new TextTick(ids(json, path, "in"), ids(json, path, "hear"), ids(json, path, "speak"));
            require(path + ".in", tick.in().length, turns.ids().textInMax(), "text_in_max");
            require(
                    path + ".hear and .speak",
                    tick.hear().length + tick.speak().length,
                    turns.ids().textOutMax(),
                    "text_out_max");
            sum.add(tick.in());
            sum.add(tick.hear());
            sum.add(tick.speak());
            return tick;
        }

        private int[] ids(final JsonNode tick, final String path, final String field) {
            final JsonNode text = tick.get(field);
            if (text == null || text.isNull()) {
                return new int[0];
            }
            if (!text.isString()) {
                throw RecipeException.of(where, path + '.' + field, BoundedJson.write(text), "a text");
            }
            return context.encode(fields, where + ": " + path + '.' + field, text.stringValue());
        }

        private void require(final String path, final int found, final int most, final String limit) {
            if (found > most) {
                throw RecipeException.of(where, path, found + " ids", "the model's " + limit + ", " + most);
            }
        }
    }
}
