package dev.tactus.engine.model;

import java.util.Collection;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.BiFunction;
import tools.jackson.databind.JsonNode;

/**
 * A JSON object read strictly: every getter checks type and range and fails with one line that names the file, the
 * field, what was found and what is allowed.
 *
 * <p>A field may have several spellings. Absent and {@code null} are the same; two spellings must agree.
 */
final class ConfigObject {
    private final String file;
    private final String path;
    private final JsonNode node;

    /**
     * A view of {@code node}.
     *
     * @param file named in errors
     * @param path where in the file the object stands: empty, or a path that ends in a dot
     */
    ConfigObject(final String file, final String path, final JsonNode node) {
        if (!node.isObject()) {
            final String where = path.isEmpty() ? "content" : path.substring(0, path.length() - 1);
            throw InvalidModelException.of(file, where, shown(node), "a JSON object");
        }
        this.file = file;
        this.path = path;
        this.node = node;
    }

    /** The file, for errors. */
    String file() {
        return file;
    }

    /** The error for a field of this object. */
    InvalidModelException invalid(final String field, final Object found, final String allowed) {
        return InvalidModelException.of(file, path + field, found, allowed);
    }

    /** Whether the field stands there and is not null. */
    boolean has(final String field) {
        return node.has(field) && !node.get(field).isNull();
    }

    /** The object in a field, or empty. */
    Optional<ConfigObject> child(final String field) {
        return has(field) ? Optional.of(new ConfigObject(file, path + field + '.', node.get(field))) : Optional.empty();
    }

    /** Refuses fields other than {@code allowed}: where a format is ours, a misspelt field is an error. */
    void allowOnly(final Collection<String> allowed) {
        for (final String field : node.propertyNames()) {
            if (!allowed.contains(field)) {
                throw invalid(field, "an unknown field", String.join(", ", new TreeSet<>(allowed)));
            }
        }
    }

    /** An integer in [{@code least}, {@code most}] that must be there. */
    int requiredInteger(final String field, final int least, final int most) {
        final Integer value = integer(least, most, field);
        if (value == null) {
            throw invalid(field, "nothing", "an integer from " + least + " to " + most);
        }
        return value;
    }

    /** An integer in [{@code least}, {@code most}], or {@code absent}. */
    int integer(final int absent, final int least, final int most, final String... spellings) {
        final Integer value = integer(least, most, spellings);
        return value == null ? absent : value;
    }

    /** An integer in [{@code least}, {@code most}], or null. */
    Integer integer(final int least, final int most, final String... spellings) {
        final String allowed = "an integer from " + least + " to " + most;
        return agreed(spellings, (field, value) -> integerIn(field, value, least, most, allowed));
    }

    /** A finite number in [{@code least}, {@code most}], or {@code absent}. */
    float number(final float absent, final float least, final float most, final String... spellings) {
        final Float value = agreed(spellings, (field, found) -> {
            final double number = found.isNumber() ? found.doubleValue() : Double.NaN;
            if (!(number >= least && number <= most)) {
                throw invalid(field, shown(found), "a number from " + least + " to " + most);
            }
            return (float) number;
        });
        return value == null ? absent : value;
    }

    /** A string, or {@code absent}. */
    String text(final String absent, final String field) {
        final String value = agreed(new String[] {field}, (name, found) -> {
            if (!found.isString()) {
                throw invalid(name, shown(found), "a string");
            }
            return found.stringValue();
        });
        return value == null ? absent : value;
    }

    /** A boolean, or {@code absent}. */
    boolean bool(final boolean absent, final String field) {
        final Boolean value = agreed(new String[] {field}, (name, found) -> {
            if (!found.isBoolean()) {
                throw invalid(name, shown(found), "true or false");
            }
            return found.booleanValue();
        });
        return value == null ? absent : value;
    }

    /** {@code size} flags, true for each distinct index listed in the field; or null. */
    boolean[] flagsAt(final String field, final int size) {
        return agreed(new String[] {field}, (name, found) -> {
            final boolean[] flags = new boolean[size];
            for (final JsonNode element : requireArray(name, found, size)) {
                final int index =
                        integerIn(name, element, 0, size - 1, "integers from 0 to " + (size - 1) + ", the layers");
                if (flags[index]) {
                    throw invalid(name, index + " twice", "each layer once");
                }
                flags[index] = true;
            }
            return flags;
        });
    }

    /** {@code size} flags from as many strings, each {@code whenTrue} or {@code whenFalse}; or null. */
    boolean[] flagsNamed(final String field, final int size, final String whenTrue, final String whenFalse) {
        return agreed(new String[] {field}, (name, found) -> {
            final JsonNode array = requireArray(name, found, size);
            if (array.size() != size) {
                throw invalid(name, array.size() + " entries", size + ", one per layer");
            }
            final boolean[] flags = new boolean[size];
            for (int i = 0; i < size; i++) {
                final JsonNode element = array.get(i);
                final String word = element.isString() ? element.stringValue() : "";
                if (!word.equals(whenTrue) && !word.equals(whenFalse)) {
                    throw invalid(name + '[' + i + ']', shown(element), whenTrue + " or " + whenFalse);
                }
                flags[i] = word.equals(whenTrue);
            }
            return flags;
        });
    }

    private JsonNode requireArray(final String field, final JsonNode found, final int most) {
        if (!found.isArray() || found.size() > most) {
            throw invalid(
                    field,
                    found.isArray() ? found.size() + " entries" : shown(found),
                    "an array of at most " + most + " entries");
        }
        return found;
    }

    private int integerIn(
            final String field, final JsonNode found, final int least, final int most, final String allowed) {
        final boolean fits = found.isIntegralNumber() && found.canConvertToInt();
        if (!fits || found.intValue() < least || found.intValue() > most) {
            throw invalid(field, shown(found), allowed);
        }
        return found.intValue();
    }

    private <T> T agreed(final String[] spellings, final BiFunction<String, JsonNode, T> read) {
        T value = null;
        String from = null;
        for (final String spelling : spellings) {
            if (!has(spelling)) {
                continue;
            }
            final T next = read.apply(spelling, node.get(spelling));
            if (from != null && !Objects.equals(value, next)) {
                throw invalid(spelling, next, value + ", as " + from + " says");
            }
            value = next;
            from = spelling;
        }
        return value;
    }

    private static String shown(final JsonNode found) {
        if (found.isContainer()) {
            return found.isArray() ? "an array" : "an object";
        }
        return found.isString() ? '"' + found.stringValue() + '"' : found.toString();
    }
}
