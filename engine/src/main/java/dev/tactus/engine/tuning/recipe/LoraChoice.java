package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.adapter.LoraConfig;
import dev.tactus.engine.adapter.LoraGroup;
import dev.tactus.engine.adapter.LoraInit;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * An adapter that a recipe trains, the base staying as it is.
 *
 * @param from folder of an adapter to go on with, which then says all else; or null for a new one
 * @param config rank and scale
 * @param groups the matrices it stands beside
 * @param init what its factors A start with; factors B start at zero
 * @param seed of its factors A
 */
public record LoraChoice(Path from, LoraConfig config, Set<LoraGroup> groups, LoraInit init, long seed) {
    private static final double MOST_ALPHA = 1e6;
    private static final int USUAL_RANK = 8;

    /** Makes the set unmodifiable. */
    public LoraChoice {
        groups = Set.copyOf(groups);
    }

    static LoraChoice read(final RecipeFields fields) {
        if (fields.has("from")) {
            final Path from = fields.path("from");
            fields.done();
            return new LoraChoice(from, LoraConfig.of(1, 1), Set.of(), LoraInit.KAIMING, 0);
        }
        final int rank = (int) fields.integer("rank", USUAL_RANK, 1, LoraConfig.MOST_RANK);
        final double alpha = fields.number("alpha", rank, 1e-6, MOST_ALPHA);
        final boolean stabilised = fields.flag("rank_stabilised", false);
        final List<String> allowed = names(LoraGroup.values());
        final Set<LoraGroup> groups = EnumSet.noneOf(LoraGroup.class);
        for (final String name : fields.texts("groups", List.of("attention", "mlp"), allowed.size(), true)) {
            if (!allowed.contains(name)) {
                throw fields.invalid("groups", '"' + name + '"', String.join(", ", allowed));
            }
            groups.add(LoraGroup.valueOf(name.toUpperCase(Locale.ROOT)));
        }
        final String init = fields.choice("init", names(LoraInit.KAIMING).get(0), names(LoraInit.values()));
        final long seed = fields.integer("seed", 0, Long.MIN_VALUE, Long.MAX_VALUE);
        fields.done();
        return new LoraChoice(
                null,
                new LoraConfig(rank, (float) alpha, stabilised),
                groups,
                LoraInit.valueOf(init.toUpperCase(Locale.ROOT)),
                seed);
    }

    private static List<String> names(final Enum<?>... values) {
        return Arrays.stream(values)
                .map(value -> value.name().toLowerCase(Locale.ROOT))
                .toList();
    }
}
