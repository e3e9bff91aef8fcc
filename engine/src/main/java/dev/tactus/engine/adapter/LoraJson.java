package dev.tactus.engine.adapter;

import dev.tactus.engine.json.BoundedJson;
import dev.tactus.engine.model.InvalidModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * {@code adapter_config.json} of PEFT. What would change the arithmetic and is not done here is refused; what is only
 * for training or for other programs is passed over.
 */
final class LoraJson {
    static final String FILE = "adapter_config.json";

    /** Fields that must be absent, null, false, "none" or empty. */
    private static final List<String> NOT_DONE = List.of(
            "use_dora",
            "fan_in_fan_out",
            "lora_bias",
            "modules_to_save",
            "rank_pattern",
            "alpha_pattern",
            "layer_replication",
            "trainable_token_indices",
            "target_parameters",
            "bias");

    private LoraJson() {}

    static LoraConfig read(final Path path) {
        final JsonNode json = BoundedJson.readObject(path.toString(), text(path));
        final JsonNode type = json.path("peft_type");
        if (!type.isString() || !type.stringValue().equals("LORA")) {
            throw BoundedJson.refusal(path, "peft_type", shown(type), "\"LORA\"");
        }
        for (final String field : NOT_DONE) {
            final JsonNode value = json.path(field);
            if (!isOff(value)) {
                throw BoundedJson.refusal(path, field, shown(value), "nothing: the engine does not do this");
            }
        }
        final JsonNode rank = json.path("r");
        final boolean fits = rank.isIntegralNumber() && rank.canConvertToInt();
        if (!fits || rank.intValue() < 1 || rank.intValue() > LoraConfig.MOST_RANK) {
            throw BoundedJson.refusal(path, "r", shown(rank), "an integer from 1 to " + LoraConfig.MOST_RANK);
        }
        final JsonNode alpha = json.path("lora_alpha");
        final float value = alpha.isNumber() ? (float) alpha.doubleValue() : Float.NaN;
        if (!(value > 0f && value < Float.POSITIVE_INFINITY)) {
            throw BoundedJson.refusal(path, "lora_alpha", shown(alpha), "a positive number");
        }
        final JsonNode stabilised = json.path("use_rslora");
        if (!stabilised.isBoolean() && !isOff(stabilised)) {
            throw BoundedJson.refusal(path, "use_rslora", shown(stabilised), "true or false");
        }
        return new LoraConfig(rank.intValue(), value, stabilised.isBoolean() && stabilised.booleanValue());
    }

    static byte[] write(final LoraAdapter adapter) {
        final LoraConfig config = adapter.config();
        final TreeSet<String> targets = new TreeSet<>();
        for (final LoraModule module : adapter.modules()) {
            final String name = module.name();
            targets.add(name.substring(name.lastIndexOf('.') + 1));
        }
        final Map<String, Object> json = new LinkedHashMap<>();
        json.put("base_model_name_or_path", adapter.baseName());
        json.put("bias", "none");
        json.put("fan_in_fan_out", false);
        json.put("inference_mode", true);
        json.put("init_lora_weights", true);
        json.put("lora_alpha", config.alpha());
        json.put("lora_dropout", 0.0);
        json.put("modules_to_save", null);
        json.put("peft_type", "LORA");
        json.put("r", config.rank());
        json.put("target_modules", targets);
        json.put("task_type", "CAUSAL_LM");
        json.put("use_dora", false);
        json.put("use_rslora", config.rankStabilised());
        return BoundedJson.writeIndented(json);
    }

    private static String text(final Path path) {
        try {
            if (!Files.isRegularFile(path)) {
                throw new InvalidModelException(path + ": no such file");
            }
            if (Files.size(path) > BoundedJson.LONGEST) {
                throw BoundedJson.refusal(path, "size", Files.size(path) + " bytes", "at most " + BoundedJson.LONGEST);
            }
            return Files.readString(path);
        } catch (final IOException e) {
            throw new InvalidModelException(path + ": cannot be read: " + e, e);
        }
    }

    private static boolean isOff(final JsonNode value) {
        return value.isMissingNode()
                || value.isNull()
                || value.isBoolean() && !value.booleanValue()
                || value.isContainer() && value.isEmpty()
                || value.isString() && value.stringValue().equals("none");
    }

    private static String shown(final JsonNode value) {
        return value.isMissingNode() ? "nothing" : value.toString();
    }
}
