package dev.tactus.app.model;

import dev.tactus.app.cli.Table;
import dev.tactus.app.cli.Units;
import dev.tactus.engine.model.RandomModel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The exact sizes of a checkpoint's tensors; layers whose tensor looks the same share a line. */
public final class SizeTable {
    private static final String PREFIX = "model.";
    private static final Pattern LAYER = Pattern.compile("llm\\.layers\\.(\\d+)\\.(.*)");

    private SizeTable() {}

    private record Key(String name, List<Long> shape, String dtype) {}

    private static final class Group {
        private final List<Integer> layers = new ArrayList<>();
        private long tensors;
        private long bytes;
    }

    /** The lines about a model that was just written. */
    public static List<String> ofRandom(final RandomModel.Summary summary) {
        final Map<Key, Group> groups = new LinkedHashMap<>();
        for (final RandomModel.Row row : summary.rows()) {
            final String name = row.name().startsWith(PREFIX) ? row.name().substring(PREFIX.length()) : row.name();
            final Matcher layer = LAYER.matcher(name);
            final boolean inLayer = layer.matches();
            final String shown = inLayer ? "llm.layers.*." + layer.group(2) : name;
            final Group group = groups.computeIfAbsent(
                    new Key(shown, row.shape(), row.dtype().name()), key -> new Group());
            if (inLayer) {
                group.layers.add(Integer.parseInt(layer.group(1)));
            }
            group.tensors++;
            group.bytes += row.bytes();
        }
        final Table table = new Table("llrlrr");
        table.row("tensor", "layers", "count", "type", "shape", "bytes");
        groups.forEach((key, group) -> table.row(
                key.name(),
                ranges(group.layers.stream().mapToInt(Integer::intValue).toArray()),
                Units.exact(group.tensors),
                key.dtype(),
                key.shape().toString(),
                Units.exact(group.bytes)));
        table.row("total", "", Units.exact(summary.rows().size()), "", "", Units.exact(summary.bytes()));
        final List<String> lines = new ArrayList<>();
        lines.add(summary.directory() + ": " + Units.exact(summary.parameters()) + " parameters, "
                + Units.bytes(summary.bytes()));
        lines.addAll(table.lines("  "));
        return lines;
    }

    /** {@code 0-4, 6-10, 12} for ascending numbers. */
    static String ranges(final int... numbers) {
        final StringBuilder out = new StringBuilder();
        int from = 0;
        while (from < numbers.length) {
            int to = from;
            while (to + 1 < numbers.length && numbers[to + 1] == numbers[to] + 1) {
                to++;
            }
            out.append(out.isEmpty() ? "" : ", ").append(numbers[from]);
            if (to > from) {
                out.append('-').append(numbers[to]);
            }
            from = to + 1;
        }
        return out.toString();
    }
}
