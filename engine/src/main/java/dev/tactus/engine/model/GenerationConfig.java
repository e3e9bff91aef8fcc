package dev.tactus.engine.model;

import dev.tactus.kernel.SamplingParameters;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How a model wants its ids drawn: the fields {@code do_sample}, {@code temperature}, {@code top_k} and {@code top_p}
 * of the {@code generation_config.json} beside its {@code config.json}, as Hugging Face transformers reads them. Other
 * fields mean nothing here. Stateless.
 */
public final class GenerationConfig {
    /** Its file in a model's folder. */
    public static final String FILE_NAME = "generation_config.json";

    private static final float HOTTEST = 1000;

    private GenerationConfig() {}

    /**
     * What the model in {@code folder} wants; {@code absent} when it does not say. Without {@code do_sample} or with a
     * false one the temperature is 0, which takes the likeliest id.
     *
     * @throws InvalidModelException in one line with file, field, what was found and what is allowed
     */
    public static SamplingParameters read(final Path folder, final SamplingParameters absent) {
        final Path file = folder.resolve(FILE_NAME);
        if (!Files.exists(file)) {
            return absent;
        }
        final ConfigObject json = new ConfigObject(file.toString(), "", StrictJson.read(file));
        final float temperature = json.number(1, 0, HOTTEST, "temperature");
        return new SamplingParameters(
                json.bool(false, "do_sample") ? temperature : 0,
                json.integer(absent.topK(), 1, SamplingParameters.MAX_CANDIDATES, "top_k"),
                json.number(absent.topP(), Float.MIN_VALUE, 1, "top_p"));
    }
}
