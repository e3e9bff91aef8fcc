package dev.tactus.engine.tuning;

import dev.tactus.engine.json.BoundedJson;
import dev.tactus.engine.model.InvalidModelException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * Everything a training run needs to go on, other than tensors. Numbers survive being written and read bit for bit.
 *
 * @param counters steps made, positions seen, place in the data: whatever grows
 * @param seeds the seeds of the run
 * @param hyperParameters rates, decays, limits; finite
 * @param notes texts: the recipe, the base model
 */
public record TrainingState(
        Map<String, Long> counters,
        Map<String, Long> seeds,
        Map<String, Double> hyperParameters,
        Map<String, String> notes) {
    private static final String COUNTERS = "counters";
    private static final String SEEDS = "seeds";
    private static final String HYPER_PARAMETERS = "hyper_parameters";
    private static final String NOTES = "notes";

    /**
     * Copies the maps, sorted by name.
     *
     * @throws IllegalArgumentException when a hyper-parameter is NaN or infinite, which JSON cannot say
     */
    public TrainingState {
        counters = Collections.unmodifiableMap(new TreeMap<>(counters));
        seeds = Collections.unmodifiableMap(new TreeMap<>(seeds));
        hyperParameters = Collections.unmodifiableMap(new TreeMap<>(hyperParameters));
        notes = Collections.unmodifiableMap(new TreeMap<>(notes));
        hyperParameters.forEach((name, value) -> {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException(
                        "hyper-parameter " + name + " is " + value + ": expected a finite number");
            }
        });
    }

    /** The counter of that name, which must be there. */
    public long counter(final String name) {
        return required("counter", name, counters);
    }

    /** The seed of that name, which must be there. */
    public long seed(final String name) {
        return required("seed", name, seeds);
    }

    /** The hyper-parameter of that name, which must be there. */
    public double hyperParameter(final String name) {
        return required("hyper-parameter", name, hyperParameters);
    }

    String toJson() {
        final Map<String, Object> json = new LinkedHashMap<>();
        json.put(COUNTERS, counters);
        json.put(SEEDS, seeds);
        json.put(HYPER_PARAMETERS, hyperParameters);
        json.put(NOTES, notes);
        return BoundedJson.write(json);
    }

    static TrainingState fromJson(final String where, final String text) {
        final JsonNode json = BoundedJson.readObject(where, text);
        final Map<String, Long> counters = new LinkedHashMap<>();
        integers(where, json, COUNTERS, counters);
        final Map<String, Long> seeds = new LinkedHashMap<>();
        integers(where, json, SEEDS, seeds);
        final Map<String, Double> hyperParameters = new LinkedHashMap<>();
        object(where, json, HYPER_PARAMETERS).properties().forEach(entry -> {
            require(where, HYPER_PARAMETERS, entry, entry.getValue().isNumber(), "a number");
            hyperParameters.put(entry.getKey(), entry.getValue().doubleValue());
        });
        final Map<String, String> notes = new LinkedHashMap<>();
        object(where, json, NOTES).properties().forEach(entry -> {
            require(where, NOTES, entry, entry.getValue().isString(), "a string");
            notes.put(entry.getKey(), entry.getValue().stringValue());
        });
        return new TrainingState(counters, seeds, hyperParameters, notes);
    }

    private static void integers(
            final String where, final JsonNode json, final String field, final Map<String, Long> target) {
        object(where, json, field).properties().forEach(entry -> {
            final JsonNode value = entry.getValue();
            require(where, field, entry, value.isIntegralNumber() && value.canConvertToLong(), "an integer");
            target.put(entry.getKey(), value.longValue());
        });
    }

    private static JsonNode object(final String where, final JsonNode json, final String field) {
        final JsonNode value = json.get(field);
        if (value == null || !value.isObject()) {
            throw BoundedJson.refusal(where, field, value == null ? "nothing" : value.getNodeType(), "a JSON object");
        }
        return value;
    }

    private static void require(
            final String where,
            final String field,
            final Map.Entry<String, JsonNode> entry,
            final boolean fits,
            final String allowed) {
        if (!fits) {
            throw BoundedJson.refusal(where, field + '.' + entry.getKey(), entry.getValue(), allowed);
        }
    }

    private static <T> T required(final String kind, final String name, final Map<String, T> values) {
        final T value = values.get(name);
        if (value == null) {
            throw new InvalidModelException("checkpoint: no " + kind + " " + name + "; found " + values.keySet());
        }
        return value;
    }
}
