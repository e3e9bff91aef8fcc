package dev.tactus.engine.tuning.recipe;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The kinds of data a recipe can name, by name. Immutable. */
public final class DataKinds {
    /** Opens data of one kind. */
    @FunctionalInterface
    public interface Kind {
        /**
         * Opens data; the caller closes them.
         *
         * @param fields of the recipe's {@code data}, of which {@code kind} was read; {@link RecipeFields#done()} is
         *     the caller's
         * @throws RecipeException in one line when a field or a file makes no sense
         */
        ExampleSource open(RecipeFields fields, DataContext context);
    }

    private final Map<String, Kind> kinds;

    private DataKinds(final Map<String, Kind> kinds) {
        this.kinds = kinds;
    }

    /** {@code made}, {@code episodes} and {@code text}. */
    public static DataKinds standard() {
        return new DataKinds(new TreeMap<>())
                .with("made", MadeSource::open)
                .with("episodes", EpisodeSource::open)
                .with("text", TextSource::open);
    }

    /** These and one more, which another module brings. */
    public DataKinds with(final String name, final Kind kind) {
        final Map<String, Kind> more = new TreeMap<>(kinds);
        more.put(name, kind);
        return new DataKinds(more);
    }

    /**
     * Opens the data that {@code fields} describe; the caller closes them.
     *
     * @throws RecipeException in one line when a field or a file makes no sense
     */
    public ExampleSource open(final RecipeFields fields, final DataContext context) {
        final String kind = fields.choice("kind", null, List.copyOf(kinds.keySet()));
        final ExampleSource source = kinds.get(kind).open(fields, context);
        boolean fits = false;
        try {
            fields.done();
            fits = true;
            return source;
        } finally {
            if (!fits) {
                source.close();
            }
        }
    }
}
