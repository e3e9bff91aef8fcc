package dev.tactus.engine.tuning.recipe;

import dev.tactus.engine.json.BoundedJson;
import dev.tactus.engine.model.InvalidModelException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/**
 * An object of a recipe, read strictly: every getter checks type and range, and {@link #done()} refuses every field
 * that no getter asked for. Errors are one line with file, field, what was found and what is allowed.
 *
 * <p>Absent and {@code null} are the same. Not thread-safe.
 */
public final class RecipeFields {
    /** A quarter of what a checkpoint can note, as it holds the recipe. */
    private static final long LARGEST_FILE = BoundedJson.LONGEST / 4;

    private final Path file;
    private final String path;
    private final JsonNode node;
    private final Set<String> asked = new TreeSet<>();

    private RecipeFields(final Path file, final String path, final JsonNode node) {
        this.file = file;
        this.path = path;
        this.node = node;
    }

    /**
     * The object in a file of at most 256 KiB.
     *
     * @throws RecipeException when it cannot be read or is no JSON object
     */
    public static RecipeFields read(final Path file) {
        return of(file, readText(file));
    }

    /** The object in {@code json}; {@code file} is named in errors, and paths are relative to its folder. */
    static RecipeFields of(final Path file, final String json) {
        try {
            return new RecipeFields(file, "", BoundedJson.readObject(file.toString(), json));
        } catch (final InvalidModelException e) {
            throw new RecipeException(e.getMessage(), e);
        }
    }

    private static String readText(final Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw RecipeException.of(file, "file", Files.exists(file) ? "no file" : "nothing", "a JSON file");
            }
            if (Files.size(file) > LARGEST_FILE) {
                throw RecipeException.of(file, "size", Files.size(file) + " bytes", "at most " + LARGEST_FILE);
            }
            return Files.readString(file);
        } catch (final CharacterCodingException e) {
            throw new RecipeException(file + ": content: found bytes that are no UTF-8, allowed UTF-8", e);
        } catch (final IOException e) {
            throw new RecipeException(file + ": cannot be read: " + e, e);
        }
    }

    /** The file the object stands in. */
    public Path file() {
        return file;
    }

    /** Whether a field stands there and is not null. */
    public boolean has(final String field) {
        asked.add(field);
        return node.has(field) && !node.get(field).isNull();
    }

    /** Whether a field is an object. */
    public boolean isObject(final String field) {
        return has(field) && node.get(field).isObject();
    }

    /** The object in a field that must be there. */
    public RecipeFields object(final String field) {
        final JsonNode value = required(field, JsonNode::isObject, "an object");
        return new RecipeFields(file, path + field + '.', value);
    }

    /** The JSON of a field that must be an object. */
    JsonNode json(final String field) {
        return required(field, JsonNode::isObject, "an object");
    }

    /** A text that must be there, not empty. */
    public String text(final String field) {
        return required(field, value -> value.isString() && !value.stringValue().isEmpty(), "a text that is not empty")
                .stringValue();
    }

    /** One of a few words; {@code absent} when the field is not there, or null where it must be. */
    public String choice(final String field, final String absent, final List<String> allowed) {
        if (!has(field) && absent != null) {
            return absent;
        }
        return required(
                        field,
                        value -> value.isString() && allowed.contains(value.stringValue()),
                        String.join(", ", allowed))
                .stringValue();
    }

    /** A path, relative to the folder of the recipe. */
    public Path path(final String field) {
        final String text = text(field);
        final Path folder = file.toAbsolutePath().normalize().getParent();
        try {
            return folder.resolve(text).normalize();
        } catch (final java.nio.file.InvalidPathException e) {
            throw invalid(field, '"' + text + '"', "a path");
        }
    }

    /** A flag, or {@code absent}. */
    public boolean flag(final String field, final boolean absent) {
        return has(field)
                ? required(field, JsonNode::isBoolean, "true or false").booleanValue()
                : absent;
    }

    /** An integer in [{@code least}, {@code most}] that must be there. */
    public long integer(final String field, final long least, final long most) {
        return required(field, value -> isInteger(value, least, most), "an integer from " + least + " to " + most)
                .longValue();
    }

    /** An integer in [{@code least}, {@code most}], or {@code absent}. */
    public long integer(final String field, final long absent, final long least, final long most) {
        return has(field) ? integer(field, least, most) : absent;
    }

    /** A number in [{@code least}, {@code most}] that must be there. */
    public double number(final String field, final double least, final double most) {
        return required(
                        field,
                        value -> value.isNumber() && value.doubleValue() >= least && value.doubleValue() <= most,
                        "a number from " + least + " to " + most)
                .doubleValue();
    }

    /** A number in [{@code least}, {@code most}], or {@code absent}. */
    public double number(final String field, final double absent, final double least, final double most) {
        return has(field) ? number(field, least, most) : absent;
    }

    /** Two integers {@code [low, high]} in rising order, both in [{@code least}, {@code most}]. */
    public int[] range(final String field, final int[] absent, final int least, final int most) {
        if (!has(field)) {
            return absent.clone();
        }
        final JsonNode value = required(
                field,
                found -> found.isArray()
                        && found.size() == 2
                        && isInteger(found.get(0), least, most)
                        && isInteger(found.get(1), found.get(0).longValue(), most),
                "[low, high], two integers from " + least + " to " + most + " in rising order");
        return new int[] {value.get(0).intValue(), value.get(1).intValue()};
    }

    /** A list of texts that are not empty, or {@code absent}; without duplicates where {@code distinct}. */
    public List<String> texts(final String field, final List<String> absent, final int most, final boolean distinct) {
        if (!has(field)) {
            return absent;
        }
        final String allowed = "1 to " + most + (distinct ? " distinct" : "") + " texts that are not empty";
        final JsonNode value =
                required(field, found -> found.isArray() && !found.isEmpty() && found.size() <= most, allowed);
        final List<String> texts = new ArrayList<>();
        for (final JsonNode element : value) {
            final String text = element.isString() ? element.stringValue() : "";
            if (text.isEmpty() || distinct && texts.contains(text)) {
                throw invalid(field + '[' + texts.size() + ']', shown(element), allowed);
            }
            texts.add(text);
        }
        return List.copyOf(texts);
    }

    /** An array of 1 to {@code most} elements. */
    JsonNode array(final String field, final int most) {
        return required(
                field,
                found -> found.isArray() && !found.isEmpty() && found.size() <= most,
                "an array of 1 to " + most + " elements");
    }

    /** Texts by text, at least one and at most {@code most}, in the order of the file. */
    public Map<String, String> textMap(final String field, final int most) {
        final String allowed = "an object of 1 to " + most + " texts";
        final JsonNode value =
                required(field, found -> found.isObject() && !found.isEmpty() && found.size() <= most, allowed);
        final Map<String, String> texts = new LinkedHashMap<>();
        value.properties().forEach(entry -> {
            if (!entry.getValue().isString() || entry.getValue().stringValue().isEmpty()) {
                throw invalid(field + '.' + entry.getKey(), shown(entry.getValue()), "a text that is not empty");
            }
            texts.put(entry.getKey(), entry.getValue().stringValue());
        });
        return texts;
    }

    /**
     * Says that all fields were read.
     *
     * @throws RecipeException when there is one that nothing asked for
     */
    public void done() {
        for (final String field : node.propertyNames()) {
            if (!asked.contains(field)) {
                throw invalid(field, "an unknown field", "only " + String.join(", ", asked));
            }
        }
    }

    /** The error for a field of this object. */
    public RecipeException invalid(final String field, final Object found, final String allowed) {
        return RecipeException.of(file, path + field, found, allowed);
    }

    private Set<String> names(final RecipeFields other) {
        final Set<String> names = new TreeSet<>(node.propertyNames());
        names.addAll(other.node.propertyNames());
        return names;
    }

    private String shown(final String field) {
        return node.has(field) ? shortened(node.get(field)) : "nothing";
    }

    /**
     * The first field, at any depth, that is not what it was.
     *
     * @return {@code a.b is 1 and was 2}; empty when all are the same
     */
    Optional<String> difference(final RecipeFields before) {
        for (final String field : names(before)) {
            final boolean objects = isObject(field) && before.isObject(field);
            if (objects) {
                final Optional<String> inside = object(field).difference(before.object(field));
                if (inside.isPresent()) {
                    return inside;
                }
            } else if (!Objects.equals(node.get(field), before.node.get(field))) {
                return Optional.of(path + field + " is " + shown(field) + " and was " + before.shown(field));
            }
        }
        return Optional.empty();
    }

    /** The whole object as JSON, fields sorted by name at every level, so that equal recipes are equal texts. */
    String canonical(final Set<String> without) {
        final Map<String, Object> fields = new java.util.TreeMap<>();
        node.properties().forEach(entry -> {
            if (!without.contains(entry.getKey())) {
                fields.put(entry.getKey(), sorted(entry.getValue()));
            }
        });
        return BoundedJson.write(fields);
    }

    private static Object sorted(final JsonNode value) {
        if (value.isObject()) {
            final Map<String, Object> fields = new java.util.TreeMap<>();
            value.properties().forEach(entry -> fields.put(entry.getKey(), sorted(entry.getValue())));
            return fields;
        }
        if (value.isArray()) {
            final List<Object> elements = new ArrayList<>();
            value.forEach(element -> elements.add(sorted(element)));
            return elements;
        }
        return value;
    }

    private JsonNode required(final String field, final Predicate<JsonNode> fits, final String allowed) {
        if (!has(field)) {
            throw invalid(field, "nothing", allowed);
        }
        final JsonNode value = node.get(field);
        if (!fits.test(value)) {
            throw invalid(field, shown(value), allowed);
        }
        return value;
    }

    private static boolean isInteger(final JsonNode value, final long least, final long most) {
        return value.isIntegralNumber()
                && value.canConvertToLong()
                && value.longValue() >= least
                && value.longValue() <= most;
    }

    private static String shown(final JsonNode found) {
        if (found.isContainer()) {
            return found.isEmpty() ? found.toString() : found.isArray() ? "an array " + shortened(found) : "an object";
        }
        return shortened(found);
    }

    private static String shortened(final JsonNode found) {
        final String text = found.toString();
        return text.length() <= 60 ? text : text.substring(0, 60) + "…";
    }
}
